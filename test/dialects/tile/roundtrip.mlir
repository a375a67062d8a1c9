// RUN: rondo-opt %s | rondo-opt | FileCheck %s

// CHECK-LABEL: tile.kernel @twice
// CHECK-SAME: (%{{.*}}: memref<8x64xf32>, %{{.*}}: memref<8x64xf32>) writes [false, true] grid [2] ids(%{{.*}}) source "twice" {
tile.kernel @twice(%x: memref<8x64xf32>, %y: memref<8x64xf32>) writes [false, true] grid [2] ids(%i) source "twice" {
  %c4 = arith.constant 4 : index
  %c0 = arith.constant 0 : index
  %row = arith.muli %i, %c4 : index
  // CHECK: %[[T:.*]] = tile.load %{{.*}}[%{{.*}}, %{{.*}}] : memref<8x64xf32> -> tensor<4x64xf32>
  %t = tile.load %x[%row, %c0] : memref<8x64xf32> -> tensor<4x64xf32>
  %u = arith.addf %t, %t : tensor<4x64xf32>
  // CHECK: tile.store %{{.*}}, %{{.*}}[%{{.*}}, %{{.*}}] : tensor<4x64xf32>, memref<8x64xf32>
  tile.store %u, %y[%row, %c0] : tensor<4x64xf32>, memref<8x64xf32>
  // CHECK: tile.return
  tile.return
}

// CHECK-LABEL: tile.kernel @strided_and_counted
tile.kernel @strided_and_counted(%x: memref<12x16xf32>, %n: memref<12x1xi64>) writes [true, false] grid [1] ids(%i) {
  %c0 = arith.constant 0 : index
  // CHECK: %[[T:.*]] = tile.load %{{.*}}[%{{.*}}, %{{.*}}] step 4 : memref<12x16xf32> -> tensor<3x16xf32>
  %t = tile.load %x[%i, %c0] step 4 : memref<12x16xf32> -> tensor<3x16xf32>
  // CHECK: tile.load %{{.*}}[%{{.*}}, %{{.*}}] rows %{{.*}} : memref<12x1xi64> -> tensor<64x1xi64>
  %u = tile.load %n[%i, %c0] step 1 rows %i : memref<12x1xi64> -> tensor<64x1xi64>
  // CHECK: %[[S:.*]] = tile.load %{{.*}}[%{{.*}}, %{{.*}}] stride %{{.*}} rows %{{.*}} : memref<12x16xf32> -> tensor<9x16xf32>
  %s = tile.load %x[%i, %c0] stride %i rows %i : memref<12x16xf32> -> tensor<9x16xf32>
  // CHECK: tile.store %[[S]], %{{.*}}[%{{.*}}, %{{.*}}] stride %{{.*}} : tensor<9x16xf32>, memref<12x16xf32>
  tile.store %s, %x[%i, %c0] stride %i : tensor<9x16xf32>, memref<12x16xf32>
  // CHECK: tile.store %[[T]], %{{.*}}[%{{.*}}, %{{.*}}] step 4 rows %{{.*}} {note = "kept"} : tensor<3x16xf32>, memref<12x16xf32>
  tile.store %t, %x[%i, %c0] step 4 rows %i {note = "kept"} : tensor<3x16xf32>, memref<12x16xf32>
  tile.return
}

// CHECK-LABEL: tile.kernel @rows
// CHECK-SAME: grid [1, 2] ids(%{{.*}}, %{{.*}}) attributes {note = "kept"}
tile.kernel @rows(%table: memref<97x64xf32, affine_map<(n, k) -> (n floordiv 32, k, n mod 32)>>, %tokens: memref<4xi32>,
                  %sum: memref<97x64xf32>) writes [false, false, true] grid [1, 2] ids(%i, %j) attributes {note = "kept"} {
  %c0 = arith.constant 0 : index
  %r = tile.load %tokens[%c0] : memref<4xi32> -> tensor<4xi32>
  // CHECK: tile.gather %{{.*}}[%{{.*}}, %{{.*}}] : memref<97x64xf32, #{{.*}}>, tensor<4xi32> -> tensor<4x64xf32>
  %t = tile.gather %table[%r, %c0] : memref<97x64xf32, affine_map<(n, k) -> (n floordiv 32, k, n mod 32)>>, tensor<4xi32> -> tensor<4x64xf32>
  // CHECK: tile.scatter_add %{{.*}}, %{{.*}}[%{{.*}}, %{{.*}}] : tensor<4x64xf32>, memref<97x64xf32>, tensor<4xi32>
  tile.scatter_add %t, %sum[%r, %c0] : tensor<4x64xf32>, memref<97x64xf32>, tensor<4xi32>
  tile.return
}

// CHECK-LABEL: tile.kernel @half_precision
tile.kernel @half_precision(%x: memref<16x32xbf16>, %y: memref<16x16xbf16>) writes [false, true] grid [1] ids(%i) {
  %c0 = arith.constant 0 : index
  %t = tile.load %x[%c0, %c0] : memref<16x32xbf16> -> tensor<16x32xbf16>
  %a = arith.extf %t : tensor<16x32xbf16> to tensor<16x32xf32>
  // CHECK: tile.dot %{{.*}}, %{{.*}} {precision = #tile.precision<bf16>, transpose_b}
  %d = tile.dot %a, %a {precision = #tile.precision<bf16>, transpose_b} : tensor<16x32xf32>, tensor<16x32xf32> -> tensor<16x16xf32>
  %r = arith.truncf %d : tensor<16x16xf32> to tensor<16x16xbf16>
  tile.store %r, %y[%c0, %c0] : tensor<16x16xbf16>, memref<16x16xbf16>
  tile.return
}

// CHECK-LABEL: tile.kernel @arithmetic
tile.kernel @arithmetic(%x: memref<64x32xf32>, %p: memref<1xf32>, %key: memref<2xi64>) writes [false, false, false] grid [1] ids(%i) {
  %c0 = arith.constant 0 : index
  %q = tile.load %x[%c0, %c0] : memref<64x32xf32> -> tensor<64x32xf32>
  %g = memref.load %p[%c0] : memref<1xf32>
  // CHECK: tile.stage rhs %{{.*}} : tensor<64x32xf32>
  %k = tile.stage rhs %q : tensor<64x32xf32>
  // CHECK: tile.dot %{{.*}}, %{{.*}} {transpose_b, triangle = #tile.triangle<lower_result>}
  %s = tile.dot %q, %k {transpose_b, triangle = #tile.triangle<lower_result>}
      : tensor<64x32xf32>, tensor<64x32xf32> -> tensor<64x64xf32>
  // CHECK: tile.dot %{{.*}}, %{{.*}}, %{{.*}} {triangle = #tile.triangle<lower_lhs>}
  %o = tile.dot %s, %k, %q {triangle = #tile.triangle<lower_lhs>}
      : tensor<64x64xf32>, tensor<64x32xf32>, tensor<64x32xf32> -> tensor<64x32xf32>
  // CHECK: tile.reduce max %{{.*}} axis 1 : tensor<64x32xf32> -> tensor<64xf32>
  %m = tile.reduce max %o axis 1 : tensor<64x32xf32> -> tensor<64xf32>
  // CHECK: tile.broadcast %{{.*}} axis 1 : tensor<64xf32> -> tensor<64x32xf32>
  %b = tile.broadcast %m axis 1 : tensor<64xf32> -> tensor<64x32xf32>
  // CHECK: tile.broadcast %{{.*}} : f32 -> tensor<64x32xf32>
  %f = tile.broadcast %g : f32 -> tensor<64x32xf32>
  // CHECK: tile.scan add %{{.*}} axis 0 : tensor<64xf32>
  %c = tile.scan add %m axis 0 : tensor<64xf32>
  // CHECK: tile.iota axis 0 : tensor<64x64xi32>
  %n = tile.iota axis 0 : tensor<64x64xi32>
  %seed = memref.load %key[%c0] : memref<2xi64>
  // CHECK: tile.random_bits %{{.*}}, %{{.*}}[%{{.*}}, %{{.*}}] width 32 : tensor<64x32xi32>
  %w = tile.random_bits %seed, %seed [%i, %c0] width 32 : tensor<64x32xi32>
  // CHECK: tile.random_bits %{{.*}}, %{{.*}}[%{{.*}}, %{{.*}}] width 32 aligned : tensor<64x32xi32>
  %wa = tile.random_bits %seed, %seed [%i, %c0] width 32 aligned : tensor<64x32xi32>
  // CHECK: tile.repeat %{{.*}} : tensor<64x32xf32> -> tensor<64x96xf32>
  %r = tile.repeat %q : tensor<64x32xf32> -> tensor<64x96xf32>
  // CHECK: tile.rotate_pairs interleaved %{{.*}} width 16 : tensor<64x32xf32>
  %j = tile.rotate_pairs interleaved %q width 16 : tensor<64x32xf32>
  // CHECK: tile.reshape %{{.*}} : tensor<64x32xf32> -> tensor<128x16xf32>
  %h = tile.reshape %q : tensor<64x32xf32> -> tensor<128x16xf32>
  // CHECK: tile.transpose %{{.*}} : tensor<64x32xf32> -> tensor<32x64xf32>
  %ht = tile.transpose %q : tensor<64x32xf32> -> tensor<32x64xf32>
  tile.return
}
