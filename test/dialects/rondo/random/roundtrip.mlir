// The examples of the random ops' pages print as they were written.
// RUN: rondo-opt %s | rondo-opt | FileCheck %s

// CHECK-LABEL: @dropout
func.func @dropout(%x: tensor<2x8x64xf32>, %seed: tensor<i64>, %step: tensor<i64>) {
  // CHECK: %[[S:.*]]:2 = rondo.random_streams %{{.*}}, %{{.*}} : (tensor<i64>, tensor<i64>) -> (tensor<2xi64>, tensor<2xi64>)
  %s:2 = rondo.random_streams %seed, %step : (tensor<i64>, tensor<i64>) -> (tensor<2xi64>, tensor<2xi64>)
  // CHECK: rondo.dropout %{{.*}}, %[[S]]#1 rate 1.000000e-01 : (tensor<2x8x64xf32>, tensor<2xi64>) -> tensor<2x8x64xf32>
  %y = rondo.dropout %x, %s#1 rate 0.1 : (tensor<2x8x64xf32>, tensor<2xi64>) -> tensor<2x8x64xf32>
  // CHECK: rondo.dropout %{{.*}} rate 1.000000e-01 id 3 : (tensor<2x8x64xf32>) -> tensor<2x8x64xf32>
  %z = rondo.dropout %x rate 0.1 id 3 : (tensor<2x8x64xf32>) -> tensor<2x8x64xf32>
  return
}
