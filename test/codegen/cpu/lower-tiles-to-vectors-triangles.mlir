// RUN: rondo-opt %s --rondo-lower-tiles-to-vectors --cse --split-input-file | FileCheck %s

// Rows up to the last that a panel's columns touch; before the diagonal's panels the sink sees zeros.
// CHECK-LABEL: func.func @upper_result(
// CHECK: scf.for
// CHECK: scf.for %[[ROW:[a-z0-9]+]] =
// CHECK: %[[PANEL:.*]] = arith.divui %[[ROW]], %{{.*}}
// CHECK: %[[END:.*]] = arith.muli %[[PANEL]], %{{.*}}
// CHECK: scf.for %{{.*}} = %{{.*}} to %[[END]]
// CHECK: vector.store
// CHECK: scf.for %[[P:[a-z0-9]+]] =
// CHECK: %[[NEXT:.*]] = arith.addi %[[P]], %{{.*}}
// CHECK: %[[ROWS:.*]] = arith.muli %[[NEXT]], %{{.*}}
// CHECK: scf.for %{{.*}} = %{{.*}} to %[[ROWS]]
// CHECK-COUNT-16: vector.fma
tile.kernel @upper_result(%a: memref<64x16xf32>, %b: memref<16x64xf32>, %y: memref<64x64xf32>)
    writes [false, false, true] grid [1] ids(%i) {
  %c0 = arith.constant 0 : index
  %q = tile.load %a[%c0, %c0] : memref<64x16xf32> -> tensor<64x16xf32>
  %k = tile.load %b[%c0, %c0] : memref<16x64xf32> -> tensor<16x64xf32>
  %d = tile.dot %q, %k {triangle = #tile.triangle<upper_result>} : tensor<64x16xf32>, tensor<16x64xf32> -> tensor<64x64xf32>
  tile.store %d, %y[%c0, %c0] : tensor<64x64xf32>, memref<64x64xf32>
  tile.return
}

// -----

// First the steps at which only some rows count (1 + 2 + ... + 8 rows of 2 vectors), then those of all rows.
// CHECK-LABEL: func.func @upper_lhs(
// CHECK-COUNT-72: vector.fma
// CHECK: %[[LATER:.*]] = arith.addi %{{.*}}, %{{.*}}
// CHECK: scf.for %{{.*}} = %[[LATER]] to
// CHECK-COUNT-16: vector.fma
// CHECK-NOT: vector.fma
tile.kernel @upper_lhs(%a: memref<16x16xf32>, %b: memref<16x32xf32>, %y: memref<16x32xf32>)
    writes [false, false, true] grid [1] ids(%i) {
  %c0 = arith.constant 0 : index
  %p = tile.load %a[%c0, %c0] : memref<16x16xf32> -> tensor<16x16xf32>
  %v = tile.load %b[%c0, %c0] : memref<16x32xf32> -> tensor<16x32xf32>
  %d = tile.dot %p, %v {triangle = #tile.triangle<upper_lhs>} : tensor<16x16xf32>, tensor<16x32xf32> -> tensor<16x32xf32>
  tile.store %d, %y[%c0, %c0] : tensor<16x32xf32>, memref<16x32xf32>
  tile.return
}
