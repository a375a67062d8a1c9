// A kernel has as many buffers as a package may hold, and no more: seed, step and 2046 streams, but not 2047.
// RUN: %python -c "n = 2046; print(open('%s').read().replace('RESULTS', ', '.join(f'%%s#{i}' for i in range(n))).replace('STREAMS', ', '.join(['tensor<2xi64>'] * n)).replace('COUNT', str(n)))" \
// RUN:   | rondo-opt --rondo-form-groups=target=cpu:znver4 --rondo-plan-memory --rondo-build-kernels=target=cpu:znver4 | FileCheck %s --check-prefix=MOST
// RUN: %python -c "n = 2047; print(open('%s').read().replace('RESULTS', ', '.join(f'%%s#{i}' for i in range(n))).replace('STREAMS', ', '.join(['tensor<2xi64>'] * n)).replace('COUNT', str(n)))" \
// RUN:   | not rondo-opt --rondo-form-groups=target=cpu:znver4 --rondo-plan-memory --rondo-build-kernels=target=cpu:znver4 2>&1 | FileCheck %s --check-prefix=OVER

// MOST: tile.kernel @random_streams_0
// OVER: [[@LINE+4]]:{{[0-9]+}}: error: expected a kernel of at most 2048 buffers for 'random_streams', found 2049 [RND2109]
// OVER: note: help: give the model fewer of the ops
func.func @grad(%seed: tensor<i64>, %step: tensor<i64>) -> (STREAMS)
    attributes {rondo.entry = #rondo.entry<grad, B = 2, T = 8, slots = 2>} {
  %s:COUNT = rondo.random_streams %seed, %step : (tensor<i64>, tensor<i64>) -> (STREAMS)
  return RESULTS : STREAMS
}
