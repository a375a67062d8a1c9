// RUN: rondo-opt %s --split-input-file --verify-diagnostics

tile.kernel @k(%x: memref<8x16xf32>, %v: memref<8xf32>) writes [false, false] grid [1] ids(%id) {
  %c0 = arith.constant 0 : index
  %f = memref.load %v[%c0] : memref<8xf32>
  %a = tile.load %x[%c0, %c0] : memref<8x16xf32> -> tensor<8x16xf32>
  %s = tile.load %x[%c0, %c0] : memref<8x16xf32> -> tensor<8x8xf32>
  %u = tile.load %v[%c0] : memref<8xf32> -> tensor<8xf32>
  // expected-error @+1 {{'tile.dot' op expected two-dimensional tiles, found 'tensor<8xf32>', 'tensor<8x16xf32>' and 'tensor<8x8xf32>'}}
  %d = tile.dot %u, %a : tensor<8xf32>, tensor<8x16xf32> -> tensor<8x8xf32>
  tile.return
}

// -----

tile.kernel @k(%x: memref<8x16xf32>, %v: memref<8xf32>) writes [false, false] grid [1] ids(%id) {
  %c0 = arith.constant 0 : index
  %f = memref.load %v[%c0] : memref<8xf32>
  %a = tile.load %x[%c0, %c0] : memref<8x16xf32> -> tensor<8x16xf32>
  %s = tile.load %x[%c0, %c0] : memref<8x16xf32> -> tensor<8x8xf32>
  %u = tile.load %v[%c0] : memref<8xf32> -> tensor<8xf32>
  // expected-error @+1 {{'tile.dot' op expected operands that share their contraction, found 16 and 8}}
  %d = tile.dot %a, %a : tensor<8x16xf32>, tensor<8x16xf32> -> tensor<8x16xf32>
  tile.return
}

// -----

tile.kernel @k(%x: memref<8x16xf32>, %v: memref<8xf32>) writes [false, false] grid [1] ids(%id) {
  %c0 = arith.constant 0 : index
  %f = memref.load %v[%c0] : memref<8xf32>
  %a = tile.load %x[%c0, %c0] : memref<8x16xf32> -> tensor<8x16xf32>
  %s = tile.load %x[%c0, %c0] : memref<8x16xf32> -> tensor<8x8xf32>
  %u = tile.load %v[%c0] : memref<8xf32> -> tensor<8xf32>
  // expected-error @+1 {{'tile.dot' op expected a result of 8x8, found 'tensor<8x16xf32>'}}
  %d = tile.dot %a, %a {transpose_b} : tensor<8x16xf32>, tensor<8x16xf32> -> tensor<8x16xf32>
  tile.return
}

// -----

tile.kernel @k(%x: memref<8x16xf32>, %v: memref<8xf32>) writes [false, false] grid [1] ids(%id) {
  %c0 = arith.constant 0 : index
  %f = memref.load %v[%c0] : memref<8xf32>
  %a = tile.load %x[%c0, %c0] : memref<8x16xf32> -> tensor<8x16xf32>
  %s = tile.load %x[%c0, %c0] : memref<8x16xf32> -> tensor<8x8xf32>
  %u = tile.load %v[%c0] : memref<8xf32> -> tensor<8xf32>
  // expected-error @+1 {{'tile.dot' op expected an accumulator of the result's type 'tensor<8x8xf32>', found 'tensor<8x16xf32>'}}
  %d = tile.dot %a, %a, %a {transpose_b} : tensor<8x16xf32>, tensor<8x16xf32>, tensor<8x16xf32> -> tensor<8x8xf32>
  tile.return
}

// -----

tile.kernel @k(%x: memref<8x16xf32>, %v: memref<8xf32>) writes [false, false] grid [1] ids(%id) {
  %c0 = arith.constant 0 : index
  %f = memref.load %v[%c0] : memref<8xf32>
  %a = tile.load %x[%c0, %c0] : memref<8x16xf32> -> tensor<8x16xf32>
  %s = tile.load %x[%c0, %c0] : memref<8x16xf32> -> tensor<8x8xf32>
  %u = tile.load %v[%c0] : memref<8xf32> -> tensor<8xf32>
  // expected-error @+1 {{'tile.dot' op expected a square result for lower_result, found 'tensor<8x16xf32>'}}
  %d = tile.dot %s, %a {triangle = #tile.triangle<lower_result>} : tensor<8x8xf32>, tensor<8x16xf32> -> tensor<8x16xf32>
  tile.return
}

// -----

tile.kernel @k(%x: memref<8x16xf32>, %v: memref<8xf32>) writes [false, false] grid [1] ids(%id) {
  %c0 = arith.constant 0 : index
  %f = memref.load %v[%c0] : memref<8xf32>
  %a = tile.load %x[%c0, %c0] : memref<8x16xf32> -> tensor<8x16xf32>
  %s = tile.load %x[%c0, %c0] : memref<8x16xf32> -> tensor<8x8xf32>
  %u = tile.load %v[%c0] : memref<8xf32> -> tensor<8xf32>
  // expected-error @+1 {{'tile.dot' op expected a square left operand for lower_lhs, found 'tensor<8x16xf32>'}}
  %d = tile.dot %a, %a {transpose_b, triangle = #tile.triangle<lower_lhs>} : tensor<8x16xf32>, tensor<8x16xf32> -> tensor<8x8xf32>
  tile.return
}

// -----

tile.kernel @k(%x: memref<8x16xf32>, %v: memref<8xf32>) writes [false, false] grid [1] ids(%id) {
  %c0 = arith.constant 0 : index
  %f = memref.load %v[%c0] : memref<8xf32>
  %a = tile.load %x[%c0, %c0] : memref<8x16xf32> -> tensor<8x16xf32>
  %s = tile.load %x[%c0, %c0] : memref<8x16xf32> -> tensor<8x8xf32>
  %u = tile.load %v[%c0] : memref<8xf32> -> tensor<8xf32>
  // expected-error @+1 {{'tile.dot' op expected a square result for upper_result, found 'tensor<8x16xf32>'}}
  %d = tile.dot %s, %a {triangle = #tile.triangle<upper_result>} : tensor<8x8xf32>, tensor<8x16xf32> -> tensor<8x16xf32>
  tile.return
}

// -----

tile.kernel @k(%x: memref<8x16xf32>, %v: memref<8xf32>) writes [false, false] grid [1] ids(%id) {
  %c0 = arith.constant 0 : index
  %f = memref.load %v[%c0] : memref<8xf32>
  %a = tile.load %x[%c0, %c0] : memref<8x16xf32> -> tensor<8x16xf32>
  %s = tile.load %x[%c0, %c0] : memref<8x16xf32> -> tensor<8x8xf32>
  %u = tile.load %v[%c0] : memref<8xf32> -> tensor<8xf32>
  // expected-error @+1 {{'tile.dot' op expected a square left operand for upper_lhs, found 'tensor<8x16xf32>'}}
  %d = tile.dot %a, %a {transpose_b, triangle = #tile.triangle<upper_lhs>} : tensor<8x16xf32>, tensor<8x16xf32> -> tensor<8x8xf32>
  tile.return
}

// -----

tile.kernel @k(%x: memref<8x16xf32>, %v: memref<8xf32>) writes [false, false] grid [1] ids(%id) {
  %c0 = arith.constant 0 : index
  %f = memref.load %v[%c0] : memref<8xf32>
  %a = tile.load %x[%c0, %c0] : memref<8x16xf32> -> tensor<8x16xf32>
  %s = tile.load %x[%c0, %c0] : memref<8x16xf32> -> tensor<8x8xf32>
  %u = tile.load %v[%c0] : memref<8xf32> -> tensor<8xf32>
  // expected-error @+1 {{'tile.broadcast' op expected elements of 'f32', found 'tensor<8xi32>'}}
  %d = tile.broadcast %f : f32 -> tensor<8xi32>
  tile.return
}

// -----

tile.kernel @k(%x: memref<8x16xf32>, %v: memref<8xf32>) writes [false, false] grid [1] ids(%id) {
  %c0 = arith.constant 0 : index
  %f = memref.load %v[%c0] : memref<8xf32>
  %a = tile.load %x[%c0, %c0] : memref<8x16xf32> -> tensor<8x16xf32>
  %s = tile.load %x[%c0, %c0] : memref<8x16xf32> -> tensor<8x8xf32>
  %u = tile.load %v[%c0] : memref<8xf32> -> tensor<8xf32>
  // expected-error @+1 {{'tile.broadcast' op expected an axis for a tile and none for a scalar, found source 'tensor<8xf32>'}}
  %d = tile.broadcast %u : tensor<8xf32> -> tensor<8x4xf32>
  tile.return
}

// -----

tile.kernel @k(%x: memref<8x16xf32>, %v: memref<8xf32>) writes [false, false] grid [1] ids(%id) {
  %c0 = arith.constant 0 : index
  %f = memref.load %v[%c0] : memref<8xf32>
  %a = tile.load %x[%c0, %c0] : memref<8x16xf32> -> tensor<8x16xf32>
  %s = tile.load %x[%c0, %c0] : memref<8x16xf32> -> tensor<8x8xf32>
  %u = tile.load %v[%c0] : memref<8xf32> -> tensor<8xf32>
  // expected-error @+1 {{'tile.broadcast' op expected the result's shape without axis 0, found 'tensor<8xf32>'}}
  %d = tile.broadcast %u axis 0 : tensor<8xf32> -> tensor<8x4xf32>
  tile.return
}

// -----

tile.kernel @k(%x: memref<8x16xf32>, %v: memref<8xf32>) writes [false, false] grid [1] ids(%id) {
  %c0 = arith.constant 0 : index
  %f = memref.load %v[%c0] : memref<8xf32>
  %a = tile.load %x[%c0, %c0] : memref<8x16xf32> -> tensor<8x16xf32>
  %s = tile.load %x[%c0, %c0] : memref<8x16xf32> -> tensor<8x8xf32>
  %u = tile.load %v[%c0] : memref<8xf32> -> tensor<8xf32>
  // expected-error @+1 {{'tile.reduce' op expected 'tensor<8x16xf32>' without axis 1, found 'tensor<16xf32>'}}
  %d = tile.reduce add %a axis 1 : tensor<8x16xf32> -> tensor<16xf32>
  tile.return
}

// -----

tile.kernel @k(%x: memref<8x16xf32>, %v: memref<8xf32>) writes [false, false] grid [1] ids(%id) {
  %c0 = arith.constant 0 : index
  %f = memref.load %v[%c0] : memref<8xf32>
  %a = tile.load %x[%c0, %c0] : memref<8x16xf32> -> tensor<8x16xf32>
  %s = tile.load %x[%c0, %c0] : memref<8x16xf32> -> tensor<8x8xf32>
  %u = tile.load %v[%c0] : memref<8xf32> -> tensor<8xf32>
  // expected-error @+1 {{'tile.scan' op expected an axis of 'tensor<8x16xf32>', found 2}}
  %d = tile.scan add %a axis 2 : tensor<8x16xf32>
  tile.return
}

// -----

tile.kernel @k(%x: memref<8x16xf32>, %v: memref<8xf32>) writes [false, false] grid [1] ids(%id) {
  %c0 = arith.constant 0 : index
  %f = memref.load %v[%c0] : memref<8xf32>
  %a = tile.load %x[%c0, %c0] : memref<8x16xf32> -> tensor<8x16xf32>
  %s = tile.load %x[%c0, %c0] : memref<8x16xf32> -> tensor<8x8xf32>
  %u = tile.load %v[%c0] : memref<8xf32> -> tensor<8xf32>
  // expected-error @+1 {{'tile.iota' op expected a tile of i32 or i64, found 'tensor<8xf32>'}}
  %d = tile.iota axis 0 : tensor<8xf32>
  tile.return
}

// -----

tile.kernel @k(%x: memref<8x16xf32>, %v: memref<8xf32>) writes [false, false] grid [1] ids(%id) {
  %c0 = arith.constant 0 : index
  %f = memref.load %v[%c0] : memref<8xf32>
  %a = tile.load %x[%c0, %c0] : memref<8x16xf32> -> tensor<8x16xf32>
  %s = tile.load %x[%c0, %c0] : memref<8x16xf32> -> tensor<8x8xf32>
  %u = tile.load %v[%c0] : memref<8xf32> -> tensor<8xf32>
  // expected-error @+1 {{'tile.repeat' op expected the columns of 'tensor<8x16xf32>' a whole number of times, found 'tensor<8x40xf32>'}}
  %d = tile.repeat %a : tensor<8x16xf32> -> tensor<8x40xf32>
  tile.return
}

// -----

tile.kernel @k(%x: memref<8x16xf32>, %v: memref<8xf32>) writes [false, false] grid [1] ids(%id) {
  %c0 = arith.constant 0 : index
  %f = memref.load %v[%c0] : memref<8xf32>
  %a = tile.load %x[%c0, %c0] : memref<8x16xf32> -> tensor<8x16xf32>
  %s = tile.load %x[%c0, %c0] : memref<8x16xf32> -> tensor<8x8xf32>
  %u = tile.load %v[%c0] : memref<8xf32> -> tensor<8xf32>
  // expected-error @+1 {{'tile.rotate_pairs' op expected an even width that divides the columns of 'tensor<8x16xf32>', found 6}}
  %d = tile.rotate_pairs halves %a width 6 : tensor<8x16xf32>
  tile.return
}

// -----

tile.kernel @k(%x: memref<8x16xf32>, %v: memref<8xf32>) writes [false, false] grid [1] ids(%id) {
  %c0 = arith.constant 0 : index
  %f = memref.load %v[%c0] : memref<8xf32>
  %a = tile.load %x[%c0, %c0] : memref<8x16xf32> -> tensor<8x16xf32>
  %s = tile.load %x[%c0, %c0] : memref<8x16xf32> -> tensor<8x8xf32>
  %u = tile.load %v[%c0] : memref<8xf32> -> tensor<8xf32>
  // expected-error @+1 {{'tile.reshape' op expected as many elements of one type, found 'tensor<8x16xf32>' and 'tensor<8x8xf32>'}}
  %d = tile.reshape %a : tensor<8x16xf32> -> tensor<8x8xf32>
  tile.return
}

// -----

tile.kernel @k(%x: memref<8x16xf32>, %v: memref<8xf32>) writes [false, false] grid [1] ids(%id) {
  %c0 = arith.constant 0 : index
  %f = memref.load %v[%c0] : memref<8xf32>
  %a = tile.load %x[%c0, %c0] : memref<8x16xf32> -> tensor<8x16xf32>
  %s = tile.load %x[%c0, %c0] : memref<8x16xf32> -> tensor<8x8xf32>
  %u = tile.load %v[%c0] : memref<8xf32> -> tensor<8xf32>
  // expected-error @+1 {{'tile.transpose' op expected the rows of 'tensor<8x16xf32>' as columns, found 'tensor<8x8xf32>'}}
  %d = tile.transpose %a : tensor<8x16xf32> -> tensor<8x8xf32>
  tile.return
}
