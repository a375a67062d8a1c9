// RUN: rondo-opt %s --rondo-lower-tiles-to-vectors --split-input-file --verify-diagnostics

tile.kernel @constant(%y: memref<2xf32>) writes [true] grid [1] ids(%i) {
  %c0 = arith.constant 0 : index
  // expected-error @+1 {{'arith.constant' op expected a tile constant with one value for all elements}}
  %t = arith.constant dense<[1.0, 2.0]> : tensor<2xf32>
  tile.store %t, %y[%c0] : tensor<2xf32>, memref<2xf32>
  tile.return
}

// -----

tile.kernel @function(%y: memref<2xf32>) writes [true] grid [1] ids(%i) {
  %c0 = arith.constant 0 : index
  %t = tile.load %y[%c0] : memref<2xf32> -> tensor<2xf32>
  // expected-error @+1 {{'math.expm1' op has no lowering}}
  %u = math.expm1 %t : tensor<2xf32>
  tile.store %u, %y[%c0] : tensor<2xf32>, memref<2xf32>
  tile.return
}
