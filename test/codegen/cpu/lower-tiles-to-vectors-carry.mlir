// RUN: rondo-opt %s --rondo-lower-tiles-to-vectors --cse | FileCheck %s

// The state lives in panels in scratch, where the product that reads it wants it, and is updated in place.
// CHECK-LABEL: func.func @carried_state(
// CHECK: %[[S:[a-z0-9_]+]] = memref.alloca() {{.*}} : memref<1x16x32xf32>
// CHECK-NOT: memref.alloca
// CHECK: scf.for {{.*}} {
// CHECK: vector.load %[[S]]
// CHECK: vector.fma
// CHECK: vector.store {{.*}}, %[[S]]
tile.kernel @carried_state(%q: memref<32x16xf32>, %k: memref<32x16xf32>, %v: memref<32x32xf32>, %o: memref<32x32xf32>)
    writes [false, false, false, true] grid [1] ids(%i) {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %c32 = arith.constant 32 : index
  %zero = arith.constant dense<0.0> : tensor<16x32xf32>
  %last = scf.for %t = %c0 to %c32 step %c8 iter_args(%s = %zero) -> (tensor<16x32xf32>) {
    %qt = tile.load %q[%t, %c0] : memref<32x16xf32> -> tensor<8x16xf32>
    %kt = tile.load %k[%t, %c0] : memref<32x16xf32> -> tensor<8x16xf32>
    %vt = tile.load %v[%t, %c0] : memref<32x32xf32> -> tensor<8x32xf32>
    %ss = tile.stage rhs %s : tensor<16x32xf32>
    %ot = tile.dot %qt, %ss : tensor<8x16xf32>, tensor<16x32xf32> -> tensor<8x32xf32>
    tile.store %ot, %o[%t, %c0] : tensor<8x32xf32>, memref<32x32xf32>
    %sn = tile.dot %kt, %vt, %s {transpose_a} : tensor<8x16xf32>, tensor<8x32xf32>, tensor<16x32xf32> -> tensor<16x32xf32>
    scf.yield %sn : tensor<16x32xf32>
  }
  tile.return
}

// Scores and their exponentials have a place each; the maximum, the sum and the output are rescaled where they are.
// CHECK-LABEL: func.func @online_softmax(
// CHECK: math.exp {{.*}} : vector<16xf32>
// CHECK: vector.fma
tile.kernel @online_softmax(%q: memref<8x16xf32>, %k: memref<64x16xf32>, %o: memref<8x16xf32>)
    writes [false, false, true] grid [1] ids(%i) {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c64 = arith.constant 64 : index
  %m0 = arith.constant dense<0xFF800000> : tensor<8xf32>
  %a0 = arith.constant dense<0.0> : tensor<8x16xf32>
  %qt = tile.load %q[%c0, %c0] : memref<8x16xf32> -> tensor<8x16xf32>
  %m, %a = scf.for %t = %c0 to %c64 step %c16 iter_args(%mi = %m0, %ai = %a0) -> (tensor<8xf32>, tensor<8x16xf32>) {
    %kt = tile.load %k[%t, %c0] : memref<64x16xf32> -> tensor<16x16xf32>
    %s = tile.dot %qt, %kt {transpose_b} : tensor<8x16xf32>, tensor<16x16xf32> -> tensor<8x16xf32>
    %top = tile.reduce max %s axis 1 : tensor<8x16xf32> -> tensor<8xf32>
    %mn = arith.maximumf %mi, %top : tensor<8xf32>
    %mb = tile.broadcast %mn axis 1 : tensor<8xf32> -> tensor<8x16xf32>
    %d = arith.subf %s, %mb : tensor<8x16xf32>
    %p = math.exp %d : tensor<8x16xf32>
    %f = arith.subf %mi, %mn : tensor<8xf32>
    %e = math.exp %f : tensor<8xf32>
    %eb = tile.broadcast %e axis 1 : tensor<8xf32> -> tensor<8x16xf32>
    %as = arith.mulf %ai, %eb : tensor<8x16xf32>
    %an = tile.dot %p, %kt, %as : tensor<8x16xf32>, tensor<16x16xf32>, tensor<8x16xf32> -> tensor<8x16xf32>
    scf.yield %mn, %an : tensor<8xf32>, tensor<8x16xf32>
  }
  tile.store %a, %o[%c0, %c0] : tensor<8x16xf32>, memref<8x16xf32>
  tile.return
}

// CHECK-LABEL: func.func @running_sum(
// CHECK: scf.for {{.*}} iter_args(%[[SUM:[a-z0-9]+]] = %{{.*}}) -> (f32)
// CHECK: %[[NEXT:[0-9]+]] = arith.addf %[[SUM]], %{{.*}} : f32
// CHECK: scf.yield %[[NEXT]] : f32
tile.kernel @running_sum(%x: memref<40xf32>, %y: memref<40xf32>) writes [false, true] grid [1] ids(%i) {
  %c0 = arith.constant 0 : index
  %t = tile.load %x[%c0] : memref<40xf32> -> tensor<40xf32>
  %s = tile.scan add %t axis 0 : tensor<40xf32>
  tile.store %s, %y[%c0] : tensor<40xf32>, memref<40xf32>
  tile.return
}

// While the product runs, memory fetches the rows that the next iteration will load; the last iteration asks for its own again.
// CHECK-LABEL: func.func @prefetch_next(
// CHECK: %[[NEXT:[0-9]+]] = arith.addi %[[I:[a-z0-9]+]], %{{.*}} : index
// CHECK: arith.cmpi slt, %[[NEXT]]
// CHECK: %[[AHEAD:[0-9]+]] = arith.select %{{.*}}, %[[NEXT]], %[[I]] : index
// CHECK: %[[ROW:[0-9]+]] = arith.addi %{{.*}}, %[[AHEAD]] : index
// CHECK: memref.prefetch %arg0[%[[ROW]], %{{.*}}], read, locality<2>, data : memref<64x16xf32>
// CHECK: vector.fma
tile.kernel @prefetch_next(%x: memref<64x16xf32>, %w: memref<16x32xf32>, %o: memref<64x32xf32>)
    writes [false, false, true] grid [1] ids(%i) {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %c64 = arith.constant 64 : index
  %b = tile.load %w[%c0, %c0] : memref<16x32xf32> -> tensor<16x32xf32>
  scf.for %t = %c0 to %c64 step %c16 {
    %a = tile.load %x[%t, %c0] : memref<64x16xf32> -> tensor<16x16xf32>
    %d = tile.dot %a, %b : tensor<16x16xf32>, tensor<16x32xf32> -> tensor<16x32xf32>
    tile.store %d, %o[%t, %c0] : tensor<16x32xf32>, memref<64x32xf32>
  }
  tile.return
}

// What a sum takes and a product needs as well is computed once: the reduction keeps it on the way, four rows at
// a time.
// CHECK-LABEL: func.func @kept_on_the_way(
// CHECK: %[[P:.*]] = memref.alloca() {{.*}} : memref<8x16xf32>
// CHECK: %[[E:.*]] = math.exp
// CHECK-NEXT: vector.store %[[E]], %[[P]]
// CHECK-NEXT: arith.addf %{{.*}}, %[[E]]
// CHECK-COUNT-3: math.exp
// CHECK-NOT: math.exp
// CHECK: memref.load %[[P]]
// CHECK: vector.fma
tile.kernel @kept_on_the_way(%x: memref<8x16xf32>, %w: memref<16x32xf32>, %y: memref<8x32xf32>, %sums: memref<8xf32>)
    writes [false, false, true, true] grid [1] ids(%i) {
  %c0 = arith.constant 0 : index
  %t = tile.load %x[%c0, %c0] : memref<8x16xf32> -> tensor<8x16xf32>
  %b = tile.load %w[%c0, %c0] : memref<16x32xf32> -> tensor<16x32xf32>
  %p = math.exp %t : tensor<8x16xf32>
  %s = tile.reduce add %p axis 1 : tensor<8x16xf32> -> tensor<8xf32>
  %d = tile.dot %p, %b : tensor<8x16xf32>, tensor<16x32xf32> -> tensor<8x32xf32>
  tile.store %d, %y[%c0, %c0] : tensor<8x32xf32>, memref<8x32xf32>
  tile.store %s, %sums[%c0] : tensor<8xf32>, memref<8xf32>
  tile.return
}
