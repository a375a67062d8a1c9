// Dropout that is computed again draws from the stream that it drew from before. The stream is what is kept for it: 16 bytes.
// RUN: rondo-opt %s --rondo-rematerialise | FileCheck %s

// CHECK: rondo.remat = {all_bytes = 2048 : i64, choice = "pointwise", kept_bytes = 16 : i64}
// CHECK: %[[S:.*]]:2 = rondo.random_streams
// CHECK: rondo.dropout %[[X:arg[0-9]]], %[[S]]#1 rate 2.500000e-01 :
// CHECK: %[[AGAIN:.*]] = rondo.dropout %[[X]], %[[S]]#1 rate 2.500000e-01 {rondo.backward}
// CHECK: rondo.linear_grad_weight %{{.*}}, %[[AGAIN]]
rondo.weight @w : tensor<64x64xf32> init #rondo.init<normal, 0.125>
func.func @train(%x: tensor<1x8x64xf32> {rondo.input = #rondo.input<"x", required>},
                 %d: tensor<1x8x64xf32> {rondo.input = #rondo.input<"d", required>},
                 %seed: tensor<i64> {rondo.input = #rondo.input<"seed", zeros>},
                 %step: tensor<i64> {rondo.input = #rondo.input<"step", zeros>})
    -> (tensor<1x8x64xf32> {rondo.output = "y"}, tensor<64x64xf32> {rondo.output = "dw"})
    attributes {rondo.entry = #rondo.entry<train, B = 1, T = 8, slots = 1>} {
  %s:2 = rondo.random_streams %seed, %step : (tensor<i64>, tensor<i64>) -> (tensor<2xi64>, tensor<2xi64>)
  %w = rondo.get_weight @w : tensor<64x64xf32>
  %c = rondo.dropout %x, %s#1 rate 0.25 : (tensor<1x8x64xf32>, tensor<2xi64>) -> tensor<1x8x64xf32>
  %y = rondo.linear %c, %w : (tensor<1x8x64xf32>, tensor<64x64xf32>) -> tensor<1x8x64xf32>
  %dw = rondo.linear_grad_weight %d, %c {rondo.backward} : (tensor<1x8x64xf32>, tensor<1x8x64xf32>) -> tensor<64x64xf32>
  return %y, %dw : tensor<1x8x64xf32>, tensor<64x64xf32>
}
