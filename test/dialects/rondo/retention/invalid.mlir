// RUN: rondo-opt %s -split-input-file -verify-diagnostics

!x = tensor<1x8x2x4xf32>
func.func @no_keys_of_other_width(%q: !x, %k: tensor<1x8x2x6xf32>) {
  // expected-error@+2 {{R1: expected k to be [B = 1, T = 8, Hk, Dk = 4] of f32, found 'tensor<1x8x2x6xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %o, %s = rondo.retention %q, %k, %q decay [0.5, 0.5] : (!x, tensor<1x8x2x6xf32>, !x) -> (!x, tensor<1x2x4x4xf32>)
  return
}

// -----

!x = tensor<1x8x3x4xf32>
func.func @no_uneven_heads(%q: !x, %k: tensor<1x8x2x4xf32>) {
  // expected-error@+2 {{R1: expected Hk to divide 3 heads, found 2}}
  // expected-error@+1 {{failed to infer returned types}}
  %o, %s = rondo.retention %q, %k, %q decay [0.5, 0.5, 0.5]
      : (!x, tensor<1x8x2x4xf32>, !x) -> (!x, tensor<1x3x4x4xf32>)
  return
}

// -----

!x = tensor<1x8x2x4xf32>
func.func @no_retention_without_decay(%q: !x) {
  // expected-error@+1 {{R2: expected exactly one of decay and log_decay, found none}}
  %o, %s = rondo.retention %q, %q, %q : (!x, !x, !x) -> (!x, tensor<1x2x4x4xf32>)
  return
}

// -----

!x = tensor<1x8x2x4xf32>
func.func @no_two_decays(%q: !x, %g: tensor<1x8x2xf32>) {
  // expected-error@+1 {{R2: expected exactly one of decay and log_decay, found both}}
  %o, %s = rondo.retention %q, %q, %q decay [0.5, 0.5] log_decay(%g)
      : (!x, !x, !x, tensor<1x8x2xf32>) -> (!x, tensor<1x2x4x4xf32>)
  return
}

// -----

!x = tensor<1x8x2x4xf32>
func.func @no_missing_decay(%q: !x) {
  // expected-error@+1 {{R2: expected one decay for each of 2 heads, found 1}}
  %o, %s = rondo.retention %q, %q, %q decay [0.5] : (!x, !x, !x) -> (!x, tensor<1x2x4x4xf32>)
  return
}

// -----

!x = tensor<1x8x2x4xf32>
func.func @no_growth(%q: !x) {
  // expected-error@+1 {{R2: expected decays in [0, 1], found 1.5}}
  %o, %s = rondo.retention %q, %q, %q decay [0.5, 1.5] : (!x, !x, !x) -> (!x, tensor<1x2x4x4xf32>)
  return
}

// -----

!x = tensor<1x8x2x4xf32>
!v = tensor<1x8x2x6xf32>
func.func @no_straight_state_if_transposed(%q: !x, %v: !v, %s: tensor<1x2x4x6xf32>) {
  // expected-error@+2 {{R3: expected initial_state to be [B = 1, H = 2, Dv = 6, Dk = 4] of f32, found 'tensor<1x2x4x6xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %o, %f = rondo.retention %q, %q, %v decay [0.5, 0.5] init(%s) {transposed_state}
      : (!x, !x, !v, tensor<1x2x4x6xf32>) -> (!v, tensor<1x2x6x4xf32>)
  return
}

// -----

!x = tensor<1x8x2x4xf32>
func.func @no_chunkwise_without_chunk(%q: !x) {
  // expected-error@+1 {{R4: expected a schedule that the op can run under, found #rondo.schedule<chunkwise>: chunkwise needs a chunk of at least 1}}
  %o, %s = rondo.retention %q, %q, %q decay [0.5, 0.5] schedule <chunkwise> : (!x, !x, !x) -> (!x, tensor<1x2x4x4xf32>)
  return
}

// -----

!x = tensor<1x8x2x4xf32>
func.func @no_chunk_of_parallel(%q: !x) {
  // expected-error@+1 {{found #rondo.schedule<parallel, 4>: only chunkwise takes a chunk}}
  %o, %s = rondo.retention %q, %q, %q decay [0.5, 0.5] schedule <parallel, 4> : (!x, !x, !x) -> (!x, tensor<1x2x4x4xf32>)
  return
}

// -----

!x = tensor<1x8x2x4xf32>
func.func @no_recurrent_parallel_scale(%q: !x) {
  // expected-error@+1 {{row_scale torchscale_parallel is defined for the parallel schedule only}}
  %o, %s = rondo.retention %q, %q, %q decay [0.5, 0.5] schedule <recurrent>
      {row_scale = #rondo<row_scale torchscale_parallel>} : (!x, !x, !x) -> (!x, tensor<1x2x4x4xf32>)
  return
}

// -----

!x = tensor<1x8x2x4xf32>
func.func @no_scale_of_gated_retention(%q: !x, %g: tensor<1x8x2xf32>) {
  // expected-error@+1 {{R5: expected row_scale torchscale_parallel on plain retention, found log_decay}}
  %o, %s = rondo.retention %q, %q, %q log_decay(%g) {row_scale = #rondo<row_scale torchscale_parallel>}
      : (!x, !x, !x, tensor<1x8x2xf32>) -> (!x, tensor<1x2x4x4xf32>)
  return
}

// -----

!x = tensor<1x8x2x4xf32>
func.func @no_initial_scale_without_row_scale(%q: !x, %a: tensor<1x2xf32>) {
  // expected-error@+1 {{R6: expected initial_scale with row_scale torchscale_recurrent only, found row_scale none}}
  %o, %s = rondo.retention %q, %q, %q decay [0.5, 0.5] init_scale(%a)
      : (!x, !x, !x, tensor<1x2xf32>) -> (!x, tensor<1x2x4x4xf32>)
  return
}

// -----

!x = tensor<1x8x2x4xf32>
func.func @no_gradient_of_decay_of_heads_that_do_not_divide(%q: tensor<1x8x3x4xf32>, %x: !x) {
  // expected-error@+2 {{failed to infer returned types}}
  // expected-error@+1 {{RD1: expected Hq to divide 2 heads, found 3}}
  %d = rondo.retention_grad_decay %q, %x, %x, %x : (tensor<1x8x3x4xf32>, !x, !x, !x) -> tensor<1x8x2xf32>
  return
}

// -----

!x = tensor<1x8x2x4xf32>
func.func @no_scaled_rows_of_other_heads(%x: !x, %q: tensor<1x8x3x4xf32>) {
  // expected-error@+2 {{failed to infer returned types}}
  // expected-error@+1 {{SR1: expected Hq to divide 2 heads, found 3}}
  %y = rondo.retention_scale_rows %x scores(%q, %x) decay [0.5, 0.5] by torchscale_parallel
      : (!x, tensor<1x8x3x4xf32>, !x) -> !x
  return
}

// -----

!x = tensor<1x8x2x4xf32>
func.func @no_scaled_rows_without_decays(%x: !x) {
  // expected-error@+1 {{SR1: expected 2 decays in [0, 1], found [5.000000e-01]}}
  %y = rondo.retention_scale_rows %x decay [0.5] by torchscale_recurrent : (!x) -> !x
  return
}

// -----

!x = tensor<1x8x2x4xf32>
func.func @no_parallel_scale_without_scores(%x: !x) {
  // expected-error@+1 {{SR2: expected what the row scale is computed from, found no q and k with torchscale_parallel}}
  %y = rondo.retention_scale_rows %x decay [0.5, 0.5] by torchscale_parallel : (!x) -> !x
  return
}

// -----

!x = tensor<1x8x2x4xf32>
func.func @no_recurrent_scale_with_scores(%x: !x) {
  // expected-error@+1 {{SR2: expected what the row scale is computed from, found q and k with torchscale_recurrent}}
  %y = rondo.retention_scale_rows %x scores(%x, %x) decay [0.5, 0.5] by torchscale_recurrent : (!x, !x, !x) -> !x
  return
}

// -----

!x = tensor<1x8x2x4xf32>
func.func @no_scaled_rows_without_scale(%x: !x) {
  // expected-error@+1 {{SR2: expected what the row scale is computed from, found row_scale none}}
  %y = rondo.retention_scale_rows %x decay [0.5, 0.5] by none : (!x) -> !x
  return
}

// -----

!x = tensor<1x8x2x4xf32>
func.func @no_initial_scale_of_parallel_scale(%x: !x, %a: tensor<1x2xf32>) {
  // expected-error@+1 {{SR2: expected what the row scale is computed from, found an initial scale with torchscale_parallel}}
  %y = rondo.retention_scale_rows %x scores(%x, %x) init_scale(%a) decay [0.5, 0.5] by torchscale_parallel
      : (!x, !x, !x, tensor<1x2xf32>) -> !x
  return
}

// -----

!x = tensor<1x8x2x4xf32>
func.func @no_length_of_parallel_scale(%x: !x, %n: tensor<1xi32>) {
  // expected-error@+1 {{SR2: expected what the row scale is computed from, found a length with torchscale_parallel}}
  %y = rondo.retention_scale_rows %x scores(%x, %x) length(%n) decay [0.5, 0.5] by torchscale_parallel
      : (!x, !x, !x, tensor<1xi32>) -> !x
  return
}
