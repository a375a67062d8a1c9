// The derivative of dropout is dropout of the cotangent with the same stream; nothing of it is kept but the stream.
// RUN: rondo-opt %s --rondo-differentiate | FileCheck %s

// CHECK: %[[S:.*]]:2 = rondo.random_streams
// CHECK: %[[Y:.*]] = rondo.dropout %{{.*}}, %[[S]]#1 rate 2.500000e-01 :
// CHECK: rondo.linear %[[Y]]
// CHECK: %[[DY:.*]] = rondo.linear_grad_input
// CHECK: rondo.linear_grad_weight %{{.*}}, %[[Y]] {rondo.backward}
// CHECK: %[[DX:.*]] = rondo.dropout %[[DY]], %[[S]]#1 rate 2.500000e-01 {rondo.backward}
// CHECK: rondo.linear_grad_weight %[[DX]]
rondo.weight @w : tensor<64x64xf32> init #rondo.init<normal, 0.125>
func.func @vjp(%x: tensor<1x8x64xf32> {rondo.input = #rondo.input<"x", required>},
               %seed: tensor<i64> {rondo.input = #rondo.input<"seed", zeros>},
               %step: tensor<i64> {rondo.input = #rondo.input<"step", zeros>}) -> (tensor<1x8x64xf32> {rondo.output = "y"})
    attributes {rondo.entry = #rondo.entry<vjp, B = 1, T = 8, slots = 0>} {
  %s:2 = rondo.random_streams %seed, %step : (tensor<i64>, tensor<i64>) -> (tensor<2xi64>, tensor<2xi64>)
  %w = rondo.get_weight @w : tensor<64x64xf32>
  %a = rondo.linear %x, %w : (tensor<1x8x64xf32>, tensor<64x64xf32>) -> tensor<1x8x64xf32>
  %c = rondo.dropout %a, %s#1 rate 0.25 : (tensor<1x8x64xf32>, tensor<2xi64>) -> tensor<1x8x64xf32>
  %y = rondo.linear %c, %w : (tensor<1x8x64xf32>, tensor<64x64xf32>) -> tensor<1x8x64xf32>
  return %y : tensor<1x8x64xf32>
}
