// RUN: rondo-opt %s -split-input-file -verify-diagnostics

func.func @no_float_tokens(%tokens: tensor<2x8xf32>, %table: tensor<97x64xf32>) {
  // expected-error@+2 {{E1: expected tokens to be [B, T] of i32, found 'tensor<2x8xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %x = rondo.embedding %tokens, %table : (tensor<2x8xf32>, tensor<97x64xf32>) -> tensor<2x8x64xf32>
  return
}

// -----

func.func @no_other_depth(%x: tensor<2x8x64xf32>, %w: tensor<128x32xf32>) {
  // expected-error@+2 {{L1: expected weight to be [N, K = 64] of f32, found 'tensor<128x32xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %y = rondo.linear %x, %w : (tensor<2x8x64xf32>, tensor<128x32xf32>) -> tensor<2x8x128xf32>
  return
}

// -----

func.func @no_other_result(%x: tensor<2x8x64xf32>, %w: tensor<128x64xf32>) {
  // expected-error@+2 {{inferred type(s) 'tensor<2x8x128xf32>' are incompatible with return type(s)}}
  // expected-error@+1 {{failed to infer returned types}}
  %y = rondo.linear %x, %w : (tensor<2x8x64xf32>, tensor<128x64xf32>) -> tensor<2x8x64xf32>
  return
}

// -----

func.func @no_norm_of_tokens(%x: tensor<2x8xf32>) {
  // expected-error@+2 {{N1: expected x to have a width, found 'tensor<2x8xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %y = rondo.rms_norm %x eps 1.0e-6 : (tensor<2x8xf32>) -> tensor<2x8xf32>
  return
}

// -----

func.func @no_weight_of_other_width(%x: tensor<2x8x64xf32>, %w: tensor<32xf32>) {
  // expected-error@+2 {{N1: expected weight to be [last = 64] of f32, found 'tensor<32xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %y = rondo.rms_norm %x, %w eps 1.0e-6 : (tensor<2x8x64xf32>, tensor<32xf32>) -> tensor<2x8x64xf32>
  return
}

// -----

func.func @no_negative_eps(%x: tensor<2x8x64xf32>) {
  // expected-error@+1 {{N2: expected eps >= 0, found -1.000000e+00}}
  %y = rondo.rms_norm %x eps -1.0 : (tensor<2x8x64xf32>) -> tensor<2x8x64xf32>
  return
}

// -----

func.func @no_start_of_other_batch(%tokens: tensor<2x8xi32>, %start: tensor<3xi64>) {
  // expected-error@+2 {{P1: expected start to be [B = 2] of i64, found 'tensor<3xi64>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %p, %n = rondo.positions %tokens start(%start) : (tensor<2x8xi32>, tensor<3xi64>) -> (tensor<2x8xi64>, tensor<2xi64>)
  return
}

// -----

func.func @no_positions_of_a_vector(%length: tensor<2xi32>) {
  // expected-error@+2 {{P1: expected like to be a sequence tensor [B, T, ...], found 'tensor<2xi32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %p, %n = rondo.positions %length : (tensor<2xi32>) -> (tensor<2x8xi64>, tensor<2xi64>)
  return
}

// -----

func.func @no_32_bit_positions(%p: tensor<2x8xi32>) {
  // expected-error@+2 {{T1: expected positions to be [B, T] of i64, found 'tensor<2x8xi32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %c, %s = rondo.rotary_table %p theta [1.0] pairs halves : (tensor<2x8xi32>) -> (tensor<2x8x2xf32>, tensor<2x8x2xf32>)
  return
}

// -----

func.func @no_table_without_angles(%p: tensor<2x8xi64>) {
  // expected-error@+1 {{T2: expected at least one angle, found none}}
  %c, %s = rondo.rotary_table %p theta [] pairs halves : (tensor<2x8xi64>) -> (tensor<2x8x0xf32>, tensor<2x8x0xf32>)
  return
}

// -----

func.func @no_infinite_angle(%p: tensor<2x8xi64>) {
  // expected-error@+1 {{T2: expected finite angles, found INF}}
  %c, %s = rondo.rotary_table %p theta [0x7FF0000000000000] pairs halves
      : (tensor<2x8xi64>) -> (tensor<2x8x2xf32>, tensor<2x8x2xf32>)
  return
}

// -----

func.func @no_rotation_without_heads(%x: tensor<2x8x16xf32>, %cos: tensor<2x8x16xf32>) {
  // expected-error@+2 {{J1: expected x to be [B, T, H, d] of f32, found 'tensor<2x8x16xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %y = rondo.rotate %x, %cos, %cos pairs halves
      : (tensor<2x8x16xf32>, tensor<2x8x16xf32>, tensor<2x8x16xf32>) -> tensor<2x8x16xf32>
  return
}

// -----

func.func @no_odd_head_width(%x: tensor<2x8x4x3xf32>, %cos: tensor<2x8x3xf32>) {
  // expected-error@+2 {{J2: expected an even head width, found 3}}
  // expected-error@+1 {{failed to infer returned types}}
  %y = rondo.rotate %x, %cos, %cos pairs halves
      : (tensor<2x8x4x3xf32>, tensor<2x8x3xf32>, tensor<2x8x3xf32>) -> tensor<2x8x4x3xf32>
  return
}

// -----

func.func @no_broadcast(%x: tensor<2x8x64xf32>, %y: tensor<2x8x1xf32>) {
  // expected-error@+2 {{A1: expected two tensors of one shape, found 'tensor<2x8x64xf32>' and 'tensor<2x8x1xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %z = rondo.add %x, %y : (tensor<2x8x64xf32>, tensor<2x8x1xf32>) -> tensor<2x8x64xf32>
  return
}

// -----

func.func @no_other_batch(%x: tensor<2x8x64xf32>, %y: tensor<3x8x64xf32>) {
  // expected-error@+2 {{A1: expected rhs to be a sequence tensor [B = 2, T = 8, ...] of f32, found 'tensor<3x8x64xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %z = rondo.mul %x, %y : (tensor<2x8x64xf32>, tensor<3x8x64xf32>) -> tensor<2x8x64xf32>
  return
}

// -----

func.func @no_scaled_tokens(%x: tensor<2x8xi32>) {
  // expected-error@+2 {{C1: expected x to be a sequence tensor [B, T, ...] of f32, found 'tensor<2x8xi32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %y = rondo.scale %x by 2.0 : (tensor<2x8xi32>) -> tensor<2x8xi32>
  return
}

// -----

func.func @no_activated_vector(%x: tensor<64xf32>) {
  // expected-error@+2 {{F1: expected x to be a sequence tensor [B, T, ...] of f32, found 'tensor<64xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %y = rondo.activation relu %x : (tensor<64xf32>) -> tensor<64xf32>
  return
}

// -----

func.func @no_uneven_heads(%x: tensor<2x8x64xf32>) {
  // expected-error@+2 {{V1: expected heads to divide the width 64, found 3}}
  // expected-error@+1 {{failed to infer returned types}}
  %y = rondo.reshape %x heads 3 : (tensor<2x8x64xf32>) -> tensor<2x8x3x21xf32>
  return
}

// -----

func.func @no_length_of_other_batch(%x: tensor<2x8x64xf32>, %length: tensor<1xi32>) {
  // expected-error@+2 {{W1: expected length to be [B = 2] of i32, found 'tensor<1xi32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %y = rondo.last_row %x, %length : (tensor<2x8x64xf32>, tensor<1xi32>) -> tensor<2x1x64xf32>
  return
}

// -----

func.func @no_dynamic_width(%x: tensor<2x8x?xf32>, %w: tensor<128x64xf32>) {
  // expected-error@+2 {{L1: expected x to be [B, T, K] of f32, found 'tensor<2x8x?xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %y = rondo.linear %x, %w : (tensor<2x8x?xf32>, tensor<128x64xf32>) -> tensor<2x8x128xf32>
  return
}

// -----

func.func @no_layer_norm_of_tokens(%x: tensor<2x8xf32>) {
  // expected-error@+2 {{N1: expected x to have a width, found 'tensor<2x8xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %y = rondo.layer_norm %x eps 1.0e-5 : (tensor<2x8xf32>) -> tensor<2x8xf32>
  return
}

// -----

func.func @no_layer_norm_weight_of_all_heads(%x: tensor<2x8x4x16xf32>, %w: tensor<64xf32>) {
  // expected-error@+2 {{N1: expected weight to be [last = 16] of f32, found 'tensor<64xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %y = rondo.layer_norm %x, %w eps 1.0e-5 : (tensor<2x8x4x16xf32>, tensor<64xf32>) -> tensor<2x8x4x16xf32>
  return
}

// -----

func.func @no_layer_norm_of_negative_eps(%x: tensor<2x8x64xf32>) {
  // expected-error@+1 {{N2: expected eps >= 0, found -1.000000e+00}}
  %y = rondo.layer_norm %x eps -1.0 : (tensor<2x8x64xf32>) -> tensor<2x8x64xf32>
  return
}

// -----

func.func @no_bias_of_other_width(%x: tensor<2x8x64xf32>, %b: tensor<1xf32>) {
  // expected-error@+2 {{AB1: expected bias to be [last = 64] of f32, found 'tensor<1xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %y = rondo.add_bias %x, %b : (tensor<2x8x64xf32>, tensor<1xf32>) -> tensor<2x8x64xf32>
  return
}

// -----

func.func @no_bias_without_width(%x: tensor<2x8xf32>, %b: tensor<8xf32>) {
  // expected-error@+2 {{AB1: expected x to have a width, found 'tensor<2x8xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %y = rondo.add_bias %x, %b : (tensor<2x8xf32>, tensor<8xf32>) -> tensor<2x8xf32>
  return
}
