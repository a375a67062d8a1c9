// RUN: rondo-opt %s -split-input-file -verify-diagnostics

!x = tensor<1x8x2x4xf32>
!lse = tensor<1x8x2xf32>
func.func @no_positions_of_other_type(%p: tensor<1x8xi32>) {
  // expected-error@+2 {{DO1: expected positions to be}}
  // expected-error@+1 {{failed to infer returned types}}
  %i, %b = rondo.documents %p : (tensor<1x8xi32>) -> (tensor<1x8xi32>, tensor<1x9xi32>)
  return
}

// -----

!x = tensor<1x8x2x4xf32>
!lse = tensor<1x8x2xf32>
func.func @no_length_of_other_batch(%p: tensor<1x8xi64>, %n: tensor<2xi32>) {
  // expected-error@+2 {{DO1: expected length to be}}
  // expected-error@+1 {{failed to infer returned types}}
  %i, %b = rondo.documents %p length(%n) : (tensor<1x8xi64>, tensor<2xi32>) -> (tensor<1x8xi32>, tensor<1x9xi32>)
  return
}

// -----

!x = tensor<1x8x2x4xf32>
!lse = tensor<1x8x2xf32>
func.func @no_rows_of_other_width(%c: tensor<1x2x4x4xf32>, %k: tensor<1x8x2x6xf32>, %p: tensor<1x8xi64>, %i: tensor<1x8xi32>, %b: tensor<1x9xi32>) {
  // expected-error@+2 {{AC1: expected rows to be}}
  // expected-error@+1 {{failed to infer returned types}}
  %n = rondo.append_cache %c, %k positions(%p) documents(%i, %b) dilation <[4, 8], [1, 2], blocks> pattern 1 heads 2 : (tensor<1x2x4x4xf32>, tensor<1x8x2x6xf32>, tensor<1x8xi64>, tensor<1x8xi32>, tensor<1x9xi32>) -> tensor<1x2x4x4xf32>
  return
}

// -----

!x = tensor<1x8x2x4xf32>
!lse = tensor<1x8x2xf32>
func.func @no_cache_of_one_dimension(%c: tensor<32xf32>, %k: !x, %p: tensor<1x8xi64>, %i: tensor<1x8xi32>, %b: tensor<1x9xi32>) {
  // expected-error@+2 {{AC1: expected cache to be}}
  // expected-error@+1 {{failed to infer returned types}}
  %n = rondo.append_cache %c, %k positions(%p) documents(%i, %b) dilation <[4, 8], [1, 2], blocks> pattern 1 heads 2 : (tensor<32xf32>, !x, tensor<1x8xi64>, tensor<1x8xi32>, tensor<1x9xi32>) -> tensor<32xf32>
  return
}

// -----

!x = tensor<1x8x2x4xf32>
!lse = tensor<1x8x2xf32>
func.func @no_bounds_of_other_type(%c: tensor<1x2x4x4xf32>, %k: !x, %p: tensor<1x8xi64>, %i: tensor<1x8xi32>, %b: tensor<1x9xi64>) {
  // expected-error@+2 {{AC1: expected document bounds to be}}
  // expected-error@+1 {{failed to infer returned types}}
  %n = rondo.append_cache %c, %k positions(%p) documents(%i, %b) dilation <[4, 8], [1, 2], blocks> pattern 1 heads 2 : (tensor<1x2x4x4xf32>, !x, tensor<1x8xi64>, tensor<1x8xi32>, tensor<1x9xi64>) -> tensor<1x2x4x4xf32>
  return
}

// -----

!x = tensor<1x8x2x4xf32>
!lse = tensor<1x8x2xf32>
func.func @no_pattern_beyond_the_last(%c: tensor<1x2x4x4xf32>, %k: !x, %p: tensor<1x8xi64>, %i: tensor<1x8xi32>, %b: tensor<1x9xi32>) {
  // expected-error@+1 {{AC1: expected one of 2 patterns, found 2}}
  %n = rondo.append_cache %c, %k positions(%p) documents(%i, %b) dilation <[4, 8], [1, 2], blocks> pattern 2 heads 2 : (tensor<1x2x4x4xf32>, !x, tensor<1x8xi64>, tensor<1x8xi32>, tensor<1x9xi32>) -> tensor<1x2x4x4xf32>
  return
}

// -----

!x = tensor<1x8x2x4xf32>
!lse = tensor<1x8x2xf32>
func.func @no_negative_pattern(%c: tensor<1x2x4x4xf32>, %k: !x, %p: tensor<1x8xi64>, %i: tensor<1x8xi32>, %b: tensor<1x9xi32>) {
  // expected-error@+1 {{AC1: expected one of 2 patterns, found -1}}
  %n = rondo.append_cache %c, %k positions(%p) documents(%i, %b) dilation <[4, 8], [1, 2], blocks> pattern -1 heads 2 : (tensor<1x2x4x4xf32>, !x, tensor<1x8xi64>, tensor<1x8xi32>, tensor<1x9xi32>) -> tensor<1x2x4x4xf32>
  return
}

// -----

!x = tensor<1x8x2x4xf32>
!lse = tensor<1x8x2xf32>
func.func @no_heads_that_share_unevenly(%c: tensor<1x2x4x4xf32>, %k: !x, %p: tensor<1x8xi64>, %i: tensor<1x8xi32>, %b: tensor<1x9xi32>) {
  // expected-error@+1 {{AC1: expected heads that 2 heads of k divide, found 3}}
  %n = rondo.append_cache %c, %k positions(%p) documents(%i, %b) dilation <[4, 8], [1, 2], blocks> pattern 1 heads 3 : (tensor<1x2x4x4xf32>, !x, tensor<1x8xi64>, tensor<1x8xi32>, tensor<1x9xi32>) -> tensor<1x2x4x4xf32>
  return
}

// -----

!x = tensor<1x8x2x4xf32>
!lse = tensor<1x8x2xf32>
func.func @no_cache_of_other_capacity(%c: tensor<1x2x5x4xf32>, %k: !x, %p: tensor<1x8xi64>, %i: tensor<1x8xi32>, %b: tensor<1x9xi32>) {
  // expected-error@+1 {{AC1: expected a cache of 2 streams of 4 rows, found 'tensor<1x2x5x4xf32>'}}
  %n = rondo.append_cache %c, %k positions(%p) documents(%i, %b) dilation <[4, 8], [1, 2], blocks> pattern 1 heads 2 : (tensor<1x2x5x4xf32>, !x, tensor<1x8xi64>, tensor<1x8xi32>, tensor<1x9xi32>) -> tensor<1x2x5x4xf32>
  return
}

// -----

!x = tensor<1x8x2x4xf32>
!lse = tensor<1x8x2xf32>
func.func @no_cache_of_more_streams(%c: tensor<1x4x4x4xf32>, %k: !x, %p: tensor<1x8xi64>, %i: tensor<1x8xi32>, %b: tensor<1x9xi32>) {
  // expected-error@+1 {{AC1: expected a cache of 2 streams of 4 rows, found 'tensor<1x4x4x4xf32>'}}
  %n = rondo.append_cache %c, %k positions(%p) documents(%i, %b) dilation <[4, 8], [1, 2], blocks> pattern 1 heads 2 : (tensor<1x4x4x4xf32>, !x, tensor<1x8xi64>, tensor<1x8xi32>, tensor<1x9xi32>) -> tensor<1x4x4x4xf32>
  return
}

// -----

func.func @no_rows_without_heads(%c: tensor<1x2x4x4xf32>, %k: tensor<1x8x0x4xf32>, %p: tensor<1x8xi64>,
                                 %i: tensor<1x8xi32>, %b: tensor<1x9xi32>) {
  // expected-error@+1 {{AC1: expected heads that 0 heads of k divide, found 2}}
  %n = rondo.append_cache %c, %k positions(%p) documents(%i, %b) dilation <[4], [1], blocks> pattern 0 heads 2
      : (tensor<1x2x4x4xf32>, tensor<1x8x0x4xf32>, tensor<1x8xi64>, tensor<1x8xi32>, tensor<1x9xi32>) -> tensor<1x2x4x4xf32>
  return
}
