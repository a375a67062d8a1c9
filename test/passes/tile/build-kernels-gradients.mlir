// RUN: rondo-opt %s --rondo-form-groups=target=cpu:znver4 --rondo-plan-memory --rondo-build-kernels=target=cpu:znver4 --split-input-file | FileCheck %s

// dx = dy W reads the panels of W in blocks of 128 rows; the last block stands behind the loop, and the activation's gradient works on
// its result.
func.func @input(%dy: tensor<1x64x300xf32>, %w: tensor<300x64xf32, #rondo.layout<panels, 32>>, %x: tensor<1x64x64xf32>)
    -> tensor<1x64x64xf32> attributes {rondo.entry = #rondo.entry<grad, B = 1, T = 64, slots = 0>} {
  %dx = rondo.linear_grad_input %dy, %w
      : (tensor<1x64x300xf32>, tensor<300x64xf32, #rondo.layout<panels, 32>>) -> tensor<1x64x64xf32>
  %dz = rondo.activation_grad relu %x, %dx : (tensor<1x64x64xf32>, tensor<1x64x64xf32>) -> tensor<1x64x64xf32>
  return %dz : tensor<1x64x64xf32>
}

// CHECK-LABEL: tile.kernel @linear_grad_input_activation_grad_0
// CHECK-SAME: %[[W:[^:]*]]: memref<300x64xf32, #{{.*}}>, %[[DY:[^:]*]]: memref<64x300xf32>, %[[X:[^:]*]]: memref<64x64xf32>
// CHECK: %[[SUM:.*]] = scf.for %[[N:.*]] = %{{.*}} iter_args(%[[ACC:.*]] = %{{.*}}) -> (tensor<64x64xf32>)
// CHECK: %[[A:.*]] = tile.load %[[DY]][%{{.*}}, %[[N]]] : memref<64x300xf32> -> tensor<64x128xf32>
// CHECK: %[[B:.*]] = tile.load %[[W]][%[[N]], %{{.*}}] : {{.*}} -> tensor<128x64xf32>
// CHECK: tile.dot %[[A]], %[[B]], %[[ACC]]
// CHECK: %[[LAST:.*]] = tile.load %[[W]]{{.*}} -> tensor<44x64xf32>
// CHECK: %[[DX:.*]] = tile.dot %{{.*}}, %[[LAST]], %[[SUM]]
// CHECK: tile.load %[[X]]
// CHECK: arith.cmpf ogt
// CHECK: arith.mulf %{{.*}}, %[[DX]]

// -----

// A weight's gradient takes the storage layout of its type; a small one is cut into several regions, whatever the batch.
func.func @weight(%dy: tensor<1x512x64xf32>, %x: tensor<1x512x4x16xf32>) -> tensor<64x64xf32, #rondo.layout<panels, 32>>
    attributes {rondo.entry = #rondo.entry<grad, B = 1, T = 512, slots = 0>} {
  %dw = rondo.linear_grad_weight %dy, %x
      : (tensor<1x512x64xf32>, tensor<1x512x4x16xf32>) -> tensor<64x64xf32, #rondo.layout<panels, 32>>
  return %dw : tensor<64x64xf32, #rondo.layout<panels, 32>>
}

// CHECK-LABEL: tile.kernel @linear_grad_weight_0
// CHECK-SAME: memref<512x64xf32>, %{{.*}}: memref<512x64xf32>, %[[DW:[^:]*]]: memref<64x64xf32, #{{.*}}>) writes [false, false, true] grid [2, 2]
// CHECK: tile.stage lhs %{{.*}} : tensor<256x32xf32>
// CHECK: tile.stage rhs %{{.*}} : tensor<256x32xf32>
// CHECK: tile.dot {{.*}} {transpose_a}
// CHECK: tile.store %{{.*}}, %[[DW]]

// -----

// Every workgroup clears its rectangle of the table and adds the rows whose token falls into it, in order.
func.func @table(%tokens: tensor<2x8xi32>, %dy: tensor<2x8x64xf32>) -> tensor<5000x64xf32, #rondo.layout<panels, 32>>
    attributes {rondo.entry = #rondo.entry<grad, B = 2, T = 8, slots = 0>} {
  %dtable = rondo.embedding_grad %tokens, %dy vocabulary 5000
      : (tensor<2x8xi32>, tensor<2x8x64xf32>) -> tensor<5000x64xf32, #rondo.layout<panels, 32>>
  return %dtable : tensor<5000x64xf32, #rondo.layout<panels, 32>>
}

// CHECK-LABEL: tile.kernel @embedding_grad_0
// CHECK-SAME: %[[TABLE:[^:]*]]: memref<5000x64xf32, #{{.*}}>, %[[TOKENS:[^:]*]]: memref<2x8xi32>, %[[DY:[^:]*]]: memref<16x64xf32>)
// CHECK-SAME: writes [true, false, false] grid [3, 4]
// CHECK: tile.store %{{.*}}, %[[TABLE]]{{.*}} : tensor<2048x16xf32>
// CHECK: scf.for
// CHECK: scf.for
// CHECK: memref.load %[[TOKENS]]
// CHECK: arith.cmpi ult
// CHECK: scf.if
// CHECK: tile.scatter_add {{.*}} : tensor<1x16xf32>, memref<5000x64xf32, #{{.*}}>, tensor<1xi32>

// -----

// The weight of a norm takes two kernels: sums over blocks of positions, and their sum.
func.func @norm(%x: tensor<1x130x64xf32>, %dy: tensor<1x130x64xf32>) -> tensor<64xf32>
    attributes {rondo.entry = #rondo.entry<grad, B = 1, T = 130, slots = 0>} {
  %dw = rondo.rms_norm_grad_weight %x, %dy eps 1.0e-6 {rondo.backward}
      : (tensor<1x130x64xf32>, tensor<1x130x64xf32>) -> tensor<64xf32>
  return %dw : tensor<64xf32>
}

// CHECK-LABEL: func.func @norm
// CHECK: %[[SUMS:.*]] = rondo.dispatch @rms_norm_grad_blocks_0(%arg0, %arg1)
// CHECK: rondo.dispatch @sum_blocks_1(%[[SUMS]])
// CHECK: tile.kernel @rms_norm_grad_blocks_0
// CHECK-SAME: memref<3x64xf32>) writes [false, false, true] grid [3]
// CHECK: tile.reduce add %{{.*}} axis 0 : tensor<8x64xf32> -> tensor<64xf32>
// CHECK: tile.kernel @sum_blocks_1
// CHECK: tile.reduce add %{{.*}} axis 0 : tensor<3x64xf32> -> tensor<64xf32>
// CHECK: tile.store %{{.*}} : tensor<64xf32>, memref<64xf32>

// -----

// So does a bias, and a layer norm's weight, whose rows lose their mean first.
func.func @centred(%x: tensor<1x130x64xf32>, %dy: tensor<1x130x64xf32>) -> (tensor<64xf32>, tensor<64xf32>)
    attributes {rondo.entry = #rondo.entry<grad, B = 1, T = 130, slots = 0>} {
  %db = rondo.sum_rows %dy {rondo.backward} : (tensor<1x130x64xf32>) -> tensor<64xf32>
  %dw = rondo.layer_norm_grad_weight %x, %dy eps 1.0e-5 {rondo.backward}
      : (tensor<1x130x64xf32>, tensor<1x130x64xf32>) -> tensor<64xf32>
  return %db, %dw : tensor<64xf32>, tensor<64xf32>
}

// CHECK-LABEL: func.func @centred
// CHECK: %[[ROWS:.*]] = rondo.dispatch @sum_rows_blocks_0(%arg1)
// CHECK: rondo.dispatch @sum_blocks_1(%[[ROWS]])
// CHECK: %[[SUMS:.*]] = rondo.dispatch @layer_norm_grad_blocks_2(%arg0, %arg1)
// CHECK: rondo.dispatch @sum_blocks_1(%[[SUMS]])
// CHECK: tile.kernel @sum_rows_blocks_0
// CHECK: %[[DY:.*]] = tile.load {{.*}} -> tensor<8x64xf32>
// CHECK: tile.reduce add %[[DY]] axis 0 : tensor<8x64xf32> -> tensor<64xf32>
// CHECK: tile.kernel @layer_norm_grad_blocks_2
// CHECK: %[[MEAN:.*]] = arith.mulf {{.*}} : tensor<8xf32>
// CHECK: arith.subf {{.*}} : tensor<8x64xf32>

// -----

// Sequence ops of the backward pass.
func.func @sequence(%x: tensor<1x70x4x8xf32>, %segments: tensor<1x70xi32>, %s: tensor<1x4x8x16xf32>)
    -> (tensor<1x70x2x8xf32>, tensor<1x70xi8>, tensor<1x70x4xf32>) attributes {rondo.entry = #rondo.entry<grad, B = 1, T = 70, slots = 0>} {
  %sum = rondo.sum_heads %x to 2 : (tensor<1x70x4x8xf32>) -> tensor<1x70x2x8xf32>
  %reset = rondo.segment_starts %segments : (tensor<1x70xi32>) -> tensor<1x70xi8>
  %d = rondo.retention_grad_decay %x, %x, %x, %x final(%s, %s) reset(%reset)
      : (tensor<1x70x4x8xf32>, tensor<1x70x4x8xf32>, tensor<1x70x4x8xf32>, tensor<1x70x4x8xf32>, tensor<1x4x8x16xf32>,
         tensor<1x4x8x16xf32>, tensor<1x70xi8>) -> tensor<1x70x4xf32>
  return %sum, %reset, %d : tensor<1x70x2x8xf32>, tensor<1x70xi8>, tensor<1x70x4xf32>
}

// CHECK-LABEL: tile.kernel @sum_heads_0
// CHECK: arith.addf %{{.*}} : tensor<64x8xf32>
// CHECK-LABEL: tile.kernel @segment_starts_1
// CHECK: arith.cmpi ne, %{{.*}} : tensor<1x69xi32>
// CHECK-LABEL: tile.kernel @retention_grad_decay_2
// CHECK-SAME: grid [1, 4]
// CHECK: tile.load %{{.*}} : memref<32x16xf32> -> tensor<8x16xf32>
// CHECK: scf.for %{{.*}} iter_args(%[[AFTER:.*]] = %{{.*}}) -> (tensor<1x1xf32>)
// CHECK: arith.addf %[[AFTER]]
// CHECK: arith.select
// CHECK: scf.yield
