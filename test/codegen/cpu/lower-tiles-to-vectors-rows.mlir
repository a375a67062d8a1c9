// RUN: rondo-opt %s --rondo-lower-tiles-to-vectors --cse --split-input-file | FileCheck %s

// Rows that lie apart are read where they lie, as scalars and as vectors.
// CHECK-LABEL: func.func @strided_product(
// CHECK-NOT: memref.alloca
// CHECK: %[[STEP:[a-z0-9_]+]] = arith.constant 4 : index
// CHECK: arith.muli %{{.*}}, %[[STEP]]
// CHECK: vector.load %arg1
// CHECK: memref.load %arg0
// CHECK: vector.fma
tile.kernel @strided_product(%x: memref<32x16xf32>, %w: memref<64x16xf32>, %y: memref<8x16xf32>)
    writes [false, false, true] grid [1] ids(%i) {
  %c0 = arith.constant 0 : index
  %a = tile.load %x[%c0, %c0] step 4 : memref<32x16xf32> -> tensor<8x16xf32>
  %b = tile.load %w[%c0, %c0] step 4 : memref<64x16xf32> -> tensor<16x16xf32>
  %d = tile.dot %a, %b : tensor<8x16xf32>, tensor<16x16xf32> -> tensor<8x16xf32>
  tile.store %d, %y[%c0, %c0] : tensor<8x16xf32>, memref<8x16xf32>
  tile.return
}

// -----

// Whether a row exists is a mask: no branch, no access. The tail of 4 columns narrows it.
// CHECK-LABEL: func.func @counted_copy(
// CHECK: %[[N:.*]] = memref.load %arg1
// CHECK: %[[ROWS:.*]] = arith.index_cast %[[N]]
// CHECK-NOT: scf.if
// CHECK: scf.for %[[I:[a-z0-9]+]] =
// CHECK: %[[EXISTS:.*]] = arith.cmpi slt, %[[I]], %[[ROWS]]
// CHECK: %[[ALL:.*]] = vector.broadcast %[[EXISTS]] : i1 to vector<16xi1>
// CHECK: vector.maskedload %arg0[%{{.*}}, %{{.*}}], %[[ALL]]
// CHECK: vector.maskedstore %arg2[%{{.*}}, %{{.*}}], %[[ALL]]
// CHECK: %[[TAIL:.*]] = arith.andi %[[ALL]], %{{.*}} : vector<16xi1>
// CHECK: vector.maskedload %arg0[%{{.*}}, %{{.*}}], %[[TAIL]]
// CHECK: vector.maskedstore %arg2[%{{.*}}, %{{.*}}], %[[TAIL]]
tile.kernel @counted_copy(%x: memref<8x20xf32>, %n: memref<1xi64>, %y: memref<8x20xf32>)
    writes [false, false, true] grid [1] ids(%i) {
  %c0 = arith.constant 0 : index
  %count = memref.load %n[%c0] : memref<1xi64>
  %rows = arith.index_cast %count : i64 to index
  %t = tile.load %x[%c0, %c0] step 3 rows %rows : memref<8x20xf32> -> tensor<16x20xf32>
  tile.store %t, %y[%c0, %c0] rows %rows : tensor<16x20xf32>, memref<8x20xf32>
  tile.return
}

// -----

// A counted left operand gets a home, zeros included; a single element that may not exist is a masked lane.
// CHECK-LABEL: func.func @counted_operand(
// CHECK: %[[HOME:.*]] = memref.alloca() {{.*}} : memref<8x16xf32>
// CHECK: vector.maskedload %arg0
// CHECK: vector.store %{{.*}}, %[[HOME]]
// CHECK: memref.load %[[HOME]]
// CHECK: vector.fma
// CHECK: vector.maskedstore %arg3
tile.kernel @counted_operand(%x: memref<32x16xf32>, %w: memref<16x32xf32>, %s: memref<9x1xf32>, %y: memref<8x32xf32>)
    writes [false, false, false, true] grid [4] ids(%i) {
  %c0 = arith.constant 0 : index
  %a = tile.load %x[%c0, %c0] rows %i : memref<32x16xf32> -> tensor<8x16xf32>
  %b = tile.load %w[%c0, %c0] : memref<16x32xf32> -> tensor<16x32xf32>
  %d = tile.dot %a, %b : tensor<8x16xf32>, tensor<16x32xf32> -> tensor<8x32xf32>
  // CHECK: vector.maskedload %arg2{{.*}} : memref<9x1xf32>, vector<4xi1>, vector<4xf32> into vector<4xf32>
  %f = tile.load %s[%i, %c0] rows %i : memref<9x1xf32> -> tensor<8x1xf32>
  %g = tile.reshape %f : tensor<8x1xf32> -> tensor<8xf32>
  %h = tile.broadcast %g axis 1 : tensor<8xf32> -> tensor<8x32xf32>
  tile.store %d, %y[%c0, %c0] rows %i : tensor<8x32xf32>, memref<8x32xf32>
  tile.store %h, %y[%c0, %c0] : tensor<8x32xf32>, memref<8x32xf32>
  tile.return
}

// -----

// The sum starts from the rows that it goes back to. A view with another step is saved first.
// CHECK-LABEL: func.func @added_rows(
// CHECK-DAG: %[[SAVED:.*]] = memref.alloca() {{.*}} : memref<4x16xf32>
// CHECK: vector.store %{{.*}}, %[[SAVED]]
// CHECK: vector.maskedload %arg2
// CHECK: vector.fma
// CHECK: vector.maskedstore %arg2
// CHECK: vector.load %[[SAVED]]
tile.kernel @added_rows(%x: memref<8x16xf32>, %w: memref<16x16xf32>, %y: memref<16x16xf32>, %z: memref<4x16xf32>)
    writes [false, false, true, true] grid [8] ids(%i) {
  %c0 = arith.constant 0 : index
  %a = tile.load %x[%c0, %c0] : memref<8x16xf32> -> tensor<8x16xf32>
  %b = tile.load %w[%c0, %c0] : memref<16x16xf32> -> tensor<16x16xf32>
  %o = tile.load %y[%i, %c0] step 2 rows %i : memref<16x16xf32> -> tensor<8x16xf32>
  %other = tile.load %y[%c0, %c0] step 4 : memref<16x16xf32> -> tensor<4x16xf32>
  %d = tile.dot %a, %b, %o : tensor<8x16xf32>, tensor<16x16xf32>, tensor<8x16xf32> -> tensor<8x16xf32>
  tile.store %d, %y[%i, %c0] step 2 rows %i : tensor<8x16xf32>, memref<16x16xf32>
  tile.store %other, %z[%c0, %c0] : tensor<4x16xf32>, memref<4x16xf32>
  tile.return
}
