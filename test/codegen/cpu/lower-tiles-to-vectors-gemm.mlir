// RUN: rondo-opt %s --rondo-lower-tiles-to-vectors --cse | FileCheck %s

#panels = affine_map<(n, k) -> (n floordiv 32, k, n mod 32)>

// Weights are read from their panels, the row of 10 is a register tile of 8 and one of 2, and the activation runs on the accumulators: no copy,
// no scratch.
// CHECK-LABEL: func.func @gemm_with_epilogue(
// CHECK-SAME: %{{.*}}: memref<10x64xf32> {llvm.noalias}, %[[W:[a-z0-9]+]]: memref<2x64x32xf32> {llvm.noalias}
// CHECK-NOT: memref.alloca
// CHECK: scf.for
// CHECK: %[[SUMS:[0-9]+]]:16 = scf.for %[[K:[a-z0-9]+]] = {{.*}} -> (vector<16xf32>
// CHECK: vector.load %[[W]][%{{.*}}, %[[K]], %{{.*}}] : memref<2x64x32xf32>, vector<16xf32>
// CHECK-COUNT-16: vector.fma
// CHECK: arith.maximumf %[[SUMS]]#0
// CHECK-NEXT: vector.store
// CHECK: %{{.*}}:4 = scf.for
// CHECK-COUNT-4: vector.fma
tile.kernel @gemm_with_epilogue(%x: memref<10x64xf32>, %w: memref<64x64xf32, #panels>, %y: memref<10x64xf32>)
    writes [false, false, true] grid [1] ids(%i) {
  %c0 = arith.constant 0 : index
  %zero = arith.constant dense<0.0> : tensor<10x64xf32>
  %a = tile.load %x[%c0, %c0] : memref<10x64xf32> -> tensor<10x64xf32>
  %b = tile.load %w[%c0, %c0] : memref<64x64xf32, #panels> -> tensor<64x64xf32>
  %d = tile.dot %a, %b {transpose_b} : tensor<10x64xf32>, tensor<64x64xf32> -> tensor<10x64xf32>
  %r = arith.maximumf %d, %zero : tensor<10x64xf32>
  tile.store %r, %y[%c0, %c0] : tensor<10x64xf32>, memref<10x64xf32>
  tile.return
}

// One row: four panels side by side in one pass over k.
// CHECK-LABEL: func.func @gemv(
// CHECK-NOT: memref.alloca
// CHECK: %{{.*}}:8 = scf.for
// CHECK: memref.load
// CHECK-COUNT-8: vector.fma
// CHECK-NOT: vector.fma
tile.kernel @gemv(%x: memref<1x64xf32>, %w: memref<256x64xf32, #panels>, %y: memref<1x256xf32>)
    writes [false, false, true] grid [1] ids(%i) {
  %c0 = arith.constant 0 : index
  %a = tile.load %x[%c0, %c0] : memref<1x64xf32> -> tensor<1x64xf32>
  %b = tile.load %w[%c0, %c0] : memref<256x64xf32, #panels> -> tensor<256x64xf32>
  %d = tile.dot %a, %b {transpose_b} : tensor<1x64xf32>, tensor<256x64xf32> -> tensor<1x256xf32>
  tile.store %d, %y[%c0, %c0] : tensor<1x256xf32>, memref<1x256xf32>
  tile.return
}
