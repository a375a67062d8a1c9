// RUN: rondo-opt %s | rondo-opt | FileCheck %s

!x = tensor<1x8x2x4xf32>
!lse = tensor<1x8x2xf32>

// CHECK-LABEL: @plain
func.func @plain(%q: !x) {
  // CHECK: rondo.dilated_attention %{{.*}}, %{{.*}}, %{{.*}} dilation <[8], [1], blocks> scale 5.000000e-01 :
  %o, %lse = rondo.dilated_attention %q, %q, %q dilation <[8], [1], blocks> scale 0.5 : (!x, !x, !x) -> (!x, !lse)
  return
}

// Two query heads read one head of k; v is wider than k.
// CHECK-LABEL: @encoder
func.func @encoder(%q: !x, %k: tensor<1x8x1x4xf32>, %v: tensor<1x8x1x6xf32>) {
  // CHECK: dilation <[4, 5], [2, 3], modulo> scale 1.000000e+00 lane_log_decay [-1.000000e-03, -1.000000e-03, 0.000000e+00, 0.000000e+00]
  // CHECK-SAME: {bidirectional, frozen_mixture}
  // CHECK-SAME: -> (tensor<1x8x2x6xf32>, tensor<1x8x2xf32>)
  %o, %lse = rondo.dilated_attention %q, %k, %v dilation <[4, 5], [2, 3], modulo> scale 1.0
      lane_log_decay [-1.0e-3, -1.0e-3, 0.0, 0.0] {bidirectional, frozen_mixture}
      : (!x, tensor<1x8x1x4xf32>, tensor<1x8x1x6xf32>) -> (tensor<1x8x2x6xf32>, !lse)
  return
}

// CHECK-LABEL: @positions_alone
func.func @positions_alone(%q: !x, %p: tensor<1x8xi64>) {
  // CHECK: rondo.dilated_attention %{{.*}}, %{{.*}}, %{{.*}} positions(%{{.*}}) dilation
  %o, %lse = rondo.dilated_attention %q, %q, %q positions(%p) dilation <[8], [1], blocks> scale 0.5
      : (!x, !x, !x, tensor<1x8xi64>) -> (!x, !lse)
  return
}

// A stretch: under <[4, 8], [1, 2], blocks> the second pattern's cache has one stream for each head's offset.
// CHECK-LABEL: @stretch
func.func @stretch(%q: !x, %p: tensor<1x8xi64>, %n: tensor<1xi32>, %a: tensor<1x2x4x4xf32>) {
  // CHECK: rondo.documents %{{.*}} length(%{{.*}}) : (tensor<1x8xi64>, tensor<1xi32>) -> (tensor<1x8xi32>, tensor<1x9xi32>)
  %i, %b = rondo.documents %p length(%n) : (tensor<1x8xi64>, tensor<1xi32>) -> (tensor<1x8xi32>, tensor<1x9xi32>)
  // CHECK: rondo.dilated_attention {{.*}} positions(%{{.*}}) documents(%{{.*}}, %{{.*}}) caches(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}) dilation
  %o, %lse = rondo.dilated_attention %q, %q, %q positions(%p) documents(%i, %b) caches(%a, %a, %a, %a)
      dilation <[4, 8], [1, 2], blocks> scale 0.5
      : (!x, !x, !x, tensor<1x8xi64>, tensor<1x8xi32>, tensor<1x9xi32>, tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>,
         tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> (!x, !lse)
  // CHECK: rondo.append_cache %{{.*}}, %{{.*}} positions(%{{.*}}) documents(%{{.*}}, %{{.*}}) dilation <[4, 8], [1, 2], blocks> pattern 1 heads 2 :
  %c = rondo.append_cache %a, %q positions(%p) documents(%i, %b) dilation <[4, 8], [1, 2], blocks> pattern 1 heads 2
      : (tensor<1x2x4x4xf32>, !x, tensor<1x8xi64>, tensor<1x8xi32>, tensor<1x9xi32>) -> tensor<1x2x4x4xf32>
  return
}

// Both heads of q have one head of k and, by torchscale's rule with two heads and ratio 2, an offset of their own:
// two streams. Under ratio 1 they share one.
// CHECK-LABEL: @shared_streams
func.func @shared_streams(%k: tensor<1x8x1x4xf32>, %p: tensor<1x8xi64>, %i: tensor<1x8xi32>, %b: tensor<1x9xi32>,
                          %one: tensor<1x1x4x4xf32>, %two: tensor<1x2x3x4xf32>) {
  // CHECK: pattern 0 heads 2
  %c = rondo.append_cache %one, %k positions(%p) documents(%i, %b) dilation <[4, 5], [1, 2], blocks> pattern 0 heads 2
      : (tensor<1x1x4x4xf32>, tensor<1x8x1x4xf32>, tensor<1x8xi64>, tensor<1x8xi32>, tensor<1x9xi32>) -> tensor<1x1x4x4xf32>
  // CHECK: pattern 1 heads 2
  %d = rondo.append_cache %two, %k positions(%p) documents(%i, %b) dilation <[4, 5], [1, 2], blocks> pattern 1 heads 2
      : (tensor<1x2x3x4xf32>, tensor<1x8x1x4xf32>, tensor<1x8xi64>, tensor<1x8xi32>, tensor<1x9xi32>) -> tensor<1x2x3x4xf32>
  return
}

// CHECK-LABEL: @derivative_parts
func.func @derivative_parts(%q: !x, %lse: !lse, %one: tensor<1x8x2x1xf32>) {
  // CHECK: rondo.attention_row_dots %{{.*}}, %{{.*}} lse(%{{.*}}) :
  %r = rondo.attention_row_dots %q, %q lse(%lse) : (!x, !x, !lse) -> tensor<1x8x2x1xf32>
  // CHECK: rondo.attention_pattern_dots {{.*}} lse(%{{.*}}) dilation <[4, 8], [1, 2], blocks>
  %d = rondo.attention_pattern_dots %q, %q, %q, %lse, %q lse(%lse) dilation <[4, 8], [1, 2], blocks> scale 0.5
      : (!x, !x, !x, !lse, !x, !lse) -> tensor<1x8x2x2xf32>
  // CHECK: rondo.attention_grad_queries {{.*}} dilation <[4, 8], [1, 2], blocks> scale 5.000000e-01 {bidirectional} :
  %dq = rondo.attention_grad_queries %q, %q, %q, %lse, %d, %q dilation <[4, 8], [1, 2], blocks> scale 0.5 {bidirectional}
      : (!x, !x, !x, !lse, tensor<1x8x2x2xf32>, !x) -> !x
  // CHECK: rondo.attention_grad_keys {{.*}} dilation <[4, 8], [1, 2], blocks> scale 5.000000e-01 :
  %dk, %dv = rondo.attention_grad_keys %q, %q, %q, %lse, %one, %q dilation <[4, 8], [1, 2], blocks> scale 0.5
      : (!x, !x, !x, !lse, tensor<1x8x2x1xf32>, !x) -> (!x, !x)
  // CHECK: rondo.attention_gradients {{.*}} dilation <[4, 8], [1, 2], blocks> scale 5.000000e-01 :
  %all:3 = rondo.attention_gradients %q, %q, %q, %lse, %one, %q dilation <[4, 8], [1, 2], blocks> scale 0.5
      : (!x, !x, !x, !lse, tensor<1x8x2x1xf32>, !x) -> (!x, !x, !x)
  return
}
