// RUN: rondo-opt %s "--rondo-lower-tiles-to-threads=threads=128 shared=16384" | FileCheck %s

// Homes that shared memory has no room for lie in the block's global scratch: the largest first.
// CHECK-LABEL: func.func @carried(
// CHECK-DAG: memref.alloca() {{.*}} : memref<64x64xf32, 1>
// CHECK-DAG: memref.alloca() {{.*}} : memref<8xf32, 3>
tile.kernel @carried(%x: memref<64x64xf32>, %y: memref<64x64xf32>, %z: memref<8xf32>) writes [false, true, true] grid [1] ids(%i) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %t = tile.load %x[%c0, %c0] : memref<64x64xf32> -> tensor<64x64xf32>
  %s = arith.constant dense<1.0> : tensor<8xf32>
  %r:2 = scf.for %k = %c0 to %c4 step %c1 iter_args(%a = %t, %b = %s) -> (tensor<64x64xf32>, tensor<8xf32>) {
    %next = arith.mulf %a, %a : tensor<64x64xf32>
    %sum = arith.addf %b, %b : tensor<8xf32>
    scf.yield %next, %sum : tensor<64x64xf32>, tensor<8xf32>
  }
  tile.store %r#0, %y[%c0, %c0] : tensor<64x64xf32>, memref<64x64xf32>
  tile.store %r#1, %z[%c0] : tensor<8xf32>, memref<8xf32>
  tile.return
}
