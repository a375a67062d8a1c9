// RUN: rondo-opt %s "--rondo-lower-tiles-to-threads=threads=256" --split-input-file | FileCheck %s --check-prefixes=CHECK,WARPS
// RUN: rondo-opt %s "--rondo-lower-tiles-to-threads=threads=256 warpgroups" --split-input-file | FileCheck %s --check-prefixes=CHECK,GROUPS

// Operands that lie in memory as bf16 are copied in chunks of eight elements, each slice while the one before is used. A slice is a
// matrix of rows of 128 bytes whose chunks change places by the row's number.
// CHECK-LABEL: func.func @product(
// CHECK-DAG: memref.alloca() {alignment = 1024 : i64, rondo.pinned} : memref<256x64xbf16, 3>
// CHECK: arith.xori
// CHECK: nvgpu.device_async_copy {{.*}}, 8 {bypassL1} : memref<128x256xbf16> to memref<256x64xbf16, 3>
// CHECK: scf.for
// CHECK: nvvm.cp.async.wait.group 0
// GROUPS: nvvm.fence.proxy {kind = #nvvm.proxy_kind<async.shared>
// CHECK: gpu.barrier
// WARPS-COUNT-2: nvgpu.ldmatrix {{.*}} {numTiles = 4 : i32, transpose = false}
// WARPS: nvvm.mma.sync {{.*}}bf16{{.*}}shape = #nvvm.shape<m = 16, n = 8, k = 16>
// GROUPS: nvvm.wgmma.fence.aligned
// GROUPS-COUNT-4: wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16 {{.*}}, 1, 1, 1, 0, 0;
// GROUPS: nvvm.wgmma.commit.group.sync.aligned
// GROUPS: wgmma.wait_group.sync.aligned 0;
tile.kernel @product(%a: memref<128x256xbf16>, %b: memref<128x256xbf16>, %c: memref<128x128xf32>) writes [false, false, true] grid [1] ids(%i) {
  %c0 = arith.constant 0 : index
  %ta = tile.load %a[%c0, %c0] : memref<128x256xbf16> -> tensor<128x256xbf16>
  %tb = tile.load %b[%c0, %c0] : memref<128x256xbf16> -> tensor<128x256xbf16>
  %fa = arith.extf %ta : tensor<128x256xbf16> to tensor<128x256xf32>
  %fb = arith.extf %tb : tensor<128x256xbf16> to tensor<128x256xf32>
  %d = tile.dot %fa, %fb {precision = #tile.precision<bf16>, transpose_b} : tensor<128x256xf32>, tensor<128x256xf32> -> tensor<128x128xf32>
  tile.store %d, %c[%c0, %c0] : tensor<128x128xf32>, memref<128x128xf32>
  tile.return
}

// -----

// What is computed is rounded on its way, two neighbours along k at a time; what lies beyond the diagonal is zero.
// CHECK-LABEL: func.func @lower_lhs(
// CHECK-NOT: nvgpu.device_async_copy
// CHECK: arith.cmpi sle
// CHECK: arith.truncf {{.*}} : f32 to bf16
// CHECK: vector.store {{.*}} {alignment = 4 : i64} : memref<64x64xbf16, 3>, vector<2xbf16>
// WARPS: nvvm.mma.sync
// GROUPS: wgmma.mma_async.sync.aligned.m64n16k16
tile.kernel @lower_lhs(%a: memref<64x64xf32>, %b: memref<64x32xf32>, %c: memref<64x32xf32>) writes [false, false, true] grid [1] ids(%i) {
  %c0 = arith.constant 0 : index
  %ta = tile.load %a[%c0, %c0] : memref<64x64xf32> -> tensor<64x64xf32>
  %tb = tile.load %b[%c0, %c0] : memref<64x32xf32> -> tensor<64x32xf32>
  %d = tile.dot %ta, %tb {precision = #tile.precision<bf16>, triangle = #tile.triangle<lower_lhs>} : tensor<64x64xf32>, tensor<64x32xf32> -> tensor<64x32xf32>
  tile.store %d, %c[%c0, %c0] : tensor<64x32xf32>, memref<64x32xf32>
  tile.return
}

// -----

// Few rows suit a warp, and fewer none.
// CHECK-LABEL: func.func @thin(
// CHECK-NOT: wgmma
// CHECK: nvvm.mma.sync
// CHECK-LABEL: func.func @single(
// CHECK-NOT: nvvm.mma.sync
// CHECK: math.fma
tile.kernel @thin(%a: memref<16x64xf32>, %b: memref<64x32xf32>, %c: memref<16x32xf32>) writes [false, false, true] grid [1] ids(%i) {
  %c0 = arith.constant 0 : index
  %ta = tile.load %a[%c0, %c0] : memref<16x64xf32> -> tensor<16x64xf32>
  %tb = tile.load %b[%c0, %c0] : memref<64x32xf32> -> tensor<64x32xf32>
  %d = tile.dot %ta, %tb {precision = #tile.precision<bf16>} : tensor<16x64xf32>, tensor<64x32xf32> -> tensor<16x32xf32>
  tile.store %d, %c[%c0, %c0] : tensor<16x32xf32>, memref<16x32xf32>
  tile.return
}
tile.kernel @single(%a: memref<1x64xf32>, %b: memref<64x32xf32>, %c: memref<1x32xf32>) writes [false, false, true] grid [1] ids(%i) {
  %c0 = arith.constant 0 : index
  %ta = tile.load %a[%c0, %c0] : memref<1x64xf32> -> tensor<1x64xf32>
  %tb = tile.load %b[%c0, %c0] : memref<64x32xf32> -> tensor<64x32xf32>
  %d = tile.dot %ta, %tb {precision = #tile.precision<bf16>} : tensor<1x64xf32>, tensor<64x32xf32> -> tensor<1x32xf32>
  tile.store %d, %c[%c0, %c0] : tensor<1x32xf32>, memref<1x32xf32>
  tile.return
}

