// RUN: rondo-opt %s "--rondo-lower-tiles-to-threads=threads=128" --split-input-file | FileCheck %s

// Threads share out the elements of a sink, neighbours on neighbours; a barrier ends it. Blocks take workgroups in turn.
// CHECK-LABEL: func.func @twice(
// CHECK-SAME: %[[X:[a-z0-9]+]]: memref<8x64xf32> {llvm.align = 64 : i64, llvm.noalias, llvm.readonly}, %[[Y:[a-z0-9]+]]: memref<8x64xf32> {llvm.align = 64 : i64, llvm.noalias})
// CHECK-SAME: attributes {rondo.threads = 128 : i64}
// CHECK-DAG: %[[THREAD:.+]] = gpu.thread_id x
// CHECK-DAG: %[[BLOCK:.+]] = gpu.block_id x
// CHECK-DAG: %[[BLOCKS:.+]] = gpu.grid_dim x
// CHECK: scf.for %[[WORKGROUP:.+]] = %[[BLOCK]] to %{{.+}} step %[[BLOCKS]] {
// CHECK: scf.for %[[NUMBER:.+]] = %[[THREAD]] to %{{.+}} step %{{.+}} {
// CHECK: %[[A:.+]] = memref.load %[[X]]
// CHECK: %[[B:.+]] = memref.load %[[X]]
// CHECK: %[[SUM:.+]] = arith.addf %[[A]], %[[B]] : f32
// CHECK: memref.store %[[SUM]], %[[Y]]
// CHECK: }
// CHECK: gpu.barrier
// CHECK-NOT: gpu.barrier
// CHECK: return
tile.kernel @twice(%x: memref<8x64xf32>, %y: memref<8x64xf32>) writes [false, true] grid [2] ids(%i) {
  %c4 = arith.constant 4 : index
  %c0 = arith.constant 0 : index
  %row = arith.muli %i, %c4 : index
  %t = tile.load %x[%row, %c0] : memref<8x64xf32> -> tensor<4x64xf32>
  %u = tile.load %x[%row, %c0] : memref<8x64xf32> -> tensor<4x64xf32>
  %sum = arith.addf %t, %u : tensor<4x64xf32>
  tile.store %sum, %y[%row, %c0] : tensor<4x64xf32>, memref<8x64xf32>
  tile.return
}

// -----

// A warp reduces a row: a chain per thread, then exchanges over 16, 8, 4, 2, 1 threads. The result has a home in shared memory.
// CHECK-LABEL: func.func @row_sums(
// CHECK: memref.alloca() {{.*}} : memref<4xf32, 3>
// CHECK: scf.for {{.*}} iter_args
// CHECK: gpu.shuffle xor %{{.+}}, %{{.+}}, %{{.+}} : f32
// CHECK-COUNT-4: gpu.shuffle xor
// CHECK-NOT: gpu.shuffle
// CHECK: memref.store %{{.+}}, %{{.+}} : memref<4xf32, 3>
// CHECK: gpu.barrier
tile.kernel @row_sums(%x: memref<4x64xf32>, %y: memref<4xf32>) writes [false, true] grid [1] ids(%i) {
  %c0 = arith.constant 0 : index
  %t = tile.load %x[%c0, %c0] : memref<4x64xf32> -> tensor<4x64xf32>
  %sum = tile.reduce add %t axis 1 : tensor<4x64xf32> -> tensor<4xf32>
  tile.store %sum, %y[%c0] : tensor<4xf32>, memref<4xf32>
  tile.return
}

// -----

// A product of 64 x 32 by 128 threads: shares of 4 x 4, slices of 16 steps of both operands in shared memory, sums in registers. While one
// slice is used, the next is copied to the other half; one barrier says that it has arrived and that nobody reads what it overwrites.
// CHECK-LABEL: func.func @product(
// CHECK-DAG: memref.alloca() {{.*}} : memref<32x65xf32, 3>
// CHECK-DAG: memref.alloca() {{.*}} : memref<32x33xf32, 3>
// CHECK: nvgpu.device_async_copy %arg0{{.*}} to memref<32x65xf32, 3>
// CHECK: nvgpu.device_async_copy %arg1{{.*}} to memref<32x33xf32, 3>
// CHECK: %[[SUMS:.+]]:16 = scf.for %[[K:.+]] = {{.*}} iter_args
// CHECK: arith.divui %[[K]]
// CHECK: nvvm.cp.async.commit.group
// CHECK-NEXT: nvvm.cp.async.wait.group 0
// CHECK-NEXT: gpu.barrier
// CHECK: scf.if
// CHECK: nvgpu.device_async_copy %arg0{{.*}} to memref<32x65xf32, 3>
// CHECK: nvgpu.device_async_copy %arg1{{.*}} to memref<32x33xf32, 3>
// CHECK: scf.for {{.*}} iter_args
// CHECK-COUNT-16: math.fma
// CHECK-NOT: gpu.barrier
// CHECK: memref.store %[[SUMS]]#0
// CHECK: gpu.barrier
tile.kernel @product(%a: memref<64x128xf32>, %b: memref<128x32xf32>, %c: memref<64x32xf32>) writes [false, false, true] grid [1] ids(%i) {
  %c0 = arith.constant 0 : index
  %ta = tile.load %a[%c0, %c0] : memref<64x128xf32> -> tensor<64x128xf32>
  %tb = tile.load %b[%c0, %c0] : memref<128x32xf32> -> tensor<128x32xf32>
  %d = tile.dot %ta, %tb : tensor<64x128xf32>, tensor<128x32xf32> -> tensor<64x32xf32>
  tile.store %d, %c[%c0, %c0] : tensor<64x32xf32>, memref<64x32xf32>
  tile.return
}

// -----

// Operands that are computed, or lie in shared memory, are staged by threads; what does not exist is copied as zeros. Few slices are used one after the other.
// CHECK-LABEL: func.func @mixed(
// CHECK-DAG: memref.alloca() {{.*}} : memref<12x65xf32, 3>
// CHECK-DAG: memref.alloca() {{.*}} : memref<12x33xf32, 3>
// CHECK: arith.addf
// CHECK: memref.store {{.*}} : memref<12x65xf32, 3>
// CHECK: %[[EXISTS:.+]] = arith.select %{{.+}}, %c1{{.*}}, %c0
// CHECK: nvgpu.device_async_copy %arg1{{.*}}, 1, %[[EXISTS]] : memref<12x32xf32> to memref<12x33xf32, 3>
// CHECK: nvvm.cp.async.wait.group 0
// CHECK: gpu.barrier
// CHECK-NOT: nvgpu.device_async_copy
// CHECK: gpu.barrier
tile.kernel @mixed(%a: memref<64x12xf32>, %b: memref<12x32xf32>, %n: memref<1xi64>, %c: memref<64x32xf32>) writes [false, false, false, true] grid [1] ids(%i) {
  %c0 = arith.constant 0 : index
  %number = memref.load %n[%c0] : memref<1xi64>
  %rows = arith.index_cast %number : i64 to index
  %ta = tile.load %a[%c0, %c0] : memref<64x12xf32> -> tensor<64x12xf32>
  %sum = arith.addf %ta, %ta : tensor<64x12xf32>
  %tb = tile.load %b[%c0, %c0] rows %rows : memref<12x32xf32> -> tensor<12x32xf32>
  %d = tile.dot %sum, %tb : tensor<64x12xf32>, tensor<12x32xf32> -> tensor<64x32xf32>
  tile.store %d, %c[%c0, %c0] : tensor<64x32xf32>, memref<64x32xf32>
  tile.return
}

// -----

// What lies beyond the diagonal of the left operand is not even multiplied: it may be anything.
// CHECK-LABEL: func.func @lower_lhs(
// CHECK: %[[USED:.+]] = arith.cmpi sle
// CHECK: %[[NEXT:.+]] = math.fma %{{.+}}, %{{.+}}, %[[BEFORE:.+]] : f32
// CHECK: arith.select %[[USED]], %[[NEXT]], %[[BEFORE]] : f32
tile.kernel @lower_lhs(%a: memref<16x16xf32>, %b: memref<16x8xf32>, %c: memref<16x8xf32>) writes [false, false, true] grid [1] ids(%i) {
  %c0 = arith.constant 0 : index
  %ta = tile.load %a[%c0, %c0] : memref<16x16xf32> -> tensor<16x16xf32>
  %tb = tile.load %b[%c0, %c0] : memref<16x8xf32> -> tensor<16x8xf32>
  %d = tile.dot %ta, %tb {triangle = #tile.triangle<lower_lhs>} : tensor<16x16xf32>, tensor<16x8xf32> -> tensor<16x8xf32>
  tile.store %d, %c[%c0, %c0] : tensor<16x8xf32>, memref<16x8xf32>
  tile.return
}
