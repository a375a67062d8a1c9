// RUN: rondo-opt %s --rondo-build-kernels=target=cpu:znver4 --split-input-file | FileCheck %s

// A group without root works on whole rows; a per-head norm reduces runs, its weight and the rotation tables repeat over the heads.
module {
  func.func @rows(%x: tensor<1x2x3x8xf32>, %w: tensor<8xf32>, %cos: tensor<1x2x8xf32>, %sin: tensor<1x2x8xf32>)
      -> tensor<1x2x3x8xf32> attributes {rondo.entry = #rondo.entry<forward, B = 1, T = 2, slots = 0>} {
    %y = rondo.group(%x, %w, %cos, %sin) slices [-1]
        : (tensor<1x2x3x8xf32>, tensor<8xf32>, tensor<1x2x8xf32>, tensor<1x2x8xf32>) -> tensor<1x2x3x8xf32> {
    ^bb0(%a: tensor<1x2x3x8xf32>, %b: tensor<8xf32>, %c: tensor<1x2x8xf32>, %s: tensor<1x2x8xf32>):
      %n = rondo.rms_norm %a, %b eps 1.0e-6 : (tensor<1x2x3x8xf32>, tensor<8xf32>) -> tensor<1x2x3x8xf32>
      %r = rondo.rotate %n, %c, %s pairs halves
          : (tensor<1x2x3x8xf32>, tensor<1x2x8xf32>, tensor<1x2x8xf32>) -> tensor<1x2x3x8xf32>
      rondo.yield %r : tensor<1x2x3x8xf32>
    }
    return %y : tensor<1x2x3x8xf32>
  }
}

// CHECK-LABEL: tile.kernel @rms_norm_rotate_0
// CHECK-SAME: %[[X:[^:]*]]: memref<2x24xf32>, %[[W:[^:]*]]: memref<8xf32>, %[[COS:[^:]*]]: memref<2x8xf32>
// CHECK: %[[ROWS:.*]] = tile.load %[[X]][{{.*}}] : memref<2x24xf32> -> tensor<2x24xf32>
// CHECK: %[[RUNS:.*]] = tile.reshape %[[ROWS]] : tensor<2x24xf32> -> tensor<6x8xf32>
// CHECK: tile.reduce add {{.*}} axis 1 : tensor<6x8xf32> -> tensor<6xf32>
// CHECK: tile.reshape {{.*}} : tensor<6x8xf32> -> tensor<2x24xf32>
// CHECK: tile.load %[[W]]
// CHECK: tile.repeat {{.*}} : tensor<2x8xf32> -> tensor<2x24xf32>
// CHECK: %[[NORM:.*]] = arith.mulf {{.*}} : tensor<2x24xf32>
// CHECK: tile.load %[[COS]]
// CHECK: tile.rotate_pairs halves %[[NORM]] width 8
// CHECK: math.fma

// -----

// A layer norm takes the mean away before it squares, and a bias follows in the same kernel; both repeat over the heads.
module {
  func.func @centred(%x: tensor<1x2x3x8xf32>, %w: tensor<8xf32>, %b: tensor<8xf32>) -> tensor<1x2x3x8xf32>
      attributes {rondo.entry = #rondo.entry<forward, B = 1, T = 2, slots = 0>} {
    %y = rondo.group(%x, %w, %b) slices [-1]
        : (tensor<1x2x3x8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<1x2x3x8xf32> {
    ^bb0(%a: tensor<1x2x3x8xf32>, %v: tensor<8xf32>, %c: tensor<8xf32>):
      %n = rondo.layer_norm %a, %v eps 1.0e-5 : (tensor<1x2x3x8xf32>, tensor<8xf32>) -> tensor<1x2x3x8xf32>
      %r = rondo.add_bias %n, %c : (tensor<1x2x3x8xf32>, tensor<8xf32>) -> tensor<1x2x3x8xf32>
      rondo.yield %r : tensor<1x2x3x8xf32>
    }
    return %y : tensor<1x2x3x8xf32>
  }
}

// CHECK-LABEL: tile.kernel @layer_norm_add_bias_0
// CHECK-SAME: %[[X:[^:]*]]: memref<2x24xf32>, %[[W:[^:]*]]: memref<8xf32>, %[[B:[^:]*]]: memref<8xf32>
// CHECK: %[[RUNS:.*]] = tile.reshape {{.*}} : tensor<2x24xf32> -> tensor<6x8xf32>
// CHECK: tile.reduce add %[[RUNS]] axis 1 : tensor<6x8xf32> -> tensor<6xf32>
// CHECK: %[[C:.*]] = arith.subf %[[RUNS]], %{{.*}} : tensor<6x8xf32>
// CHECK: arith.mulf %[[C]], %[[C]] : tensor<6x8xf32>
// CHECK: tile.load %[[W]]
// CHECK: arith.mulf {{.*}} : tensor<2x24xf32>
// CHECK: tile.load %[[B]]
// CHECK: arith.addf {{.*}} : tensor<2x24xf32>

// -----

// Scalars and vectors of floats are buffers of one dimension, and one row of what works on rows; the encoding of a tensor's type is
// the layout of its buffer.
module {
  func.func @shapes(%a: tensor<f32>, %b: tensor<24xf32>, %c: tensor<40x8xf32, #rondo.layout<panels, 32>>)
      -> (tensor<f32>, tensor<24xf32>, tensor<40x8xf32, #rondo.layout<panels, 32>>)
      attributes {rondo.entry = #rondo.entry<forward, B = 1, T = 1, slots = 0>} {
    %x = rondo.group(%a) slices [-1] : (tensor<f32>) -> tensor<f32> {
    ^bb0(%i: tensor<f32>):
      rondo.yield %i : tensor<f32>
    }
    %y = rondo.group(%b) slices [-1] : (tensor<24xf32>) -> tensor<24xf32> {
    ^bb0(%i: tensor<24xf32>):
      rondo.yield %i : tensor<24xf32>
    }
    %z = rondo.group(%c) slices [-1] : (tensor<40x8xf32, #rondo.layout<panels, 32>>) -> tensor<40x8xf32, #rondo.layout<panels, 32>> {
    ^bb0(%i: tensor<40x8xf32, #rondo.layout<panels, 32>>):
      rondo.yield %i : tensor<40x8xf32, #rondo.layout<panels, 32>>
    }
    return %x, %y, %z : tensor<f32>, tensor<24xf32>, tensor<40x8xf32, #rondo.layout<panels, 32>>
  }
}

// CHECK-LABEL: tile.kernel @copy_0
// CHECK-SAME: memref<1xf32>, %{{.*}}: memref<1xf32>
// CHECK-LABEL: tile.kernel @copy_1
// CHECK-SAME: %[[FROM:[^:]*]]: memref<24xf32>, %[[TO:[^:]*]]: memref<24xf32>
// CHECK: %[[LINE:.*]] = tile.load %[[FROM]][%{{.*}}] : memref<24xf32> -> tensor<24xf32>
// CHECK: %[[ROW:.*]] = tile.reshape %[[LINE]] : tensor<24xf32> -> tensor<1x24xf32>
// CHECK: %[[BACK:.*]] = tile.reshape %[[ROW]] : tensor<1x24xf32> -> tensor<24xf32>
// CHECK: tile.store %[[BACK]], %[[TO]][%{{.*}}] : tensor<24xf32>, memref<24xf32>
// CHECK-LABEL: tile.kernel @copy_2
// CHECK-SAME: memref<40x8xf32, #{{.*}}>, %{{.*}}: memref<40x8xf32, #{{.*}}>
