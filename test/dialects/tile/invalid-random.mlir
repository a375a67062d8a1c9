// RUN: rondo-opt %s -split-input-file -verify-diagnostics

tile.kernel @no_wide_words(%k: memref<2xi64>) writes [false] grid [1] ids(%i) {
  %seed = memref.load %k[%i] : memref<2xi64>
  // expected-error@+1 {{expected a two-dimensional tile of i32, found 'tensor<4x8xi64>'}}
  %bits = tile.random_bits %seed, %seed [%i, %i] width 8 : tensor<4x8xi64>
  tile.return
}

// -----

tile.kernel @no_narrow_width(%k: memref<2xi64>) writes [false] grid [1] ids(%i) {
  %seed = memref.load %k[%i] : memref<2xi64>
  // expected-error@+1 {{expected a width of at least the tile's 8 columns, found 7}}
  %bits = tile.random_bits %seed, %seed [%i, %i] width 7 : tensor<4x8xi32>
  tile.return
}

// -----

tile.kernel @no_aligned_rows_of_odd_width(%k: memref<2xi64>) writes [false] grid [1] ids(%i) {
  %seed = memref.load %k[%i] : memref<2xi64>
  // expected-error@+1 {{expected width and column to be multiples of 4 where aligned, found 10 and 0}}
  %bits = tile.random_bits %seed, %seed [%i, %i] width 10 aligned : tensor<4x8xi32>
  tile.return
}

// -----

tile.kernel @no_aligned_odd_column(%k: memref<2xi64>) writes [false] grid [1] ids(%i) {
  %seed = memref.load %k[%i] : memref<2xi64>
  %c2 = arith.constant 2 : index
  // expected-error@+1 {{expected width and column to be multiples of 4 where aligned, found 16 and 2}}
  %bits = tile.random_bits %seed, %seed [%i, %c2] width 16 aligned : tensor<4x8xi32>
  tile.return
}
