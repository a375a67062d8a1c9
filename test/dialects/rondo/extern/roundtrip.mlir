// RUN: rondo-opt %s | rondo-opt | FileCheck %s

tile.extern_code @gate entry "gate" architecture "sm_80" parameters [i64, i64, i64, i32, f32] trailing 2 threads 128 shared 0 scratch 0 ptx ""

// CHECK-DAG: #[[$N:.*]] = affine_map<(d0, d1, d2) -> (d0 * 64)>
// CHECK-DAG: #[[$GRID:.*]] = affine_map<(d0, d1, d2) -> ((d0 * 64 + 511) floordiv 512)>
// CHECK-LABEL: func.func @gated
// CHECK: rondo.extern_kernel @gate(%arg0, %arg1) arguments [0 : index, 1 : index, 2 : index, #[[$N]], 5.000000e-01]
// CHECK-SAME: grid #[[$GRID]] dims [4, 16] : (tensor<2x?x64xf32>, tensor<2x?xi64>) -> tensor<2x?x4x16xf32>
func.func @gated(%x: tensor<2x?x64xf32>, %p: tensor<2x?xi64>) -> tensor<2x?x4x16xf32> {
  %y = rondo.extern_kernel @gate(%x, %p) arguments [0 : index, 1 : index, 2 : index, affine_map<(r, b, t) -> (r * 64)>, 0.5]
      grid affine_map<(r, b, t) -> ((r * 64 + 511) floordiv 512)> dims [4, 16] : (tensor<2x?x64xf32>, tensor<2x?xi64>) -> tensor<2x?x4x16xf32>
  return %y : tensor<2x?x4x16xf32>
}
