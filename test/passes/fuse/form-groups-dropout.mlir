// Dropout goes with the product before it, the sum after it too; the streams of a step are a group of their own.
// RUN: rondo-opt %s --rondo-form-groups=target=cpu:znver4 | FileCheck %s

// CHECK-LABEL: func.func @grad
// CHECK: %[[S:.*]]:2 = rondo.group(%arg1, %arg2)
// CHECK: rondo.random_streams
// CHECK: %[[A:.*]] = rondo.group(%arg0, %{{.*}}, %[[S]]#0)
// CHECK-NEXT: ^bb0
// CHECK-NEXT: rondo.linear
// CHECK-NEXT: rondo.dropout
// CHECK-NEXT: rondo.add
// CHECK: rondo.group(%[[A]], %{{.*}}, %[[S]]#1)
// CHECK-NEXT: ^bb0
// CHECK-NEXT: rondo.linear
// CHECK-NEXT: rondo.dropout
// CHECK-NEXT: rondo.add
// CHECK-NOT: rondo.group
rondo.weight @w : tensor<64x64xf32> init #rondo.init<normal, 0.1>
func.func @grad(%x: tensor<2x8x64xf32>, %seed: tensor<i64>, %step: tensor<i64>) -> tensor<2x8x64xf32>
    attributes {rondo.entry = #rondo.entry<grad, B = 2, T = 8, slots = 2>} {
  %s:2 = rondo.random_streams %seed, %step : (tensor<i64>, tensor<i64>) -> (tensor<2xi64>, tensor<2xi64>)
  %w = rondo.get_weight @w : tensor<64x64xf32>
  %a = rondo.linear %x, %w : (tensor<2x8x64xf32>, tensor<64x64xf32>) -> tensor<2x8x64xf32>
  %b = rondo.dropout %a, %s#0 rate 0.1 : (tensor<2x8x64xf32>, tensor<2xi64>) -> tensor<2x8x64xf32>
  %c = rondo.add %x, %b : (tensor<2x8x64xf32>, tensor<2x8x64xf32>) -> tensor<2x8x64xf32>
  %d = rondo.linear %c, %w : (tensor<2x8x64xf32>, tensor<64x64xf32>) -> tensor<2x8x64xf32>
  %e = rondo.dropout %d, %s#1 rate 0.1 : (tensor<2x8x64xf32>, tensor<2xi64>) -> tensor<2x8x64xf32>
  %f = rondo.add %c, %e : (tensor<2x8x64xf32>, tensor<2x8x64xf32>) -> tensor<2x8x64xf32>
  return %f : tensor<2x8x64xf32>
}
