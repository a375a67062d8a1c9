// RUN: rondo-opt %s "--rondo-lower-tiles-to-threads=threads=128 tf32" --split-input-file | FileCheck %s

// Operands are rounded where they are staged; eight steps of k are one mma for each fragment of a warp, here 2 x 2 of them.
// CHECK-LABEL: func.func @product(
// CHECK-DAG: memref.alloca() {{.*}} : memref<16x72xf32, 3>
// CHECK-DAG: memref.alloca() {{.*}} : memref<16x40xf32, 3>
// CHECK: %[[SUMS:.+]]:16 = scf.for {{.*}} iter_args
// CHECK: nvvm.convert.float.to.tf32
// CHECK: memref.store {{.*}} : memref<16x72xf32, 3>
// CHECK: nvvm.convert.float.to.tf32
// CHECK: memref.store {{.*}} : memref<16x40xf32, 3>
// CHECK: gpu.barrier
// CHECK-COUNT-4: nvvm.mma.sync {{.*}}tf32{{.*}}shape = #nvvm.shape<m = 16, n = 8, k = 8>
// CHECK-NOT: nvvm.mma.sync
// CHECK: gpu.barrier
// CHECK: memref.store %[[SUMS]]#0
tile.kernel @product(%a: memref<64x64xf32>, %b: memref<64x32xf32>, %c: memref<64x32xf32>) writes [false, false, true] grid [1] ids(%i) {
  %c0 = arith.constant 0 : index
  %ta = tile.load %a[%c0, %c0] : memref<64x64xf32> -> tensor<64x64xf32>
  %tb = tile.load %b[%c0, %c0] : memref<64x32xf32> -> tensor<64x32xf32>
  %d = tile.dot %ta, %tb : tensor<64x64xf32>, tensor<64x32xf32> -> tensor<64x32xf32>
  tile.store %d, %c[%c0, %c0] : tensor<64x32xf32>, memref<64x32xf32>
  tile.return
}

// -----

// Small products, and those that must leave out what lies beyond a diagonal, are computed as without.
// CHECK-LABEL: func.func @thin(
// CHECK-NOT: nvvm.mma.sync
// CHECK: math.fma
tile.kernel @thin(%a: memref<4x64xf32>, %b: memref<64x32xf32>, %c: memref<4x32xf32>) writes [false, false, true] grid [1] ids(%i) {
  %c0 = arith.constant 0 : index
  %ta = tile.load %a[%c0, %c0] : memref<4x64xf32> -> tensor<4x64xf32>
  %tb = tile.load %b[%c0, %c0] : memref<64x32xf32> -> tensor<64x32xf32>
  %d = tile.dot %ta, %tb : tensor<4x64xf32>, tensor<64x32xf32> -> tensor<4x32xf32>
  tile.store %d, %c[%c0, %c0] : tensor<4x32xf32>, memref<4x32xf32>
  tile.return
}

// -----

// CHECK-LABEL: func.func @lower_lhs(
// CHECK-NOT: nvvm.mma.sync
// CHECK: math.fma
tile.kernel @lower_lhs(%a: memref<32x32xf32>, %b: memref<32x16xf32>, %c: memref<32x16xf32>) writes [false, false, true] grid [1] ids(%i) {
  %c0 = arith.constant 0 : index
  %ta = tile.load %a[%c0, %c0] : memref<32x32xf32> -> tensor<32x32xf32>
  %tb = tile.load %b[%c0, %c0] : memref<32x16xf32> -> tensor<32x16xf32>
  %d = tile.dot %ta, %tb {triangle = #tile.triangle<lower_lhs>} : tensor<32x32xf32>, tensor<32x16xf32> -> tensor<32x16xf32>
  tile.store %d, %c[%c0, %c0] : tensor<32x16xf32>, memref<32x16xf32>
  tile.return
}
