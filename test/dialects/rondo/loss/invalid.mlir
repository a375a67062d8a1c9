// RUN: rondo-opt %s -split-input-file -verify-diagnostics

func.func @no_targets_of_other_length(%x: tensor<2x8x64xf32>, %w: tensor<97x64xf32>, %targets: tensor<2x7xi32>) {
  // expected-error@+2 {{G1: expected targets to be [B = 2, T = 8] of i32, found 'tensor<2x7xi32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %lp, %lse = rondo.linear_log_prob %x, %w, %targets
      : (tensor<2x8x64xf32>, tensor<97x64xf32>, tensor<2x7xi32>) -> (tensor<2x8xf32>, tensor<2x8xf32>)
  return
}
