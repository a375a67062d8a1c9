// Two equal ops share a kernel: what differs, their stream, is an argument. Words are numbered by the element's place in the tensor.
// RUN: rondo-opt %s --rondo-form-groups=target=cpu:znver4 --rondo-plan-memory --rondo-build-kernels=target=cpu:znver4 | FileCheck %s

// CHECK: %[[S:.*]]:2 = rondo.dispatch @random_streams_0(%arg1, %arg2) bindings [0, 1, 2, 3]
// CHECK: rondo.dispatch @dropout_1(%arg0, %[[S]]#0)
// CHECK: rondo.dispatch @dropout_1(%arg0, %[[S]]#1)
// CHECK: tile.kernel @random_streams_0(%{{.*}}: memref<1xi64>, %[[STEP:.*]]: memref<1xi64>, %[[A:.*]]: memref<2x1xi64>, %[[B:.*]]: memref<2x1xi64>)
// CHECK: %[[N:.*]] = memref.load %[[STEP]]
// CHECK: arith.muli %[[N]], %c65536_i64
// CHECK: tile.kernel @dropout_1(%{{.*}}: memref<16x64xf32>, %{{.*}}: memref<2x1xi64>
// CHECK: %[[BITS:.*]] = tile.random_bits %{{.*}}, %{{.*}}[%{{.*}}, %{{.*}}] width 64 aligned : tensor<16x64xi32>
// CHECK: %[[U:.*]] = arith.shrui %[[BITS]], %{{.*}} : tensor<16x64xi32>
// 0.1 * 2^24, rounded up.
// CHECK: %[[RATE:.*]] = arith.constant dense<1677722>
// CHECK: %[[KEPT:.*]] = arith.cmpi sle, %[[RATE]], %[[U]]
// CHECK: arith.select %[[KEPT]]
// CHECK-NOT: tile.kernel
func.func @grad(%x: tensor<2x8x64xf32>, %seed: tensor<i64>, %step: tensor<i64>) -> (tensor<2x8x64xf32>, tensor<2x8x64xf32>)
    attributes {rondo.entry = #rondo.entry<grad, B = 2, T = 8, slots = 2>} {
  %s:2 = rondo.random_streams %seed, %step : (tensor<i64>, tensor<i64>) -> (tensor<2xi64>, tensor<2xi64>)
  %a = rondo.dropout %x, %s#0 rate 0.1 : (tensor<2x8x64xf32>, tensor<2xi64>) -> tensor<2x8x64xf32>
  %b = rondo.dropout %x, %s#1 rate 0.1 : (tensor<2x8x64xf32>, tensor<2xi64>) -> tensor<2x8x64xf32>
  return %a, %b : tensor<2x8x64xf32>, tensor<2x8x64xf32>
}
