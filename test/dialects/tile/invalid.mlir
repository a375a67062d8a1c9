// RUN: rondo-opt %s --split-input-file --verify-diagnostics

// expected-error @+1 {{'tile.kernel' op expected one 'writes' flag per buffer, found 1 flags for 2 buffers}}
tile.kernel @k(%x: memref<4xf32>, %y: memref<4xf32>) writes [false] grid [1] ids(%i) {
  tile.return
}

// -----

// expected-error @+1 {{'tile.kernel' op expected positive grid extents, found 0}}
tile.kernel @k() writes [] grid [0] ids(%i) {
  tile.return
}

// -----

// expected-error @+1 {{'tile.kernel' op expected one id per grid dimension, at least one, found 0 dimensions}}
tile.kernel @k() writes [] grid [] ids() {
  tile.return
}

// -----

// expected-error @+1 {{'tile.kernel' op expected a row-major or panel layout, found 'memref<4x4xf32, affine_map<(d0, d1) -> (d1, d0)>>'}}
tile.kernel @k(%x: memref<4x4xf32, affine_map<(n, k) -> (k, n)>>) writes [false] grid [1] ids(%i) {
  tile.return
}

// -----

tile.kernel @k(%x: memref<8x16xf32>, %v: memref<8xf32>, %i: memref<4xi32>, %m: memref<4x16xi32>,
               %w: memref<8x16xf32, affine_map<(n, k) -> (n floordiv 4, k, n mod 4)>>)
    writes [true, false, false, true, true] grid [1] ids(%id) {
  %c0 = arith.constant 0 : index
  %c6 = arith.constant 6 : index
  %a = tile.load %x[%c0, %c0] : memref<8x16xf32> -> tensor<8x16xf32>
  %n = tile.load %m[%c0, %c0] : memref<4x16xi32> -> tensor<4x16xi32>
  %r = tile.load %i[%c0] : memref<4xi32> -> tensor<4xi32>
  // expected-error @+1 {{'tile.load' op expected a tile of 'f32', found 'tensor<4xi32>'}}
  %t = tile.load %v[%c0] : memref<8xf32> -> tensor<4xi32>
  tile.return
}

// -----

tile.kernel @k(%x: memref<8x16xf32>, %v: memref<8xf32>, %i: memref<4xi32>, %m: memref<4x16xi32>,
               %w: memref<8x16xf32, affine_map<(n, k) -> (n floordiv 4, k, n mod 4)>>)
    writes [true, false, false, true, true] grid [1] ids(%id) {
  %c0 = arith.constant 0 : index
  %c6 = arith.constant 6 : index
  %a = tile.load %x[%c0, %c0] : memref<8x16xf32> -> tensor<8x16xf32>
  %n = tile.load %m[%c0, %c0] : memref<4x16xi32> -> tensor<4x16xi32>
  %r = tile.load %i[%c0] : memref<4xi32> -> tensor<4xi32>
  // expected-error @+1 {{'tile.load' op expected one offset and one tile dimension per dimension of 'memref<8x16xf32>', found 1 offsets and 'tensor<4xf32>'}}
  %t = tile.load %x[%c0] : memref<8x16xf32> -> tensor<4xf32>
  tile.return
}

// -----

tile.kernel @k(%x: memref<8x16xf32>, %v: memref<8xf32>, %i: memref<4xi32>, %m: memref<4x16xi32>,
               %w: memref<8x16xf32, affine_map<(n, k) -> (n floordiv 4, k, n mod 4)>>)
    writes [true, false, false, true, true] grid [1] ids(%id) {
  %c0 = arith.constant 0 : index
  %c6 = arith.constant 6 : index
  %a = tile.load %x[%c0, %c0] : memref<8x16xf32> -> tensor<8x16xf32>
  %n = tile.load %m[%c0, %c0] : memref<4x16xi32> -> tensor<4x16xi32>
  %r = tile.load %i[%c0] : memref<4xi32> -> tensor<4xi32>
  // expected-error @+1 {{'tile.load' op expected the tile to lie inside the buffer, found 'tensor<4x16xf32>' at offset 6 of a dimension of 8}}
  %t = tile.load %x[%c6, %c0] : memref<8x16xf32> -> tensor<4x16xf32>
  tile.return
}

// -----

tile.kernel @k(%x: memref<8x16xf32>, %v: memref<8xf32>, %i: memref<4xi32>, %m: memref<4x16xi32>,
               %w: memref<8x16xf32, affine_map<(n, k) -> (n floordiv 4, k, n mod 4)>>)
    writes [true, false, false, true, true] grid [1] ids(%id) {
  %c0 = arith.constant 0 : index
  %c6 = arith.constant 6 : index
  %a = tile.load %x[%c0, %c0] : memref<8x16xf32> -> tensor<8x16xf32>
  %n = tile.load %m[%c0, %c0] : memref<4x16xi32> -> tensor<4x16xi32>
  %r = tile.load %i[%c0] : memref<4xi32> -> tensor<4xi32>
  %b = tile.load %x[%c0, %c0] : memref<8x16xf32> -> tensor<2x16xf32>
  // expected-error @+1 {{'tile.store' op expected a tile of whole panels of 4 rows or one that ends at the buffer's last row, found 'tensor<2x16xf32>'}}
  tile.store %b, %w[%c0, %c0] : tensor<2x16xf32>, memref<8x16xf32, affine_map<(n, k) -> (n floordiv 4, k, n mod 4)>>
  tile.return
}

// -----

tile.kernel @k(%x: memref<8x16xf32>,
               %w: memref<10x16xf32, affine_map<(n, k) -> (n floordiv 4, k, n mod 4)>>)
    writes [false, true] grid [1] ids(%id) {
  %c0 = arith.constant 0 : index
  %c6 = arith.constant 6 : index
  %a = tile.load %x[%c0, %c0] : memref<8x16xf32> -> tensor<4x16xf32>
  // expected-error @+1 {{'tile.store' op expected an offset that is a multiple of the panels' 4 rows, found 6}}
  tile.store %a, %w[%c6, %c0] : tensor<4x16xf32>, memref<10x16xf32, affine_map<(n, k) -> (n floordiv 4, k, n mod 4)>>
  tile.return
}

// -----

tile.kernel @k(%x: memref<8x16xf32>, %v: memref<8xf32>, %i: memref<4xi32>, %m: memref<4x16xi32>,
               %w: memref<8x16xf32, affine_map<(n, k) -> (n floordiv 4, k, n mod 4)>>)
    writes [true, false, false, true, true] grid [1] ids(%id) {
  %c0 = arith.constant 0 : index
  %c6 = arith.constant 6 : index
  %a = tile.load %x[%c0, %c0] : memref<8x16xf32> -> tensor<8x16xf32>
  %n = tile.load %m[%c0, %c0] : memref<4x16xi32> -> tensor<4x16xi32>
  %r = tile.load %i[%c0] : memref<4xi32> -> tensor<4xi32>
  // expected-error @+1 {{'tile.gather' op expected one i32 row index per row of 'tensor<3x16xf32>', found 'tensor<4xi32>'}}
  %t = tile.gather %x[%r, %c0] : memref<8x16xf32>, tensor<4xi32> -> tensor<3x16xf32>
  tile.return
}

// -----

tile.kernel @k(%x: memref<8x16xf32>, %v: memref<8xf32>, %i: memref<4xi32>, %m: memref<4x16xi32>,
               %w: memref<8x16xf32, affine_map<(n, k) -> (n floordiv 4, k, n mod 4)>>)
    writes [true, false, false, true, true] grid [1] ids(%id) {
  %c0 = arith.constant 0 : index
  %c6 = arith.constant 6 : index
  %a = tile.load %x[%c0, %c0] : memref<8x16xf32> -> tensor<8x16xf32>
  %n = tile.load %m[%c0, %c0] : memref<4x16xi32> -> tensor<4x16xi32>
  %r = tile.load %i[%c0] : memref<4xi32> -> tensor<4xi32>
  // expected-error @+1 {{'tile.gather' op expected a two-dimensional buffer and tile of one element type, found 'memref<8xf32>' and 'tensor<4x4xf32>'}}
  %t = tile.gather %v[%r, %c0] : memref<8xf32>, tensor<4xi32> -> tensor<4x4xf32>
  tile.return
}

// -----

tile.kernel @k(%x: memref<8x16xf32>, %v: memref<8xf32>, %i: memref<4xi32>, %m: memref<4x16xi32>,
               %w: memref<8x16xf32, affine_map<(n, k) -> (n floordiv 4, k, n mod 4)>>)
    writes [true, false, false, true, true] grid [1] ids(%id) {
  %c0 = arith.constant 0 : index
  %c6 = arith.constant 6 : index
  %a = tile.load %x[%c0, %c0] : memref<8x16xf32> -> tensor<8x16xf32>
  %n = tile.load %m[%c0, %c0] : memref<4x16xi32> -> tensor<4x16xi32>
  %r = tile.load %i[%c0] : memref<4xi32> -> tensor<4xi32>
  // expected-error @+1 {{'tile.gather' op expected at most 16 columns, found 'tensor<4x17xf32>'}}
  %t = tile.gather %x[%r, %c0] : memref<8x16xf32>, tensor<4xi32> -> tensor<4x17xf32>
  tile.return
}

// -----

tile.kernel @k(%x: memref<8x16xf32>, %v: memref<8xf32>, %i: memref<4xi32>, %m: memref<4x16xi32>,
               %w: memref<8x16xf32, affine_map<(n, k) -> (n floordiv 4, k, n mod 4)>>)
    writes [true, false, false, true, true] grid [1] ids(%id) {
  %c0 = arith.constant 0 : index
  %c6 = arith.constant 6 : index
  %a = tile.load %x[%c0, %c0] : memref<8x16xf32> -> tensor<8x16xf32>
  %n = tile.load %m[%c0, %c0] : memref<4x16xi32> -> tensor<4x16xi32>
  %r = tile.load %i[%c0] : memref<4xi32> -> tensor<4xi32>
  // expected-error @+1 {{'tile.scatter_add' op expected an f32 buffer, found 'memref<4x16xi32>'}}
  tile.scatter_add %n, %m[%r, %c0] : tensor<4x16xi32>, memref<4x16xi32>, tensor<4xi32>
  tile.return
}
