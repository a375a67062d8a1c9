// RUN: rondo-opt %s --rondo-lower-tiles-to-vectors --split-input-file | FileCheck %s

// An f32 operand is rounded to bf16 once, into scratch, and not beside the multiplications; one that was bf16 is
// not rounded.
// CHECK-LABEL: func.func @mixed
// CHECK: arith.truncf {{.*}} : vector<16xf32> to vector<16xbf16>
// CHECK-NOT: arith.truncf
// CHECK: vector.fma
// CHECK-NOT: arith.truncf
// CHECK: return
tile.kernel @mixed(%x: memref<8x16xf32>, %w: memref<16x32xbf16>, %y: memref<8x32xf32>)
    writes [false, false, true] grid [1] ids(%i) {
  %c0 = arith.constant 0 : index
  %a = tile.load %x[%c0, %c0] : memref<8x16xf32> -> tensor<8x16xf32>
  %narrow = tile.load %w[%c0, %c0] : memref<16x32xbf16> -> tensor<16x32xbf16>
  %b = arith.extf %narrow : tensor<16x32xbf16> to tensor<16x32xf32>
  %d = tile.dot %a, %b {precision = #tile.precision<bf16>} : tensor<8x16xf32>, tensor<16x32xf32> -> tensor<8x32xf32>
  tile.store %d, %y[%c0, %c0] : tensor<8x32xf32>, memref<8x32xf32>
  tile.return
}

// -----

// A tile that two products share is rounded once.
// CHECK-LABEL: func.func @shared
// CHECK: arith.truncf
// CHECK-NOT: arith.truncf
// CHECK: return
tile.kernel @shared(%x: memref<16x16xf32>, %y: memref<16x16xf32>) writes [false, true] grid [1] ids(%i) {
  %c0 = arith.constant 0 : index
  %a = tile.load %x[%c0, %c0] : memref<16x16xf32> -> tensor<16x16xf32>
  %d = tile.dot %a, %a {precision = #tile.precision<bf16>} : tensor<16x16xf32>, tensor<16x16xf32> -> tensor<16x16xf32>
  tile.store %d, %y[%c0, %c0] : tensor<16x16xf32>, memref<16x16xf32>
  tile.return
}

// -----

// CHECK-LABEL: func.func @f32
// CHECK-NOT: arith.truncf
// CHECK: return
tile.kernel @f32(%x: memref<16x16xf32>, %y: memref<16x16xf32>) writes [false, true] grid [1] ids(%i) {
  %c0 = arith.constant 0 : index
  %a = tile.load %x[%c0, %c0] : memref<16x16xf32> -> tensor<16x16xf32>
  %d = tile.dot %a, %a : tensor<16x16xf32>, tensor<16x16xf32> -> tensor<16x16xf32>
  tile.store %d, %y[%c0, %c0] : tensor<16x16xf32>, memref<16x16xf32>
  tile.return
}
