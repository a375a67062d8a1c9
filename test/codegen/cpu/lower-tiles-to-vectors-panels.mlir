// RUN: rondo-opt %s --rondo-lower-tiles-to-vectors --cse --split-input-file | FileCheck %s

#panels = affine_map<(n, k) -> (n floordiv 32, k, n mod 32)>

// dW = dy^T x into panels: vectors of dy run along the panels' lanes, x gives scalars, and nothing is transposed.
// CHECK-LABEL: func.func @weight_gradient(
// CHECK-SAME: %[[DY:[a-z0-9]+]]: memref<24x64xf32> {llvm.noalias}, %[[X:[a-z0-9]+]]: memref<24x8xf32> {llvm.noalias}, %[[DW:[a-z0-9]+]]: memref<2x8x32xf32>
// CHECK-NOT: memref.alloca
// CHECK-NOT: vector.shuffle
// CHECK: %[[SUMS:[0-9]+]]:16 = scf.for %[[T:[a-z0-9]+]] =
// CHECK-COUNT-2: vector.load %[[DY]][%[[T]], %{{.*}}] : memref<24x64xf32>, vector<16xf32>
// CHECK: memref.load %[[X]][%[[T]], %{{.*}}] : memref<24x8xf32>
// CHECK-COUNT-16: vector.fma
// CHECK: vector.store %[[SUMS]]#0, %[[DW]]
tile.kernel @weight_gradient(%dy: memref<24x64xf32>, %x: memref<24x8xf32>, %dw: memref<64x8xf32, #panels>)
    writes [false, false, true] grid [1] ids(%i) {
  %c0 = arith.constant 0 : index
  %a = tile.load %dy[%c0, %c0] : memref<24x64xf32> -> tensor<24x64xf32>
  %b = tile.load %x[%c0, %c0] : memref<24x8xf32> -> tensor<24x8xf32>
  %d = tile.dot %a, %b {transpose_a} : tensor<24x64xf32>, tensor<24x8xf32> -> tensor<64x8xf32>
  tile.store %d, %dw[%c0, %c0] : tensor<64x8xf32>, memref<64x8xf32, #panels>
  tile.return
}

// -----

#panels = affine_map<(n, k) -> (n floordiv 32, k, n mod 32)>

// dx = dy W with W in panels: a square of W is loaded along the panels' lanes, transposed in registers, and stored in panels of its columns.
// CHECK-LABEL: func.func @input_gradient(
// CHECK-SAME: %[[DY:[a-z0-9]+]]: memref<8x64xf32> {llvm.noalias}, %[[W:[a-z0-9]+]]: memref<2x32x32xf32>
// CHECK: %[[PACKED:.*]] = memref.alloca() {{.*}} : memref<1x64x32xf32>
// CHECK-COUNT-16: vector.load %[[W]][{{.*}}] : memref<2x32x32xf32>, vector<16xf32>
// CHECK-COUNT-64: vector.shuffle
// CHECK-COUNT-16: vector.store {{.*}}, %[[PACKED]]
// CHECK: vector.load %[[PACKED]]
// CHECK-COUNT-16: vector.fma
tile.kernel @input_gradient(%dy: memref<8x64xf32>, %w: memref<64x32xf32, #panels>, %dx: memref<8x32xf32>)
    writes [false, false, true] grid [1] ids(%i) {
  %c0 = arith.constant 0 : index
  %a = tile.load %dy[%c0, %c0] : memref<8x64xf32> -> tensor<8x64xf32>
  %b = tile.load %w[%c0, %c0] : memref<64x32xf32, #panels> -> tensor<64x32xf32>
  %d = tile.dot %a, %b : tensor<8x64xf32>, tensor<64x32xf32> -> tensor<8x32xf32>
  tile.store %d, %dx[%c0, %c0] : tensor<8x32xf32>, memref<8x32xf32>
  tile.return
}

// -----

#panels = affine_map<(n, k) -> (n floordiv 32, k, n mod 32)>

// Work on the storage: vectors run down the columns, a row's factor is a vector, and the rest of the last panel (14 lanes of the first
// vector, the whole second one) becomes zero.
// CHECK-LABEL: func.func @scaled_rows(
// CHECK-SAME: %[[W:[a-z0-9]+]]: memref<2x8x32xf32> {llvm.noalias}, %[[S:[a-z0-9]+]]: memref<34xf32>
// CHECK: vector.load %[[W]]
// CHECK: %[[FACTOR:.*]] = vector.load %[[S]][%{{.*}}] : memref<34xf32>, vector<16xf32>
// CHECK: arith.mulf %{{.*}}, %[[FACTOR]]
// CHECK-NEXT: vector.store {{.*}}, %[[W]]
// CHECK: vector.maskedstore %[[W]]
// CHECK: scf.for
// CHECK: vector.maskedstore %[[W]]
// CHECK: scf.for
// CHECK: vector.store {{.*}}, %[[W]]
tile.kernel @scaled_rows(%w: memref<34x8xf32, #panels>, %s: memref<34xf32>) writes [true, false] grid [1] ids(%i) {
  %c0 = arith.constant 0 : index
  %t = tile.load %w[%c0, %c0] : memref<34x8xf32, #panels> -> tensor<34x8xf32>
  %v = tile.load %s[%c0] : memref<34xf32> -> tensor<34xf32>
  %f = tile.broadcast %v axis 1 : tensor<34xf32> -> tensor<34x8xf32>
  %u = arith.mulf %t, %f : tensor<34x8xf32>
  tile.store %u, %w[%c0, %c0] : tensor<34x8xf32>, memref<34x8xf32, #panels>
  tile.return
}
