// RUN: rondo-opt %s --rondo-form-groups=target=cpu:znver4 --rondo-plan-memory --rondo-build-kernels=target=cpu:znver4 --canonicalize | FileCheck %s

// A chunk is one body in a loop; the shorter last one stands behind it with its own length.
// CHECK-LABEL: tile.kernel @retention_0
// CHECK-SAME:  grid [1, 2, 1]
// CHECK:       %[[FIRST:.*]] = tile.load {{.*}} -> tensor<16x8xf32>
// CHECK:       %[[LAST:.*]] = scf.for {{.*}} iter_args(%[[S:.*]] = %[[FIRST]]) -> (tensor<16x8xf32>)
// CHECK:         %[[P:.*]] = tile.dot {{.*}} {transpose_b, triangle = #tile.triangle<lower_result>} : tensor<8x16xf32>
// CHECK:         %[[D:.*]] = arith.mulf %[[P]], {{.*}} : tensor<8x8xf32>
// CHECK:         %[[READ:.*]] = tile.dot {{.*}}, %[[S]] : tensor<8x16xf32>, tensor<16x8xf32> -> tensor<8x8xf32>
// CHECK:         %[[O:.*]] = tile.dot %[[D]], {{.*}} {triangle = #tile.triangle<lower_lhs>}
// CHECK:         tile.store %[[O]]
// CHECK:         %[[U:.*]] = tile.dot {{.*}} {transpose_a} : tensor<8x16xf32>, tensor<8x8xf32> -> tensor<16x8xf32>
// CHECK:         %[[REST:.*]] = math.fma {{.*}}, %[[S]], %[[U]] : tensor<16x8xf32>
// CHECK:         %[[NEXT:.*]] = math.fma {{.*}}, %[[S]], %[[REST]] : tensor<16x8xf32>
// CHECK:         scf.yield %[[NEXT]]
// CHECK:       tile.dot {{.*}} : tensor<4x16xf32>, tensor<4x16xf32> -> tensor<4x4xf32>
// CHECK:       tile.store {{.*}} : tensor<16x8xf32>
func.func @chunkwise(%q: tensor<1x20x2x16xf32>, %k: tensor<1x20x1x16xf32>, %v: tensor<1x20x2x8xf32>, %s: tensor<1x2x16x8xf32>)
    -> (tensor<1x20x2x8xf32>, tensor<1x2x16x8xf32>) attributes {rondo.entry = #rondo.entry<forward, B = 1, T = 20, slots = 1>} {
  %o, %last = rondo.retention %q, %k, %v decay [0.96875, 0.984375] init(%s) schedule <chunkwise, 8>
    : (tensor<1x20x2x16xf32>, tensor<1x20x1x16xf32>, tensor<1x20x2x8xf32>, tensor<1x2x16x8xf32>)
    -> (tensor<1x20x2x8xf32>, tensor<1x2x16x8xf32>)
  return %o, %last : tensor<1x20x2x8xf32>, tensor<1x2x16x8xf32>
}

// Nobody uses the final state: the last chunk does not compute it.
// CHECK-LABEL: tile.kernel @retention_1
// CHECK:       math.fma
// CHECK:       tile.dot {{.*}} {transpose_b
// CHECK-NOT:   math.fma
// CHECK-NOT:   transpose_a
// CHECK:       tile.return
func.func @dropped_state(%q: tensor<1x16x1x4xf32>) -> tensor<1x16x1x4xf32>
    attributes {rondo.entry = #rondo.entry<forward, B = 1, T = 16, slots = 1>} {
  %o, %last = rondo.retention %q, %q, %q decay [0.96875] schedule <chunkwise, 8>
    : (tensor<1x16x1x4xf32>, tensor<1x16x1x4xf32>, tensor<1x16x1x4xf32>) -> (tensor<1x16x1x4xf32>, tensor<1x1x4x4xf32>)
  return %o : tensor<1x16x1x4xf32>
}

// One token: no loop, one pass over the state in its pool.
// CHECK-LABEL: tile.kernel @retention_2
// CHECK-NOT:   scf.for
// CHECK:       %[[OLD:.*]] = tile.load %[[POOL:.*]][{{.*}}] : memref<64x8xf32> -> tensor<16x8xf32>
// CHECK:       %[[KV:.*]] = arith.mulf {{.*}} : tensor<16x8xf32>
// CHECK:       %[[NEW:.*]] = math.fma {{.*}}, %[[OLD]], %[[KV]] : tensor<16x8xf32>
// CHECK:       tile.dot {{.*}}, %[[NEW]] : tensor<1x16xf32>, tensor<16x8xf32> -> tensor<1x8xf32>
// CHECK:       tile.store %[[NEW]], %[[POOL]]
rondo.state @state.retention carried : tensor<2x16x8xf32>
func.func @decode(%q: tensor<1x1x2x16xf32>, %v: tensor<1x1x2x8xf32>, %slot: tensor<1xi32>) -> tensor<1x1x2x8xf32>
    attributes {rondo.entry = #rondo.entry<decode, B = 1, T = 1, slots = 2>} {
  %s = rondo.read_state @state.retention[%slot] : (tensor<1xi32>) -> tensor<1x2x16x8xf32>
  %o, %last = rondo.retention %q, %q, %v decay [0.96875, 0.984375] init(%s) schedule <recurrent>
    : (tensor<1x1x2x16xf32>, tensor<1x1x2x16xf32>, tensor<1x1x2x8xf32>, tensor<1x2x16x8xf32>)
    -> (tensor<1x1x2x8xf32>, tensor<1x2x16x8xf32>)
  rondo.write_state %last, @state.retention[%slot] : tensor<1x2x16x8xf32>, tensor<1xi32>
  return %o : tensor<1x1x2x8xf32>
}

// Tiles of queries are workgroups of their own; each runs over the keys before it.
// CHECK-LABEL: tile.kernel @retention_3
// CHECK-SAME:  grid [1, 1, 1, 3]
// CHECK:       scf.if
// CHECK:         scf.for
// CHECK:           tile.dot {{.*}} {transpose_b} : tensor<64x4xf32>, tensor<64x4xf32> -> tensor<64x64xf32>
// CHECK:         tile.dot {{.*}} triangle = #tile.triangle<lower_result>} : tensor<64x4xf32>
// CHECK:       else
// CHECK:           tile.dot {{.*}} {transpose_b} : tensor<2x4xf32>, tensor<64x4xf32> -> tensor<2x64xf32>
func.func @parallel(%q: tensor<1x130x1x4xf32>) -> tensor<1x130x1x4xf32>
    attributes {rondo.entry = #rondo.entry<forward, B = 1, T = 130, slots = 1>} {
  %o, %last = rondo.retention %q, %q, %q decay [0.96875] schedule <parallel>
    : (tensor<1x130x1x4xf32>, tensor<1x130x1x4xf32>, tensor<1x130x1x4xf32>) -> (tensor<1x130x1x4xf32>, tensor<1x1x4x4xf32>)
  return %o : tensor<1x130x1x4xf32>
}

// The adjoint direction: each tile of queries runs over the keys behind it, which begin with its own triangle and end in a shorter tile.
// CHECK-LABEL: tile.kernel @retention_4
// CHECK-SAME:  grid [1, 1, 1, 3]
// CHECK:       scf.if
// CHECK:         tile.dot {{.*}} triangle = #tile.triangle<upper_result>} : tensor<64x4xf32>
// CHECK:         tile.dot {{.*}} {triangle = #tile.triangle<upper_lhs>}
// CHECK:         scf.for
// CHECK:           tile.dot {{.*}} {transpose_b} : tensor<64x4xf32>, tensor<64x4xf32> -> tensor<64x64xf32>
// CHECK:         tile.dot {{.*}} {transpose_b} : tensor<64x4xf32>, tensor<2x4xf32> -> tensor<64x2xf32>
// CHECK:       else
// CHECK:         tile.dot {{.*}} triangle = #tile.triangle<upper_result>} : tensor<2x4xf32>
// CHECK-NOT:     scf.for
func.func @parallel_adjoint(%q: tensor<1x130x1x4xf32>) -> tensor<1x130x1x4xf32>
    attributes {rondo.entry = #rondo.entry<forward, B = 1, T = 130, slots = 1>} {
  %o, %last = rondo.retention %q, %q, %q decay [0.96875] schedule <parallel> {direction = #rondo<direction adjoint>}
    : (tensor<1x130x1x4xf32>, tensor<1x130x1x4xf32>, tensor<1x130x1x4xf32>) -> (tensor<1x130x1x4xf32>, tensor<1x1x4x4xf32>)
  return %o : tensor<1x130x1x4xf32>
}
