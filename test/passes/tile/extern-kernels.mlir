// RUN: rondo-opt %s --rondo-build-kernels=target=cuda:sm_90a | FileCheck %s
// RUN: not rondo-opt %s --rondo-build-kernels=target=cpu:znver4 2>&1 | FileCheck %s --check-prefix=CPU

// A kernel from elsewhere is bound to the shapes of its group; equal groups share it, and an input that is passed twice is one buffer.
// CPU: error: expected a target that runs kernel 'gate', which is for sm_80 and takes 0 bytes of shared memory, found cpu:znver4
module {
  tile.extern_code @gate entry "gate" architecture "sm_80" parameters [i64, i64, i64, i32, f32] trailing 2 threads 128 shared 0 scratch 0 ptx ""

  // CHECK-LABEL: func.func @entry
  func.func @entry(%x: tensor<2x37x4x16xf32>, %g: tensor<2x37x64xf32>) -> (tensor<2x37x64xf32>, tensor<2x37x64xf32>, tensor<2x37x64xf32>)
      attributes {rondo.entry = #rondo.entry<forward, B = 2, T = 37, slots = 0>} {
    // CHECK: rondo.dispatch @gate_0(%arg0, %arg1) bindings [0, 1, 2] slices [-1]
    %y = rondo.group(%x, %g) slices [-1] : (tensor<2x37x4x16xf32>, tensor<2x37x64xf32>) -> tensor<2x37x64xf32> {
    ^bb0(%a: tensor<2x37x4x16xf32>, %b: tensor<2x37x64xf32>):
      %r = rondo.reshape %a : (tensor<2x37x4x16xf32>) -> tensor<2x37x64xf32>
      %l = rondo.extern_kernel @gate(%r, %b) arguments [0 : index, 1 : index, 2 : index, affine_map<(r, b, t) -> (r * 64)>, 0.5]
          grid affine_map<(r, b, t) -> ((r * 64 + 511) floordiv 512, b, t mod 8)> dims [64] : (tensor<2x37x64xf32>, tensor<2x37x64xf32>) -> tensor<2x37x64xf32>
      rondo.yield %l : tensor<2x37x64xf32>
    }
    // CHECK: rondo.dispatch @gate_0(%arg0, %{{.*}}) bindings [0, 1, 2] slices [-1]
    %z = rondo.group(%x, %y) slices [-1] : (tensor<2x37x4x16xf32>, tensor<2x37x64xf32>) -> tensor<2x37x64xf32> {
    ^bb0(%a: tensor<2x37x4x16xf32>, %b: tensor<2x37x64xf32>):
      %r = rondo.reshape %a : (tensor<2x37x4x16xf32>) -> tensor<2x37x64xf32>
      %l = rondo.extern_kernel @gate(%r, %b) arguments [0 : index, 1 : index, 2 : index, affine_map<(r, b, t) -> (r * 64)>, 0.5]
          grid affine_map<(r, b, t) -> ((r * 64 + 511) floordiv 512, b, t mod 8)> dims [64] : (tensor<2x37x64xf32>, tensor<2x37x64xf32>) -> tensor<2x37x64xf32>
      rondo.yield %l : tensor<2x37x64xf32>
    }
    // CHECK: rondo.dispatch @gate_1(%arg1) bindings [0, 1] slices [-1]
    %w = rondo.group(%g) slices [-1] : (tensor<2x37x64xf32>) -> tensor<2x37x64xf32> {
    ^bb0(%b: tensor<2x37x64xf32>):
      %l = rondo.extern_kernel @gate(%b, %b) arguments [0 : index, 1 : index, 2 : index, affine_map<(r, b, t) -> (t)>, 0.5]
          grid affine_map<(r, b, t) -> (1)> dims [64] : (tensor<2x37x64xf32>, tensor<2x37x64xf32>) -> tensor<2x37x64xf32>
      rondo.yield %l : tensor<2x37x64xf32>
    }
    return %y, %z, %w : tensor<2x37x64xf32>, tensor<2x37x64xf32>, tensor<2x37x64xf32>
  }
  // CHECK: tile.extern_kernel @gate_0 code @gate buffers [memref<2x37x64xf32>, memref<2x37x64xf32>, memref<2x37x64xf32>] writes [false, false, true]
  // CHECK-SAME: arguments [0 : index, 1 : index, 2 : index, 4736 : i32, 5.000000e-01 : f32] grid [10, 2, 5] source "extern gate"
  // CHECK: tile.extern_kernel @gate_1 code @gate buffers [memref<2x37x64xf32>, memref<2x37x64xf32>] writes [false, true]
  // CHECK-SAME: arguments [0 : index, 0 : index, 1 : index, 37 : i32, 5.000000e-01 : f32] grid [1]
}
