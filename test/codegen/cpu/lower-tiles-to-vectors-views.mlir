// RUN: rondo-opt %s --rondo-lower-tiles-to-vectors --cse --split-input-file | FileCheck %s

// Every third position: the row stride of a dilated view is that of a buffer whose rows hold three positions.
// CHECK-LABEL: func.func @dilated_view(
// CHECK: vector.load %arg0[%{{.*}}, %{{.*}}] : memref<8x48xf32>, vector<16xf32>
// CHECK-NEXT: vector.store
tile.kernel @dilated_view(%x: memref<8x48xf32>, %y: memref<8x16xf32>) writes [false, true] grid [3] ids(%offset) {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %column = arith.muli %offset, %c16 : index
  %t = tile.load %x[%c0, %column] : memref<8x48xf32> -> tensor<8x16xf32>
  tile.store %t, %y[%c0, %c0] : tensor<8x16xf32>, memref<8x16xf32>
  tile.return
}

// CHECK-LABEL: func.func @row_gather(
// CHECK: %[[ROW:[0-9]+]] = memref.load %arg1[%{{.*}}] : memref<4xi32>
// CHECK: %[[AT:[0-9]+]] = arith.index_cast %[[ROW]]
// CHECK: vector.load %arg0[%[[AT]], %{{.*}}] : memref<97x32xf32>, vector<16xf32>
tile.kernel @row_gather(%table: memref<97x32xf32>, %rows: memref<4xi32>, %y: memref<4x32xf32>)
    writes [false, false, true] grid [1] ids(%i) {
  %c0 = arith.constant 0 : index
  %r = tile.load %rows[%c0] : memref<4xi32> -> tensor<4xi32>
  %t = tile.gather %table[%r, %c0] : memref<97x32xf32>, tensor<4xi32> -> tensor<4x32xf32>
  tile.store %t, %y[%c0, %c0] : tensor<4x32xf32>, memref<4x32xf32>
  tile.return
}

// Rows in ascending order, so that equal indices add in one order only; the tail of 4 columns is masked.
// CHECK-LABEL: func.func @scatter_add(
// CHECK: scf.for
// CHECK: scf.for %[[I:[a-z0-9]+]] =
// CHECK: %[[ROW:.*]] = memref.load %arg1[%[[I]]] : memref<4xi32>
// CHECK: vector.load %arg2
// CHECK: arith.addf
// CHECK-NEXT: vector.store {{.*}}, %arg2
// CHECK: vector.maskedstore %arg2
tile.kernel @scatter_add(%g: memref<4x20xf32>, %rows: memref<4xi32>, %table: memref<97x20xf32>)
    writes [false, false, true] grid [1] ids(%i) {
  %c0 = arith.constant 0 : index
  %r = tile.load %rows[%c0] : memref<4xi32> -> tensor<4xi32>
  %t = tile.load %g[%c0, %c0] : memref<4x20xf32> -> tensor<4x20xf32>
  tile.scatter_add %t, %table[%r, %c0] : tensor<4x20xf32>, memref<97x20xf32>, tensor<4xi32>
  tile.return
}

// Three shifted views of one buffer meet in one loop nest.
// CHECK-LABEL: func.func @causal_convolution(
// CHECK-NOT: memref.alloca
// CHECK: scf.for
// CHECK-COUNT-3: vector.load %arg0
// CHECK: vector.store
// CHECK-NOT: vector.store
tile.kernel @causal_convolution(%x: memref<10x16xf32>, %w: memref<3xf32>, %y: memref<8x16xf32>)
    writes [false, false, true] grid [1] ids(%i) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %a = tile.load %x[%c0, %c0] : memref<10x16xf32> -> tensor<8x16xf32>
  %b = tile.load %x[%c1, %c0] : memref<10x16xf32> -> tensor<8x16xf32>
  %c = tile.load %x[%c2, %c0] : memref<10x16xf32> -> tensor<8x16xf32>
  %w0 = memref.load %w[%c0] : memref<3xf32>
  %w1 = memref.load %w[%c1] : memref<3xf32>
  %w2 = memref.load %w[%c2] : memref<3xf32>
  %f0 = tile.broadcast %w0 : f32 -> tensor<8x16xf32>
  %f1 = tile.broadcast %w1 : f32 -> tensor<8x16xf32>
  %f2 = tile.broadcast %w2 : f32 -> tensor<8x16xf32>
  %p = arith.mulf %a, %f0 : tensor<8x16xf32>
  %q = math.fma %b, %f1, %p : tensor<8x16xf32>
  %r = math.fma %c, %f2, %q : tensor<8x16xf32>
  tile.store %r, %y[%c0, %c0] : tensor<8x16xf32>, memref<8x16xf32>
  tile.return
}
