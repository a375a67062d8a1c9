// RUN: rondo-opt %s --split-input-file --verify-diagnostics

tile.kernel @k(%x: memref<8x16xf32>, %v: memref<8xf32>, %w: memref<8x16xf32, affine_map<(n, k) -> (n floordiv 4, k, n mod 4)>>)
    writes [true, true, false] grid [1] ids(%id) {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  // expected-error @+1 {{'tile.load' op expected a step of 1 or more rows, found 0}}
  %t = tile.load %x[%c0, %c0] step 0 : memref<8x16xf32> -> tensor<2x16xf32>
  tile.return
}

// -----

tile.kernel @k(%x: memref<8x16xf32>) writes [true] grid [1] ids(%id) {
  %c0 = arith.constant 0 : index
  // expected-error @+1 {{'tile.load' op expected either a step or a stride, found a step of 2 and a stride}}
  %t = tile.load %x[%c0, %c0] step 2 stride %id : memref<8x16xf32> -> tensor<2x16xf32>
  tile.return
}

// -----

tile.kernel @k(%v: memref<8xf32>) writes [true] grid [1] ids(%id) {
  %c0 = arith.constant 0 : index
  // expected-error @+1 {{'tile.load' op expected a row-major buffer of two dimensions for a strided or counted tile, found 'memref<8xf32>'}}
  %t = tile.load %v[%c0] stride %id : memref<8xf32> -> tensor<2xf32>
  tile.return
}

// -----

tile.kernel @k(%x: memref<8x16xf32>, %v: memref<8xf32>, %w: memref<8x16xf32, affine_map<(n, k) -> (n floordiv 4, k, n mod 4)>>)
    writes [true, true, false] grid [1] ids(%id) {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  // expected-error @+1 {{'tile.load' op expected a row-major buffer of two dimensions for a strided or counted tile, found 'memref<8xf32>'}}
  %t = tile.load %v[%c0] step 2 : memref<8xf32> -> tensor<2xf32>
  tile.return
}

// -----

tile.kernel @k(%x: memref<8x16xf32>, %v: memref<8xf32>, %w: memref<8x16xf32, affine_map<(n, k) -> (n floordiv 4, k, n mod 4)>>)
    writes [true, true, false] grid [1] ids(%id) {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  // expected-error @+1 {{'tile.load' op expected a row-major buffer of two dimensions for a strided or counted tile, found 'memref<8xf32>'}}
  %t = tile.load %v[%c0] rows %id : memref<8xf32> -> tensor<2xf32>
  tile.return
}

// -----

tile.kernel @k(%x: memref<8x16xf32>, %v: memref<8xf32>, %w: memref<8x16xf32, affine_map<(n, k) -> (n floordiv 4, k, n mod 4)>>)
    writes [true, true, false] grid [1] ids(%id) {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  // expected-error @+1 {{'tile.load' op expected a row-major buffer of two dimensions for a strided or counted tile, found 'memref<8x16xf32, affine_map<(d0, d1) -> (d0 floordiv 4, d1, d0 mod 4)>>'}}
  %t = tile.load %w[%c0, %c0] step 2 : memref<8x16xf32, affine_map<(n, k) -> (n floordiv 4, k, n mod 4)>> -> tensor<4x16xf32>
  tile.return
}

// -----

tile.kernel @k(%x: memref<8x16xf32>, %v: memref<8xf32>, %w: memref<8x16xf32, affine_map<(n, k) -> (n floordiv 4, k, n mod 4)>>)
    writes [true, true, false] grid [1] ids(%id) {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  // expected-error @+1 {{'tile.load' op expected a row-major buffer of two dimensions for a strided or counted tile, found 'memref<8x16xf32, affine_map<(d0, d1) -> (d0 floordiv 4, d1, d0 mod 4)>>'}}
  %t = tile.load %w[%c0, %c0] rows %id : memref<8x16xf32, affine_map<(n, k) -> (n floordiv 4, k, n mod 4)>> -> tensor<4x16xf32>
  tile.return
}

// -----

tile.kernel @k(%x: memref<8x16xf32>, %v: memref<8xf32>, %w: memref<8x16xf32, affine_map<(n, k) -> (n floordiv 4, k, n mod 4)>>)
    writes [true, true, false] grid [1] ids(%id) {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  // expected-error @+1 {{'tile.load' op expected the tile to lie inside the buffer, found 'tensor<3x16xf32>' at offset 2 and step 3 of a dimension of 8}}
  %t = tile.load %x[%c2, %c0] step 3 : memref<8x16xf32> -> tensor<3x16xf32>
  tile.return
}

// -----

tile.kernel @k(%x: memref<8x16xf32>, %v: memref<8xf32>, %w: memref<8x16xf32, affine_map<(n, k) -> (n floordiv 4, k, n mod 4)>>)
    writes [true, true, false] grid [1] ids(%id) {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  // expected-error @+1 {{'tile.load' op expected the tile to lie inside the buffer, found 'tensor<2x16xf32>' at offset 0 and step 9223372036854775807 of a dimension of 8}}
  %t = tile.load %x[%c0, %c0] step 9223372036854775807 : memref<8x16xf32> -> tensor<2x16xf32>
  tile.return
}

// -----

tile.kernel @k(%x: memref<8x16xf32>, %v: memref<8xf32>, %w: memref<8x16xf32, affine_map<(n, k) -> (n floordiv 4, k, n mod 4)>>)
    writes [true, true, false] grid [1] ids(%id) {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  // The rows that exist lie inside in the first of both.
  %u = tile.load %x[%c2, %c0] step 3 rows %c2 : memref<8x16xf32> -> tensor<64x16xf32>
  // expected-error @+1 {{'tile.load' op expected the tile to lie inside the buffer, found 'tensor<64x16xf32>' at offset 2 and step 6 of a dimension of 8}}
  %t = tile.load %x[%c2, %c0] step 6 rows %c2 : memref<8x16xf32> -> tensor<64x16xf32>
  tile.return
}

// -----

tile.kernel @k(%x: memref<8x16xf32>, %v: memref<8xf32>, %w: memref<8x16xf32, affine_map<(n, k) -> (n floordiv 4, k, n mod 4)>>)
    writes [true, true, false] grid [1] ids(%id) {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  // expected-error @+1 {{'tile.load' op expected the tile to lie inside the buffer, found 'tensor<64x16xf32>' at offset 2 of a dimension of 16}}
  %t = tile.load %x[%c0, %c2] rows %id : memref<8x16xf32> -> tensor<64x16xf32>
  tile.return
}

// -----

tile.kernel @k(%x: memref<8x16xf32>, %v: memref<8xf32>, %w: memref<8x16xf32, affine_map<(n, k) -> (n floordiv 4, k, n mod 4)>>)
    writes [true, true, false] grid [1] ids(%id) {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %t = tile.load %x[%c2, %c0] step 2 : memref<8x16xf32> -> tensor<3x16xf32>
  // expected-error @+1 {{'tile.store' op expected the tile to lie inside the buffer, found 'tensor<3x16xf32>' at offset 0 and step 4 of a dimension of 8}}
  tile.store %t, %x[%c0, %c0] step 4 : tensor<3x16xf32>, memref<8x16xf32>
  tile.return
}

// -----

tile.kernel @k(%x: memref<8x16xf32>, %v: memref<8xf32>, %w: memref<8x16xf32, affine_map<(n, k) -> (n floordiv 4, k, n mod 4)>>)
    writes [true, true, false] grid [1] ids(%id) {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %t = tile.load %v[%c0] : memref<8xf32> -> tensor<2xf32>
  // expected-error @+1 {{'tile.store' op expected a row-major buffer of two dimensions for a strided or counted tile, found 'memref<8xf32>'}}
  tile.store %t, %v[%c0] rows %id : tensor<2xf32>, memref<8xf32>
  tile.return
}
