// RUN: rondo-opt %s "--rondo-lower-tiles-to-threads=threads=128 shared=8192" --verify-diagnostics

// Slices of products cannot lie anywhere else.
// expected-error @+1 {{expected slices of products that fit into 8192 bytes of shared memory, found 16384}}
tile.kernel @product(%a: memref<64x64xf32>, %b: memref<64x64xf32>, %c: memref<64x64xf32>) writes [false, false, true] grid [1] ids(%i) {
  %c0 = arith.constant 0 : index
  %ta = tile.load %a[%c0, %c0] : memref<64x64xf32> -> tensor<64x64xf32>
  %tb = tile.load %b[%c0, %c0] : memref<64x64xf32> -> tensor<64x64xf32>
  %d = tile.dot %ta, %tb {precision = #tile.precision<bf16>} : tensor<64x64xf32>, tensor<64x64xf32> -> tensor<64x64xf32>
  tile.store %d, %c[%c0, %c0] : tensor<64x64xf32>, memref<64x64xf32>
  tile.return
}
