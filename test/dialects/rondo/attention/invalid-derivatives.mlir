// RUN: rondo-opt %s -split-input-file -verify-diagnostics

!x = tensor<1x8x2x4xf32>
!lse = tensor<1x8x2xf32>
func.func @no_dots_of_other_width(%o: !x, %d: tensor<1x8x2x6xf32>) {
  // expected-error@+2 {{AR1: expected d_o to be}}
  // expected-error@+1 {{failed to infer returned types}}
  %r = rondo.attention_row_dots %o, %d : (!x, tensor<1x8x2x6xf32>) -> tensor<1x8x2x1xf32>
  return
}

// -----

!x = tensor<1x8x2x4xf32>
!lse = tensor<1x8x2xf32>
func.func @no_lse_of_other_heads(%o: !x, %l: tensor<1x8x1xf32>) {
  // expected-error@+2 {{AR1: expected d_lse to be}}
  // expected-error@+1 {{failed to infer returned types}}
  %r = rondo.attention_row_dots %o, %o lse(%l) : (!x, !x, tensor<1x8x1xf32>) -> tensor<1x8x2x1xf32>
  return
}

// -----

!x = tensor<1x8x2x4xf32>
!lse = tensor<1x8x2xf32>
func.func @no_pattern_dots_of_other_width(%q: !x, %lse: !lse, %d: tensor<1x8x2x6xf32>) {
  // expected-error@+2 {{AP1: expected d_o to be}}
  // expected-error@+1 {{failed to infer returned types}}
  %r = rondo.attention_pattern_dots %q, %q, %q, %lse, %d dilation <[4, 8], [1, 2], blocks> scale 0.5 : (!x, !x, !x, !lse, tensor<1x8x2x6xf32>) -> tensor<1x8x2x2xf32>
  return
}

// -----

!x = tensor<1x8x2x4xf32>
!lse = tensor<1x8x2xf32>
func.func @no_pattern_dots_of_other_heads(%q: !x, %lse: tensor<1x8x3xf32>, %d: !x) {
  // expected-error@+2 {{AP1: expected lse to be}}
  // expected-error@+1 {{failed to infer returned types}}
  %r = rondo.attention_pattern_dots %q, %q, %q, %lse, %d dilation <[4, 8], [1, 2], blocks> scale 0.5 : (!x, !x, !x, tensor<1x8x3xf32>, !x) -> tensor<1x8x2x2xf32>
  return
}

// -----

!x = tensor<1x8x2x4xf32>
!lse = tensor<1x8x2xf32>
func.func @no_pattern_dots_of_integer_lse(%q: !x, %lse: !lse, %d: !x, %l: tensor<1x8x2xi32>) {
  // expected-error@+2 {{AP1: expected d_lse to be}}
  // expected-error@+1 {{failed to infer returned types}}
  %r = rondo.attention_pattern_dots %q, %q, %q, %lse, %d lse(%l) dilation <[4, 8], [1, 2], blocks> scale 0.5 : (!x, !x, !x, !lse, !x, tensor<1x8x2xi32>) -> tensor<1x8x2x2xf32>
  return
}

// -----

!x = tensor<1x8x2x4xf32>
!lse = tensor<1x8x2xf32>
func.func @no_pattern_dots_of_caches_alone(%q: !x, %lse: !lse, %d: !x, %c: tensor<1x2x4x4xf32>) {
  // expected-error@+2 {{AP1: expected caches with documents, found caches alone}}
  // expected-error@+1 {{failed to infer returned types}}
  %r = rondo.attention_pattern_dots %q, %q, %q, %lse, %d caches(%c, %c, %c, %c) dilation <[4, 8], [1, 2], blocks> scale 0.5 : (!x, !x, !x, !lse, !x, tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x8x2x2xf32>
  return
}

// -----

!x = tensor<1x8x2x4xf32>
!lse = tensor<1x8x2xf32>
func.func @no_pattern_dots_of_documents_both_ways(%q: !x, %lse: !lse, %d: !x, %p: tensor<1x8xi64>, %i: tensor<1x8xi32>, %b: tensor<1x9xi32>) {
  // expected-error@+2 {{AP1: expected no documents for an op that looks both ways, found documents}}
  // expected-error@+1 {{failed to infer returned types}}
  %r = rondo.attention_pattern_dots %q, %q, %q, %lse, %d positions(%p) documents(%i, %b) dilation <[4, 8], [1, 2], blocks> scale 0.5 {bidirectional} : (!x, !x, !x, !lse, !x, tensor<1x8xi64>, tensor<1x8xi32>, tensor<1x9xi32>) -> tensor<1x8x2x2xf32>
  return
}

// -----

!x = tensor<1x8x2x4xf32>
!lse = tensor<1x8x2xf32>
func.func @no_queries_gradient_of_three_numbers(%q: !x, %lse: !lse, %d: tensor<1x8x2x3xf32>) {
  // expected-error@+2 {{AG1: expected delta with 1 or 2 numbers, found 3}}
  // expected-error@+1 {{failed to infer returned types}}
  %r = rondo.attention_grad_queries %q, %q, %q, %lse, %d, %q dilation <[4, 8], [1, 2], blocks> scale 0.5 : (!x, !x, !x, !lse, tensor<1x8x2x3xf32>, !x) -> !x
  return
}

// -----

!x = tensor<1x8x2x4xf32>
!lse = tensor<1x8x2xf32>
func.func @no_queries_gradient_of_flat_delta(%q: !x, %lse: !lse, %d: !lse) {
  // expected-error@+2 {{AG1: expected delta to be}}
  // expected-error@+1 {{failed to infer returned types}}
  %r = rondo.attention_grad_queries %q, %q, %q, %lse, %d, %q dilation <[4, 8], [1, 2], blocks> scale 0.5 : (!x, !x, !x, !lse, !lse, !x) -> !x
  return
}

// -----

!x = tensor<1x8x2x4xf32>
!lse = tensor<1x8x2xf32>
func.func @no_queries_gradient_of_too_few_caches(%q: !x, %lse: !lse, %d: tensor<1x8x2x1xf32>, %p: tensor<1x8xi64>, %i: tensor<1x8xi32>, %b: tensor<1x9xi32>, %c: tensor<1x2x4x4xf32>) {
  // expected-error@+2 {{AG1: expected keys and values of 2 patterns, found 2 caches}}
  // expected-error@+1 {{failed to infer returned types}}
  %r = rondo.attention_grad_queries %q, %q, %q, %lse, %d, %q positions(%p) documents(%i, %b) caches(%c, %c) dilation <[4, 8], [1, 2], blocks> scale 0.5 : (!x, !x, !x, !lse, tensor<1x8x2x1xf32>, !x, tensor<1x8xi64>, tensor<1x8xi32>, tensor<1x9xi32>, tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> !x
  return
}

// -----

!x = tensor<1x8x2x4xf32>
!lse = tensor<1x8x2xf32>
func.func @no_keys_gradient_of_three_numbers(%q: !x, %lse: !lse, %d: tensor<1x8x2x3xf32>) {
  // expected-error@+2 {{AG1: expected delta with 1 or 2 numbers, found 3}}
  // expected-error@+1 {{failed to infer returned types}}
  %r, %s = rondo.attention_grad_keys %q, %q, %q, %lse, %d, %q dilation <[4, 8], [1, 2], blocks> scale 0.5 : (!x, !x, !x, !lse, tensor<1x8x2x3xf32>, !x) -> (!x, !x)
  return
}

// -----

!x = tensor<1x8x2x4xf32>
!lse = tensor<1x8x2xf32>
func.func @no_keys_gradient_of_other_lse(%q: !x, %lse: tensor<1x7x2xf32>, %d: tensor<1x8x2x1xf32>) {
  // expected-error@+2 {{AG1: expected lse to be}}
  // expected-error@+1 {{failed to infer returned types}}
  %r, %s = rondo.attention_grad_keys %q, %q, %q, %lse, %d, %q dilation <[4, 8], [1, 2], blocks> scale 0.5 : (!x, !x, !x, tensor<1x7x2xf32>, tensor<1x8x2x1xf32>, !x) -> (!x, !x)
  return
}

// -----

!x = tensor<1x8x2x4xf32>
!lse = tensor<1x8x2xf32>
func.func @no_keys_gradient_of_documents_alone(%q: !x, %lse: !lse, %d: tensor<1x8x2x1xf32>, %i: tensor<1x8xi32>, %b: tensor<1x9xi32>) {
  // expected-error@+2 {{AG1: expected documents with positions, found documents alone}}
  // expected-error@+1 {{failed to infer returned types}}
  %r, %s = rondo.attention_grad_keys %q, %q, %q, %lse, %d, %q documents(%i, %b) dilation <[4, 8], [1, 2], blocks> scale 0.5 : (!x, !x, !x, !lse, tensor<1x8x2x1xf32>, !x, tensor<1x8xi32>, tensor<1x9xi32>) -> (!x, !x)
  return
}

// -----

!x = tensor<1x8x2x4xf32>
!lse = tensor<1x8x2xf32>
func.func @no_gradients_of_three_numbers(%q: !x, %lse: !lse, %d: tensor<1x8x2x3xf32>) {
  // expected-error@+2 {{AG1: expected delta with 1 or 2 numbers, found 3}}
  // expected-error@+1 {{failed to infer returned types}}
  %r:3 = rondo.attention_gradients %q, %q, %q, %lse, %d, %q dilation <[4, 8], [1, 2], blocks> scale 0.5 : (!x, !x, !x, !lse, tensor<1x8x2x3xf32>, !x) -> (!x, !x, !x)
  return
}

// -----

!x = tensor<1x8x2x4xf32>
!lse = tensor<1x8x2xf32>
func.func @no_gradients_of_flat_delta(%q: !x, %lse: !lse, %d: !lse) {
  // expected-error@+2 {{AG1: expected delta to be}}
  // expected-error@+1 {{failed to infer returned types}}
  %r:3 = rondo.attention_gradients %q, %q, %q, %lse, %d, %q dilation <[4, 8], [1, 2], blocks> scale 0.5 : (!x, !x, !x, !lse, !lse, !x) -> (!x, !x, !x)
  return
}

// -----

!x = tensor<1x8x2x4xf32>
!lse = tensor<1x8x2xf32>
func.func @no_gradients_of_too_few_caches(%q: !x, %lse: !lse, %d: tensor<1x8x2x1xf32>, %p: tensor<1x8xi64>, %i: tensor<1x8xi32>, %b: tensor<1x9xi32>, %c: tensor<1x2x4x4xf32>) {
  // expected-error@+2 {{AG1: expected keys and values of 2 patterns, found 2 caches}}
  // expected-error@+1 {{failed to infer returned types}}
  %r:3 = rondo.attention_gradients %q, %q, %q, %lse, %d, %q positions(%p) documents(%i, %b) caches(%c, %c) dilation <[4, 8], [1, 2], blocks> scale 0.5 : (!x, !x, !x, !lse, tensor<1x8x2x1xf32>, !x, tensor<1x8xi64>, tensor<1x8xi32>, tensor<1x9xi32>, tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> (!x, !x, !x)
  return
}
