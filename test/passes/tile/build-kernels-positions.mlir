// RUN: rondo-opt %s --rondo-form-groups=target=cpu:znver4 --rondo-plan-memory --rondo-build-kernels=target=cpu:znver4 --canonicalize | FileCheck %s

// Turns wrap in 64 bits; the quarter is taken off before anything is a float.
// CHECK:       rondo.table @table_0 dense<{{.*}}> : tensor<1x4xi64>
// CHECK-LABEL: tile.kernel @rotary_table_0
// CHECK:       %[[TURNS:.*]] = arith.muli {{.*}} : tensor<8x4xi64>
// CHECK:       %[[REST:.*]] = arith.subi %[[TURNS]], {{.*}} : tensor<8x4xi64>
// CHECK:       arith.sitofp %[[REST]]
// CHECK:       tile.store
// CHECK:       tile.store
func.func @table(%p: tensor<1x8xi64>) -> (tensor<1x8x4xf32>, tensor<1x8x4xf32>)
    attributes {rondo.entry = #rondo.entry<forward, B = 1, T = 8, slots = 1>} {
  %cos, %sin = rondo.rotary_table %p theta [1.0, 1.0e-4] pairs interleaved
    : (tensor<1x8xi64>) -> (tensor<1x8x4xf32>, tensor<1x8x4xf32>)
  return %cos, %sin : tensor<1x8x4xf32>, tensor<1x8x4xf32>
}

// The logits of a block of words never leave it; the words that do not fill a block are one of their own.
// CHECK-LABEL: tile.kernel @linear_log_prob_1
// CHECK:       scf.for {{.*}} -> (tensor<8xf32>, tensor<8xf32>, tensor<8xf32>)
// CHECK:         tile.dot {{.*}} {transpose_b} : tensor<256x4xf32>, tensor<8x4xf32> -> tensor<256x8xf32>
// CHECK:       tile.dot {{.*}} {transpose_b} : tensor<88x4xf32>, tensor<8x4xf32> -> tensor<88x8xf32>
// CHECK:       math.log
func.func @score(%x: tensor<1x8x4xf32>, %w: tensor<600x4xf32>, %t: tensor<1x8xi32>) -> tensor<1x8xf32>
    attributes {rondo.entry = #rondo.entry<forward, B = 1, T = 8, slots = 1>} {
  %y, %lse = rondo.linear_log_prob %x, %w, %t : (tensor<1x8x4xf32>, tensor<600x4xf32>, tensor<1x8xi32>) -> (tensor<1x8xf32>, tensor<1x8xf32>)
  return %y : tensor<1x8xf32>
}

// The count restarts where a document does, by a running maximum of origins.
// CHECK-LABEL: tile.kernel @positions_2
// CHECK:       tile.scan max {{.*}} axis 1 : tensor<1x8xi64>
func.func @positions(%x: tensor<1x8xi32>, %r: tensor<1x8xi8>) -> tensor<1x8xi64>
    attributes {rondo.entry = #rondo.entry<forward, B = 1, T = 8, slots = 1>} {
  %p, %next = rondo.positions %x reset(%r) : (tensor<1x8xi32>, tensor<1x8xi8>) -> (tensor<1x8xi64>, tensor<1xi64>)
  return %p : tensor<1x8xi64>
}

// CHECK-LABEL: tile.kernel @last_row_3
// CHECK:       arith.select {{.*}} : tensor<1x4xf32>
func.func @last(%x: tensor<2x8x4xf32>, %n: tensor<2xi32>) -> tensor<2x1x4xf32>
    attributes {rondo.entry = #rondo.entry<forward, B = 2, T = 8, slots = 1>} {
  %y = rondo.last_row %x, %n : (tensor<2x8x4xf32>, tensor<2xi32>) -> tensor<2x1x4xf32>
  return %y : tensor<2x1x4xf32>
}
