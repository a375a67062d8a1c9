// The examples of the gradients' pages print as they were written.
// RUN: rondo-opt %s | rondo-opt | FileCheck %s

// CHECK-LABEL: @rms_norm
func.func @rms_norm(%x: tensor<2x40x64xf32>, %w: tensor<64xf32>, %heads: tensor<2x40x4x16xf32>) {
  // CHECK: rondo.rms_norm_grad %{{.*}}, %{{.*}}, %{{.*}} eps 9.9{{.*}}E-7 : (tensor<2x40x64xf32>, tensor<2x40x64xf32>, tensor<64xf32>) -> tensor<2x40x64xf32>
  %0 = rondo.rms_norm_grad %x, %x, %w eps 1.0e-6 : (tensor<2x40x64xf32>, tensor<2x40x64xf32>, tensor<64xf32>) -> tensor<2x40x64xf32>
  // CHECK: rondo.rms_norm_grad %{{.*}}, %{{.*}} eps 0.000000e+00 : (tensor<2x40x4x16xf32>, tensor<2x40x4x16xf32>) -> tensor<2x40x4x16xf32>
  %1 = rondo.rms_norm_grad %heads, %heads eps 0.0 : (tensor<2x40x4x16xf32>, tensor<2x40x4x16xf32>) -> tensor<2x40x4x16xf32>
  // CHECK: rondo.rms_norm_grad_weight %{{.*}}, %{{.*}} eps 9.9{{.*}}E-7 : (tensor<2x40x4x16xf32>, tensor<2x40x4x16xf32>) -> tensor<16xf32>
  %2 = rondo.rms_norm_grad_weight %heads, %heads eps 1.0e-6 : (tensor<2x40x4x16xf32>, tensor<2x40x4x16xf32>) -> tensor<16xf32>
  // 80 positions are two blocks.
  // CHECK: rondo.rms_norm_grad_blocks %{{.*}}, %{{.*}} eps 9.9{{.*}}E-7 : (tensor<2x40x64xf32>, tensor<2x40x64xf32>) -> tensor<2x64xf32>
  %3 = rondo.rms_norm_grad_blocks %x, %x eps 1.0e-6 : (tensor<2x40x64xf32>, tensor<2x40x64xf32>) -> tensor<2x64xf32>
  return
}

// CHECK-LABEL: @layer_norm
func.func @layer_norm(%x: tensor<2x40x64xf32>, %w: tensor<64xf32>, %heads: tensor<2x40x4x16xf32>) {
  // CHECK: rondo.layer_norm_grad %{{.*}}, %{{.*}}, %{{.*}} eps 1.000000e-05 : (tensor<2x40x64xf32>, tensor<2x40x64xf32>, tensor<64xf32>) -> tensor<2x40x64xf32>
  %0 = rondo.layer_norm_grad %x, %x, %w eps 1.0e-5 : (tensor<2x40x64xf32>, tensor<2x40x64xf32>, tensor<64xf32>) -> tensor<2x40x64xf32>
  // CHECK: rondo.layer_norm_grad %{{.*}}, %{{.*}} eps 0.000000e+00 : (tensor<2x40x4x16xf32>, tensor<2x40x4x16xf32>) -> tensor<2x40x4x16xf32>
  %1 = rondo.layer_norm_grad %heads, %heads eps 0.0 : (tensor<2x40x4x16xf32>, tensor<2x40x4x16xf32>) -> tensor<2x40x4x16xf32>
  // CHECK: rondo.layer_norm_grad_weight %{{.*}}, %{{.*}} eps 1.000000e-05 : (tensor<2x40x4x16xf32>, tensor<2x40x4x16xf32>) -> tensor<16xf32>
  %2 = rondo.layer_norm_grad_weight %heads, %heads eps 1.0e-5 : (tensor<2x40x4x16xf32>, tensor<2x40x4x16xf32>) -> tensor<16xf32>
  // 80 positions are two blocks.
  // CHECK: rondo.layer_norm_grad_blocks %{{.*}}, %{{.*}} eps 1.000000e-05 : (tensor<2x40x64xf32>, tensor<2x40x64xf32>) -> tensor<2x64xf32>
  %3 = rondo.layer_norm_grad_blocks %x, %x eps 1.0e-5 : (tensor<2x40x64xf32>, tensor<2x40x64xf32>) -> tensor<2x64xf32>
  return
}

// CHECK-LABEL: @sums
func.func @sums(%x: tensor<2x40x64xf32>, %heads: tensor<2x40x4x16xf32>, %p: tensor<2x64xf32>) {
  // CHECK: rondo.sum_rows %{{.*}} : (tensor<2x40x64xf32>) -> tensor<64xf32>
  %0 = rondo.sum_rows %x : (tensor<2x40x64xf32>) -> tensor<64xf32>
  // CHECK: rondo.sum_rows %{{.*}} : (tensor<2x40x4x16xf32>) -> tensor<16xf32>
  %1 = rondo.sum_rows %heads : (tensor<2x40x4x16xf32>) -> tensor<16xf32>
  // CHECK: rondo.sum_rows_blocks %{{.*}} : (tensor<2x40x4x16xf32>) -> tensor<2x16xf32>
  %2 = rondo.sum_rows_blocks %heads : (tensor<2x40x4x16xf32>) -> tensor<2x16xf32>
  // CHECK: rondo.sum_blocks %{{.*}} : (tensor<2x64xf32>) -> tensor<64xf32>
  %3 = rondo.sum_blocks %p : (tensor<2x64xf32>) -> tensor<64xf32>
  return
}

// More than 64 blocks of 64 positions: the blocks grow, and 64 of them remain.
// CHECK-LABEL: @many
func.func @many(%x: tensor<2x2101x8xf32>) {
  // CHECK: rondo.sum_rows_blocks %{{.*}} : (tensor<2x2101x8xf32>) -> tensor<64x8xf32>
  %0 = rondo.sum_rows_blocks %x : (tensor<2x2101x8xf32>) -> tensor<64x8xf32>
  return
}
