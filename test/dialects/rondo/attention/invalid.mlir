// RUN: rondo-opt %s -split-input-file -verify-diagnostics

!x = tensor<1x8x2x4xf32>
!lse = tensor<1x8x2xf32>
func.func @no_pattern(%q: !x) {
  // expected-error@+2 {{expected integer value}}
  // expected-error@+1 {{failed to parse Rondo_DilationAttr parameter 'segments'}}
  %o, %lse = rondo.dilated_attention %q, %q, %q dilation <[], [], blocks> scale 0.5 : (!x, !x, !x) -> (!x, !lse)
  return
}

// -----

!x = tensor<1x8x2x4xf32>
!lse = tensor<1x8x2xf32>
func.func @no_ratio_without_segment(%q: !x) {
  // expected-error@+1 {{expected as many ratios as segment lengths and at least one, found 1 segment lengths and 2 ratios}}
  %o, %lse = rondo.dilated_attention %q, %q, %q dilation <[4], [1, 2], blocks> scale 0.5 : (!x, !x, !x) -> (!x, !lse)
  return
}

// -----

!x = tensor<1x8x2x4xf32>
!lse = tensor<1x8x2xf32>
func.func @no_ratio_beyond_its_segment(%q: !x) {
  // expected-error@+1 {{expected 1 <= ratio <= segment length, found ratio 5 of segments of 4}}
  %o, %lse = rondo.dilated_attention %q, %q, %q dilation <[4], [5], blocks> scale 0.5 : (!x, !x, !x) -> (!x, !lse)
  return
}

// -----

!x = tensor<1x8x2x4xf32>
!lse = tensor<1x8x2xf32>
func.func @no_segment_of_zero(%q: !x) {
  // expected-error@+1 {{expected 1 <= ratio <= segment length, found ratio 1 of segments of 0}}
  %o, %lse = rondo.dilated_attention %q, %q, %q dilation <[0], [1], blocks> scale 0.5 : (!x, !x, !x) -> (!x, !lse)
  return
}

// -----

!x = tensor<1x8x2x4xf32>
!lse = tensor<1x8x2xf32>
func.func @no_ratio_of_zero(%q: !x) {
  // expected-error@+1 {{expected 1 <= ratio <= segment length, found ratio 0 of segments of 4}}
  %o, %lse = rondo.dilated_attention %q, %q, %q dilation <[4], [0], modulo> scale 0.5 : (!x, !x, !x) -> (!x, !lse)
  return
}

// -----

!x = tensor<1x8x2x4xf32>
!lse = tensor<1x8x2xf32>
func.func @no_keys_of_other_width(%q: !x, %k: tensor<1x8x2x6xf32>) {
  // expected-error@+2 {{D1: expected k to be}}
  // expected-error@+1 {{failed to infer returned types}}
  %o, %lse = rondo.dilated_attention %q, %k, %q dilation <[4, 8], [1, 2], blocks> scale 0.5 : (!x, tensor<1x8x2x6xf32>, !x) -> (!x, !lse)
  return
}

// -----

!x = tensor<1x8x2x4xf32>
!lse = tensor<1x8x2xf32>
func.func @no_values_of_other_heads(%q: !x, %v: tensor<1x8x1x4xf32>) {
  // expected-error@+2 {{D1: expected v to be}}
  // expected-error@+1 {{failed to infer returned types}}
  %o, %lse = rondo.dilated_attention %q, %q, %v dilation <[4, 8], [1, 2], blocks> scale 0.5 : (!x, !x, tensor<1x8x1x4xf32>) -> (!x, !lse)
  return
}

// -----

!x = tensor<1x8x2x4xf32>
!lse = tensor<1x8x2xf32>
func.func @no_uneven_heads(%q: tensor<1x8x3x4xf32>, %k: !x) {
  // expected-error@+2 {{D1: expected heads of k and v that divide 3 heads of q, found 2}}
  // expected-error@+1 {{failed to infer returned types}}
  %o, %lse = rondo.dilated_attention %q, %k, %k dilation <[4, 8], [1, 2], blocks> scale 0.5 : (tensor<1x8x3x4xf32>, !x, !x) -> (tensor<1x8x3x4xf32>, tensor<1x8x3xf32>)
  return
}

// -----

!x = tensor<1x8x2x4xf32>
!lse = tensor<1x8x2xf32>
func.func @no_integer_queries(%q: tensor<1x8x2x4xi32>, %k: !x) {
  // expected-error@+2 {{D1: expected q to be}}
  // expected-error@+1 {{failed to infer returned types}}
  %o, %lse = rondo.dilated_attention %q, %k, %k dilation <[4, 8], [1, 2], blocks> scale 0.5 : (tensor<1x8x2x4xi32>, !x, !x) -> (!x, !lse)
  return
}

// -----

!x = tensor<1x8x2x4xf32>
!lse = tensor<1x8x2xf32>
func.func @no_documents_without_positions(%q: !x, %i: tensor<1x8xi32>, %b: tensor<1x9xi32>) {
  // expected-error@+2 {{D2: expected documents with positions, found documents alone}}
  // expected-error@+1 {{failed to infer returned types}}
  %o, %lse = rondo.dilated_attention %q, %q, %q documents(%i, %b) dilation <[4, 8], [1, 2], blocks> scale 0.5 : (!x, !x, !x, tensor<1x8xi32>, tensor<1x9xi32>) -> (!x, !lse)
  return
}

// -----

!x = tensor<1x8x2x4xf32>
!lse = tensor<1x8x2xf32>
func.func @no_documents_for_both_ways(%q: !x, %p: tensor<1x8xi64>, %i: tensor<1x8xi32>, %b: tensor<1x9xi32>) {
  // expected-error@+2 {{D2: expected no documents for an op that looks both ways, found documents}}
  // expected-error@+1 {{failed to infer returned types}}
  %o, %lse = rondo.dilated_attention %q, %q, %q positions(%p) documents(%i, %b) dilation <[4, 8], [1, 2], blocks> scale 0.5 {bidirectional} : (!x, !x, !x, tensor<1x8xi64>, tensor<1x8xi32>, tensor<1x9xi32>) -> (!x, !lse)
  return
}

// -----

!x = tensor<1x8x2x4xf32>
!lse = tensor<1x8x2xf32>
func.func @no_bounds_for_fewer_documents(%q: !x, %p: tensor<1x8xi64>, %i: tensor<1x8xi32>) {
  // expected-error@+2 {{D2: expected document bounds to be}}
  // expected-error@+1 {{failed to infer returned types}}
  %o, %lse = rondo.dilated_attention %q, %q, %q positions(%p) documents(%i, %i) dilation <[4, 8], [1, 2], blocks> scale 0.5 : (!x, !x, !x, tensor<1x8xi64>, tensor<1x8xi32>, tensor<1x8xi32>) -> (!x, !lse)
  return
}

// -----

!x = tensor<1x8x2x4xf32>
!lse = tensor<1x8x2xf32>
func.func @no_index_of_other_type(%q: !x, %p: tensor<1x8xi64>, %b: tensor<1x9xi32>) {
  // expected-error@+2 {{D2: expected document index to be}}
  // expected-error@+1 {{failed to infer returned types}}
  %o, %lse = rondo.dilated_attention %q, %q, %q positions(%p) documents(%p, %b) dilation <[4, 8], [1, 2], blocks> scale 0.5 : (!x, !x, !x, tensor<1x8xi64>, tensor<1x8xi64>, tensor<1x9xi32>) -> (!x, !lse)
  return
}

// -----

!x = tensor<1x8x2x4xf32>
!lse = tensor<1x8x2xf32>
func.func @no_positions_of_other_type(%q: !x, %p: tensor<1x8xi32>) {
  // expected-error@+2 {{D2: expected positions to be}}
  // expected-error@+1 {{failed to infer returned types}}
  %o, %lse = rondo.dilated_attention %q, %q, %q positions(%p) dilation <[4, 8], [1, 2], blocks> scale 0.5 : (!x, !x, !x, tensor<1x8xi32>) -> (!x, !lse)
  return
}

// -----

!x = tensor<1x8x2x4xf32>
!lse = tensor<1x8x2xf32>
func.func @no_caches_without_documents(%q: !x, %p: tensor<1x8xi64>, %c: tensor<1x2x4x4xf32>) {
  // expected-error@+2 {{D3: expected caches with documents, found caches alone}}
  // expected-error@+1 {{failed to infer returned types}}
  %o, %lse = rondo.dilated_attention %q, %q, %q positions(%p) caches(%c, %c, %c, %c) dilation <[4, 8], [1, 2], blocks> scale 0.5 : (!x, !x, !x, tensor<1x8xi64>, tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> (!x, !lse)
  return
}

// -----

!x = tensor<1x8x2x4xf32>
!lse = tensor<1x8x2xf32>
func.func @no_cache_without_its_pattern(%q: !x, %p: tensor<1x8xi64>, %i: tensor<1x8xi32>, %b: tensor<1x9xi32>, %c: tensor<1x2x4x4xf32>) {
  // expected-error@+2 {{D3: expected keys and values of 2 patterns, found 3 caches}}
  // expected-error@+1 {{failed to infer returned types}}
  %o, %lse = rondo.dilated_attention %q, %q, %q positions(%p) documents(%i, %b) caches(%c, %c, %c) dilation <[4, 8], [1, 2], blocks> scale 0.5 : (!x, !x, !x, tensor<1x8xi64>, tensor<1x8xi32>, tensor<1x9xi32>, tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> (!x, !lse)
  return
}

// -----

!x = tensor<1x8x2x4xf32>
!lse = tensor<1x8x2xf32>
func.func @no_cache_of_other_capacity(%q: !x, %p: tensor<1x8xi64>, %i: tensor<1x8xi32>, %b: tensor<1x9xi32>, %c: tensor<1x2x4x4xf32>, %d: tensor<1x2x3x4xf32>) {
  // expected-error@+2 {{D3: expected cached values of pattern 1 to be 'tensor<1x2x4x4xf32>', found 'tensor<1x2x3x4xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %o, %lse = rondo.dilated_attention %q, %q, %q positions(%p) documents(%i, %b) caches(%c, %c, %c, %d) dilation <[4, 8], [1, 2], blocks> scale 0.5 : (!x, !x, !x, tensor<1x8xi64>, tensor<1x8xi32>, tensor<1x9xi32>, tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>, tensor<1x2x3x4xf32>) -> (!x, !lse)
  return
}

// -----

!x = tensor<1x8x2x4xf32>
!lse = tensor<1x8x2xf32>
func.func @no_cache_of_fewer_streams(%q: !x, %p: tensor<1x8xi64>, %i: tensor<1x8xi32>, %b: tensor<1x9xi32>, %c: tensor<1x2x4x4xf32>, %d: tensor<1x1x4x4xf32>) {
  // expected-error@+2 {{D3: expected cached keys of pattern 0 to be 'tensor<1x2x4x4xf32>', found 'tensor<1x1x4x4xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %o, %lse = rondo.dilated_attention %q, %q, %q positions(%p) documents(%i, %b) caches(%d, %c, %c, %c) dilation <[4, 8], [1, 2], blocks> scale 0.5 : (!x, !x, !x, tensor<1x8xi64>, tensor<1x8xi32>, tensor<1x9xi32>, tensor<1x1x4x4xf32>, tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> (!x, !lse)
  return
}

// -----

!x = tensor<1x8x2x4xf32>
!lse = tensor<1x8x2xf32>
func.func @no_decay_for_fewer_lanes(%q: !x) {
  // expected-error@+1 {{D4: expected 4 finite log decays, one per lane, found [-1.000000e-03, -1.000000e-03]}}
  %o, %lse = rondo.dilated_attention %q, %q, %q dilation <[4, 8], [1, 2], blocks> scale 0.5 lane_log_decay [-1.0e-3, -1.0e-3] : (!x, !x, !x) -> (!x, !lse)
  return
}

// -----

!x = tensor<1x8x2x4xf32>
!lse = tensor<1x8x2xf32>
func.func @no_infinite_decay(%q: !x) {
  // expected-error@+1 {{D4: expected 4 finite log decays, one per lane, found}}
  %o, %lse = rondo.dilated_attention %q, %q, %q dilation <[4, 8], [1, 2], blocks> scale 0.5 lane_log_decay [0xFFF0000000000000, 0.0, 0.0, 0.0] : (!x, !x, !x) -> (!x, !lse)
  return
}

// -----

func.func @no_decay_of_flat_queries(%q: tensor<1x8xf32>) {
  // expected-error@+2 {{D1: expected q to be [B, T, H, D] of f32, found 'tensor<1x8xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %o, %lse = rondo.dilated_attention %q, %q, %q dilation <[4], [1], blocks> scale 0.5 lane_log_decay [0.0]
      : (tensor<1x8xf32>, tensor<1x8xf32>, tensor<1x8xf32>) -> (tensor<1x8x2x4xf32>, tensor<1x8x2xf32>)
  return
}
