// RUN: rondo-opt %s "--rondo-lower-tiles-to-threads=threads=128" --split-input-file | FileCheck %s

// Few rows: each warp streams a row of the weight at a time to registers, four loads of 16 bytes a thread together; nothing is staged.
// CHECK-LABEL: func.func @few_rows(
// CHECK-NOT: memref.alloca
// CHECK-NOT: device_async_copy
// CHECK: scf.for
// CHECK: scf.for {{.*}} iter_args({{.*}}) -> (vector<4xf32>, vector<4xf32>)
// CHECK-COUNT-4: vector.load %arg1[{{.*}}] {alignment = 16 : i64} : memref<8x512xf32>, vector<4xf32>
// CHECK-COUNT-8: math.fma {{.*}} : vector<4xf32>
// CHECK-COUNT-10: gpu.shuffle xor
// CHECK: scf.if
// CHECK-COUNT-2: memref.store %{{.+}}, %arg2
// CHECK: gpu.barrier
tile.kernel @few_rows(%x: memref<2x512xf32>, %w: memref<8x512xf32>, %y: memref<2x8xf32>) writes [false, false, true] grid [1] ids(%i) {
  %c0 = arith.constant 0 : index
  %a = tile.load %x[%c0, %c0] : memref<2x512xf32> -> tensor<2x512xf32>
  %b = tile.load %w[%c0, %c0] : memref<8x512xf32> -> tensor<8x512xf32>
  %p = tile.dot %a, %b {transpose_b} : tensor<2x512xf32>, tensor<8x512xf32> -> tensor<2x8xf32>
  tile.store %p, %y[%c0, %c0] : tensor<2x8xf32>, memref<2x8xf32>
  tile.return
}

// -----

// What is left of k after whole rounds is done by as many threads as it takes.
// CHECK-LABEL: func.func @rest(
// CHECK: scf.for {{.*}} iter_args({{.*}}) -> (vector<4xf32>)
// CHECK-COUNT-4: vector.load %arg1
// CHECK: scf.for {{.*}} iter_args({{.*}}) -> (vector<4xf32>)
// CHECK: vector.load %arg1
// CHECK-NOT: vector.load %arg1
// CHECK: gpu.shuffle xor
tile.kernel @rest(%x: memref<1x580xf32>, %w: memref<8x580xf32>, %y: memref<1x8xf32>) writes [false, false, true] grid [1] ids(%i) {
  %c0 = arith.constant 0 : index
  %a = tile.load %x[%c0, %c0] : memref<1x580xf32> -> tensor<1x580xf32>
  %b = tile.load %w[%c0, %c0] : memref<8x580xf32> -> tensor<8x580xf32>
  %p = tile.dot %a, %b {transpose_b} : tensor<1x580xf32>, tensor<8x580xf32> -> tensor<1x8xf32>
  tile.store %p, %y[%c0, %c0] : tensor<1x8xf32>, memref<1x8xf32>
  tile.return
}

// -----

// Rows that whole vectors do not divide are staged as those of other products.
// CHECK-LABEL: func.func @odd_depth(
// CHECK-NOT: vector.load
// CHECK: nvgpu.device_async_copy
// CHECK-NOT: vector.load
// CHECK: return
tile.kernel @odd_depth(%x: memref<2x102xf32>, %w: memref<8x102xf32>, %y: memref<2x8xf32>) writes [false, false, true] grid [1] ids(%i) {
  %c0 = arith.constant 0 : index
  %a = tile.load %x[%c0, %c0] : memref<2x102xf32> -> tensor<2x102xf32>
  %b = tile.load %w[%c0, %c0] : memref<8x102xf32> -> tensor<8x102xf32>
  %p = tile.dot %a, %b {transpose_b} : tensor<2x102xf32>, tensor<8x102xf32> -> tensor<2x8xf32>
  tile.store %p, %y[%c0, %c0] : tensor<2x8xf32>, memref<2x8xf32>
  tile.return
}
