// RUN: rondo-opt %s | rondo-opt | FileCheck %s

// CHECK-LABEL: @score
func.func @score(%x: tensor<2x8x64xf32>, %w: tensor<97x64xf32>, %targets: tensor<2x8xi32>) {
  // CHECK: rondo.linear_log_prob %{{.*}}, %{{.*}}, %{{.*}} : {{.*}} -> (tensor<2x8xf32>, tensor<2x8xf32>)
  %lp, %lse = rondo.linear_log_prob %x, %w, %targets
      : (tensor<2x8x64xf32>, tensor<97x64xf32>, tensor<2x8xi32>) -> (tensor<2x8xf32>, tensor<2x8xf32>)
  return
}
