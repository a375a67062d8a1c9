// RUN: rondo-opt %s -split-input-file -verify-diagnostics

func.func @no_rms_norm_of_two_shapes(%x: tensor<2x40x64xf32>, %dy: tensor<2x40x32xf32>) {
  // expected-error@+2 {{NG1: expected x and dy of one shape with a width, found 'tensor<2x40x64xf32>' and 'tensor<2x40x32xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %dx = rondo.rms_norm_grad %x, %dy eps 1.0e-5 : (tensor<2x40x64xf32>, tensor<2x40x32xf32>) -> tensor<2x40x64xf32>
  return
}

// -----

func.func @no_rms_norm_weight_of_other_width(%x: tensor<2x40x64xf32>, %w: tensor<32xf32>) {
  // expected-error@+2 {{NG1: expected weight to be [last = 64] of f32, found 'tensor<32xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %dx = rondo.rms_norm_grad %x, %x, %w eps 1.0e-5 : (tensor<2x40x64xf32>, tensor<2x40x64xf32>, tensor<32xf32>) -> tensor<2x40x64xf32>
  return
}

// -----

func.func @no_rms_norm_of_negative_eps(%x: tensor<2x40x64xf32>) {
  // expected-error@+1 {{NG2: expected eps >= 0, found -1.000000e+00}}
  %dx = rondo.rms_norm_grad %x, %x eps -1.0 : (tensor<2x40x64xf32>, tensor<2x40x64xf32>) -> tensor<2x40x64xf32>
  return
}

// -----

func.func @no_rms_norm_weight_gradient_of_a_vector_per_position(%x: tensor<2x40xf32>) {
  // expected-error@+2 {{NG1: expected x and dy of one shape with a width, found 'tensor<2x40xf32>' and 'tensor<2x40xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %dw = rondo.rms_norm_grad_weight %x, %x eps 1.0e-5 : (tensor<2x40xf32>, tensor<2x40xf32>) -> tensor<40xf32>
  return
}

// -----

func.func @no_rms_norm_weight_gradient_of_negative_eps(%x: tensor<2x40x64xf32>) {
  // expected-error@+1 {{NG2: expected eps >= 0, found -1.000000e+00}}
  %dw = rondo.rms_norm_grad_weight %x, %x eps -1.0 : (tensor<2x40x64xf32>, tensor<2x40x64xf32>) -> tensor<64xf32>
  return
}

// -----

func.func @no_rms_norm_blocks_of_other_count(%x: tensor<2x40x64xf32>) {
  // expected-error@+2 {{inferred type(s) 'tensor<2x64xf32>' are incompatible with return type(s) of operation 'tensor<3x64xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %p = rondo.rms_norm_grad_blocks %x, %x eps 1.0e-5 : (tensor<2x40x64xf32>, tensor<2x40x64xf32>) -> tensor<3x64xf32>
  return
}

// -----

func.func @no_rms_norm_blocks_of_two_shapes(%x: tensor<2x40x64xf32>, %dy: tensor<2x40x32xf32>) {
  // expected-error@+2 {{NG1: expected x and dy of one shape with a width, found 'tensor<2x40x64xf32>' and 'tensor<2x40x32xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %p = rondo.rms_norm_grad_blocks %x, %dy eps 1.0e-5 : (tensor<2x40x64xf32>, tensor<2x40x32xf32>) -> tensor<2x64xf32>
  return
}

// -----

func.func @no_rms_norm_blocks_of_negative_eps(%x: tensor<2x40x64xf32>) {
  // expected-error@+1 {{NG2: expected eps >= 0, found -1.000000e+00}}
  %p = rondo.rms_norm_grad_blocks %x, %x eps -1.0 : (tensor<2x40x64xf32>, tensor<2x40x64xf32>) -> tensor<2x64xf32>
  return
}

// -----

func.func @no_layer_norm_of_two_shapes(%x: tensor<2x40x64xf32>, %dy: tensor<2x40x32xf32>) {
  // expected-error@+2 {{NG1: expected x and dy of one shape with a width, found 'tensor<2x40x64xf32>' and 'tensor<2x40x32xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %dx = rondo.layer_norm_grad %x, %dy eps 1.0e-5 : (tensor<2x40x64xf32>, tensor<2x40x32xf32>) -> tensor<2x40x64xf32>
  return
}

// -----

func.func @no_layer_norm_weight_of_other_width(%x: tensor<2x40x64xf32>, %w: tensor<32xf32>) {
  // expected-error@+2 {{NG1: expected weight to be [last = 64] of f32, found 'tensor<32xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %dx = rondo.layer_norm_grad %x, %x, %w eps 1.0e-5 : (tensor<2x40x64xf32>, tensor<2x40x64xf32>, tensor<32xf32>) -> tensor<2x40x64xf32>
  return
}

// -----

func.func @no_layer_norm_of_negative_eps(%x: tensor<2x40x64xf32>) {
  // expected-error@+1 {{NG2: expected eps >= 0, found -1.000000e+00}}
  %dx = rondo.layer_norm_grad %x, %x eps -1.0 : (tensor<2x40x64xf32>, tensor<2x40x64xf32>) -> tensor<2x40x64xf32>
  return
}

// -----

func.func @no_layer_norm_weight_gradient_of_a_vector_per_position(%x: tensor<2x40xf32>) {
  // expected-error@+2 {{NG1: expected x and dy of one shape with a width, found 'tensor<2x40xf32>' and 'tensor<2x40xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %dw = rondo.layer_norm_grad_weight %x, %x eps 1.0e-5 : (tensor<2x40xf32>, tensor<2x40xf32>) -> tensor<40xf32>
  return
}

// -----

func.func @no_layer_norm_weight_gradient_of_negative_eps(%x: tensor<2x40x64xf32>) {
  // expected-error@+1 {{NG2: expected eps >= 0, found -1.000000e+00}}
  %dw = rondo.layer_norm_grad_weight %x, %x eps -1.0 : (tensor<2x40x64xf32>, tensor<2x40x64xf32>) -> tensor<64xf32>
  return
}

// -----

func.func @no_layer_norm_blocks_of_other_count(%x: tensor<2x40x64xf32>) {
  // expected-error@+2 {{inferred type(s) 'tensor<2x64xf32>' are incompatible with return type(s) of operation 'tensor<3x64xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %p = rondo.layer_norm_grad_blocks %x, %x eps 1.0e-5 : (tensor<2x40x64xf32>, tensor<2x40x64xf32>) -> tensor<3x64xf32>
  return
}

// -----

func.func @no_layer_norm_blocks_of_two_shapes(%x: tensor<2x40x64xf32>, %dy: tensor<2x40x32xf32>) {
  // expected-error@+2 {{NG1: expected x and dy of one shape with a width, found 'tensor<2x40x64xf32>' and 'tensor<2x40x32xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %p = rondo.layer_norm_grad_blocks %x, %dy eps 1.0e-5 : (tensor<2x40x64xf32>, tensor<2x40x32xf32>) -> tensor<2x64xf32>
  return
}

// -----

func.func @no_layer_norm_blocks_of_negative_eps(%x: tensor<2x40x64xf32>) {
  // expected-error@+1 {{NG2: expected eps >= 0, found -1.000000e+00}}
  %p = rondo.layer_norm_grad_blocks %x, %x eps -1.0 : (tensor<2x40x64xf32>, tensor<2x40x64xf32>) -> tensor<2x64xf32>
  return
}

// -----

func.func @no_sum_without_width(%x: tensor<2x40xf32>) {
  // expected-error@+2 {{SR1: expected dy to have a width, found 'tensor<2x40xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %db = rondo.sum_rows %x : (tensor<2x40xf32>) -> tensor<40xf32>
  return
}

// -----

func.func @no_sum_of_tokens(%x: tensor<2x40x64xi32>) {
  // expected-error@+2 {{SR1: expected dy to be a sequence tensor [B, T, ...] of f32, found 'tensor<2x40x64xi32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %db = rondo.sum_rows %x : (tensor<2x40x64xi32>) -> tensor<64xf32>
  return
}

// -----

func.func @no_blocks_without_width(%x: tensor<2x40xf32>) {
  // expected-error@+2 {{SR1: expected dy to have a width, found 'tensor<2x40xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %p = rondo.sum_rows_blocks %x : (tensor<2x40xf32>) -> tensor<2x40xf32>
  return
}

// -----

func.func @no_blocks_of_other_count(%x: tensor<2x40x64xf32>) {
  // expected-error@+2 {{inferred type(s) 'tensor<2x64xf32>' are incompatible with return type(s) of operation 'tensor<1x64xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %p = rondo.sum_rows_blocks %x : (tensor<2x40x64xf32>) -> tensor<1x64xf32>
  return
}

// -----

func.func @no_sum_of_a_vector(%p: tensor<64xf32>) {
  // expected-error@+2 {{SB1: expected sums to be [P, D] of f32, found 'tensor<64xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %s = rondo.sum_blocks %p : (tensor<64xf32>) -> tensor<64xf32>
  return
}
