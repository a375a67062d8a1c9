// RUN: rondo-opt %s | rondo-opt | FileCheck %s

// CHECK: rondo.state @state.layers.0.retention carried : tensor<4x16x32xf32>
rondo.state @state.layers.0.retention carried : tensor<4x16x32xf32>
// CHECK: rondo.state @state.position carried : tensor<i64>
rondo.state @state.position carried : tensor<i64>

// CHECK-LABEL: @advance
func.func @advance(%slot: tensor<2xi32>) {
  // CHECK: rondo.read_state @state.layers.0.retention[%{{.*}}] : (tensor<2xi32>) -> tensor<2x4x16x32xf32>
  %s = rondo.read_state @state.layers.0.retention[%slot] : (tensor<2xi32>) -> tensor<2x4x16x32xf32>
  %p = rondo.read_state @state.position[%slot] : (tensor<2xi32>) -> tensor<2xi64>
  // CHECK: rondo.write_state %{{.*}}, @state.layers.0.retention[%{{.*}}] : tensor<2x4x16x32xf32>, tensor<2xi32>
  rondo.write_state %s, @state.layers.0.retention[%slot] : tensor<2x4x16x32xf32>, tensor<2xi32>
  return
}
