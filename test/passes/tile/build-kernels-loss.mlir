// RUN: rondo-opt %s --rondo-form-groups --rondo-plan-memory --rondo-build-kernels --cse | FileCheck %s

// One workgroup reads all tokens; its results are scalars.
// CHECK-LABEL: tile.kernel @mean_loss_0
// CHECK-SAME: memref<1xf32>{{.*}}memref<1xf32>{{.*}} grid [1]
// CHECK-COUNT-2: tile.reduce add {{.*}} axis 1 : tensor<2x8xf32> -> tensor<2xf32>
func.func @mean(%lp: tensor<2x8xf32>, %t: tensor<2x8xi32>, %w: tensor<2x8xf32>) -> (tensor<f32>, tensor<f32>)
    attributes {rondo.entry = #rondo.entry<forward, B = 2, T = 8, slots = 1>} {
  %loss, %sum = rondo.mean_loss %lp, %t, %w : (tensor<2x8xf32>, tensor<2x8xi32>, tensor<2x8xf32>) -> (tensor<f32>, tensor<f32>)
  return %loss, %sum : tensor<f32>, tensor<f32>
}

// CHECK-LABEL: tile.kernel @mean_loss_grad_1
// CHECK: %[[SUM:.*]] = memref.load %{{.*}}[%{{.*}}] : memref<1xf32>
// CHECK: arith.divf %{{.*}}, %[[SUM]] : f32
func.func @mean_grad(%t: tensor<2x8xi32>, %w: tensor<2x8xf32>, %sum: tensor<f32>) -> tensor<2x8xf32>
    attributes {rondo.entry = #rondo.entry<forward, B = 2, T = 8, slots = 1>} {
  %d = rondo.mean_loss_grad %t, %w, %sum : (tensor<2x8xi32>, tensor<2x8xf32>, tensor<f32>) -> tensor<2x8xf32>
  return %d : tensor<2x8xf32>
}

// Scores and gradient of one block of words at a time, transposed: what is carried is dx^T.
// CHECK-LABEL: tile.kernel @linear_log_prob_grad_input_2
// CHECK-SAME: grid [1, 1]
// CHECK: %[[X:.*]] = tile.stage rhs
// CHECK: scf.for {{.*}} -> (tensor<4x16xf32>)
// CHECK:   %[[W:.*]] = tile.load {{.*}} -> tensor<256x4xf32>
// CHECK:   tile.dot %[[W]], %[[X]] {transpose_b} : tensor<256x4xf32>, tensor<16x4xf32> -> tensor<256x16xf32>
// CHECK:   tile.dot %[[W]], {{.*}} {transpose_a} : tensor<256x4xf32>, tensor<256x16xf32>, tensor<4x16xf32> -> tensor<4x16xf32>
// CHECK: tile.transpose {{.*}} : tensor<4x16xf32> -> tensor<16x4xf32>
func.func @input(%x: tensor<2x8x4xf32>, %w: tensor<600x4xf32>, %t: tensor<2x8xi32>, %l: tensor<2x8xf32>, %d: tensor<2x8xf32>)
    -> tensor<2x8x4xf32> attributes {rondo.entry = #rondo.entry<forward, B = 2, T = 8, slots = 1>} {
  %dx = rondo.linear_log_prob_grad_input %x, %w, %t, %l, %d
      : (tensor<2x8x4xf32>, tensor<600x4xf32>, tensor<2x8xi32>, tensor<2x8xf32>, tensor<2x8xf32>) -> tensor<2x8x4xf32>
  return %dx : tensor<2x8x4xf32>
}

// Some words per workgroup, all rows; the gradient is stored in the layout of its type.
// CHECK-LABEL: tile.kernel @linear_log_prob_grad_weight_3
// CHECK: scf.for {{.*}} -> (tensor<[[WORDS:[0-9]+]]x4xf32>)
// CHECK:   tile.dot {{.*}} {transpose_a} : tensor<16x[[WORDS]]xf32>, tensor<16x4xf32>, tensor<[[WORDS]]x4xf32> -> tensor<[[WORDS]]x4xf32>
// CHECK: tile.store {{.*}} : tensor<[[WORDS]]x4xf32>, memref<600x4xf32, #{{.*}}>
func.func @weight(%x: tensor<2x8x4xf32>, %w: tensor<600x4xf32>, %t: tensor<2x8xi32>, %l: tensor<2x8xf32>, %d: tensor<2x8xf32>)
    -> tensor<600x4xf32, #rondo.layout<panels, 32>> attributes {rondo.entry = #rondo.entry<forward, B = 2, T = 8, slots = 1>} {
  %dw = rondo.linear_log_prob_grad_weight %x, %w, %t, %l, %d
      : (tensor<2x8x4xf32>, tensor<600x4xf32>, tensor<2x8xi32>, tensor<2x8xf32>, tensor<2x8xf32>) -> tensor<600x4xf32, #rondo.layout<panels, 32>>
  return %dw : tensor<600x4xf32, #rondo.layout<panels, 32>>
}
