// RUN: rondo-opt %s | rondo-opt | FileCheck %s

// CHECK: tile.extern_code @gate entry "gate" architecture "sm_80" parameters [i64, i64, i32, f32] trailing 2 threads 128 shared 0 scratch 64 ptx ".version 7.0"
tile.extern_code @gate entry "gate" architecture "sm_80" parameters [i64, i64, i32, f32] trailing 2 threads 128 shared 0 scratch 64 ptx ".version 7.0"

// CHECK: tile.extern_code @ready entry "gate" architecture "sm_90a" parameters [] trailing 0 threads 32 shared 1024 scratch 0 ptx "" cubin "code"
tile.extern_code @ready entry "gate" architecture "sm_90a" parameters [] trailing 0 threads 32 shared 1024 scratch 0 ptx "" cubin "code"

// CHECK: tile.extern_kernel @gate_0 code @gate buffers [memref<8x64xf32>, memref<8x64xf32>] writes [false, true]
// CHECK-SAME: arguments [0 : index, 1 : index, 512 : i32, 5.000000e-01 : f32] grid [2, 3]
tile.extern_kernel @gate_0 code @gate buffers [memref<8x64xf32>, memref<8x64xf32>] writes [false, true]
    arguments [0 : index, 1 : index, 512 : i32, 0.5 : f32] grid [2, 3]
