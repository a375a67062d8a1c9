// RUN: rondo-opt %s -split-input-file -verify-diagnostics

!x = tensor<1x8x2x4xf32>
!lse = tensor<1x8x2xf32>
func.func @no_positions(%q: !x) {
  // expected-error@+1 {{A2: expected positions for an op that looks back only, found none}}
  %o, %lse = rondo.attention %q, %q, %q scale 0.5 capacity 16 : (!x, !x, !x) -> (!x, !lse)
  return
}

// -----

!x = tensor<1x8x2x4xf32>
!lse = tensor<1x8x2xf32>
func.func @no_capacity(%q: !x, %p: tensor<1x8xi64>) {
  // expected-error@+1 {{A2: expected a capacity of at least 1, found none}}
  %o, %lse = rondo.attention %q, %q, %q positions(%p) scale 0.5 : (!x, !x, !x, tensor<1x8xi64>) -> (!x, !lse)
  return
}

// -----

!x = tensor<1x8x2x4xf32>
!lse = tensor<1x8x2xf32>
func.func @capacity_both_ways(%q: !x) {
  // expected-error@+1 {{A2: expected no capacity, found 16}}
  %o, %lse = rondo.attention %q, %q, %q scale 0.5 capacity 16 {bidirectional} : (!x, !x, !x) -> (!x, !lse)
  return
}

// -----

!x = tensor<1x8x2x4xf32>
!y = tensor<1x8x3x4xf32>
!lse = tensor<1x8x2xf32>
func.func @heads(%q: !x, %k: !y) {
  // expected-error@+2 {{failed to infer returned types}}
  // expected-error@+1 {{A1: expected heads of k and v that divide 2 heads of q, found 3}}
  %o, %lse = rondo.attention %q, %k, %k scale 0.5 {bidirectional} : (!x, !y, !y) -> (!x, !lse)
  return
}

// -----

!x = tensor<1x8x2x4xf32>
!lse = tensor<1x8x2xf32>
func.func @lane_log_decay(%q: !x) {
  // expected-error@+1 {{A3: expected 4 finite log decays, one per lane, found [-1}}
  %o, %lse = rondo.attention %q, %q, %q scale 0.5 lane_log_decay [-1.0] {bidirectional} : (!x, !x, !x) -> (!x, !lse)
  return
}
