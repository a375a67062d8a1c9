// RUN: rondo-opt %s --rondo-form-groups | FileCheck %s

// What a kernel adds to in place needs memory though nothing else reads it: lse, and dk of which only dv is wanted.
// CHECK-LABEL: func.func @unread_results
// CHECK: %[[A:.*]]:2 = rondo.group({{.*}}) : {{.*}} -> (tensor<1x8x2x4xf32>, tensor<1x8x2xf32>)
// CHECK: rondo.dilated_attention
// CHECK: %[[G:.*]]:2 = rondo.group({{.*}}) : {{.*}} -> (tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>)
// CHECK: rondo.attention_grad_keys
// CHECK: return %[[A]]#0, %[[G]]#1
!x = tensor<1x8x2x4xf32>
!lse = tensor<1x8x2xf32>
func.func @unread_results(%q: !x, %lse: !lse, %delta: tensor<1x8x2x1xf32>) -> (!x, !x)
    attributes {rondo.entry = #rondo.entry<forward, B = 1, T = 8, slots = 0>} {
  %o, %unread = rondo.dilated_attention %q, %q, %q dilation <[4, 8], [1, 2], blocks> scale 0.5 : (!x, !x, !x) -> (!x, !lse)
  %dk, %dv = rondo.attention_grad_keys %q, %q, %q, %lse, %delta, %q dilation <[4, 8], [1, 2], blocks> scale 0.5
      : (!x, !x, !x, !lse, tensor<1x8x2x1xf32>, !x) -> (!x, !x)
  return %o, %dv : !x, !x
}

// Patterns merge in one kernel that adds to dq alone.
// CHECK-LABEL: func.func @no_further_results
// CHECK: rondo.group({{.*}}) : {{.*}} -> tensor<1x8x2x4xf32>
// CHECK: rondo.attention_grad_queries
func.func @no_further_results(%q: !x, %lse: !lse, %delta: tensor<1x8x2x1xf32>) -> !x
    attributes {rondo.entry = #rondo.entry<forward, B = 1, T = 8, slots = 0>} {
  %dq = rondo.attention_grad_queries %q, %q, %q, %lse, %delta, %q dilation <[4, 8], [1, 2], blocks> scale 0.5
      : (!x, !x, !x, !lse, tensor<1x8x2x1xf32>, !x) -> !x
  return %dq : !x
}
