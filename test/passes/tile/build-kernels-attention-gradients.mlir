// RUN: rondo-opt %s --rondo-build-kernels=target=cpu:znver4 | FileCheck %s

// Sixteen whole segments are enough workgroups: scores and weights serve all three gradients, five products on the diagonal and five off it, and
// five of the pattern that is covered and has no diagonal. A row of one segment: queries and keys are owned apart. Segments of 64 are owned whole,
// and under the pattern of 512 queries (three products) and keys (four) of their rows.
!x = tensor<1x512x2x16xf32>
!lse = tensor<1x512x2xf32>
!delta = tensor<1x512x2x1xf32>
func.func @entry(%q: !x, %lse: !lse, %delta: !delta) -> (!x, !x, !x, !x, !x, !x, !x, !x, !x) attributes {rondo.entry = #rondo.entry<forward, B = 1, T = 512, slots = 0>} {
  %a:3 = rondo.group(%q, %lse, %delta) slices [-1, -1, -1] : (!x, !lse, !delta) -> (!x, !x, !x) {
  ^bb0(%x: !x, %l: !lse, %d: !delta):
    %r:3 = rondo.attention_gradients %x, %x, %x, %l, %d, %x dilation <[64, 32], [2, 1], blocks> scale 0.25 : (!x, !x, !x, !lse, !delta, !x) -> (!x, !x, !x)
    rondo.yield %r#0, %r#1, %r#2 : !x, !x, !x
  }
  %b:3 = rondo.group(%q, %lse, %delta) slices [-1, -1, -1] : (!x, !lse, !delta) -> (!x, !x, !x) {
  ^bb0(%x: !x, %l: !lse, %d: !delta):
    %r:3 = rondo.attention_gradients %x, %x, %x, %l, %d, %x dilation <[512], [1], blocks> scale 0.25 : (!x, !x, !x, !lse, !delta, !x) -> (!x, !x, !x)
    rondo.yield %r#0, %r#1, %r#2 : !x, !x, !x
  }
  %c:3 = rondo.group(%q, %lse, %delta) slices [-1, -1, -1] : (!x, !lse, !delta) -> (!x, !x, !x) {
  ^bb0(%x: !x, %l: !lse, %d: !delta):
    %r:3 = rondo.attention_gradients %x, %x, %x, %l, %d, %x dilation <[64, 512], [1, 2], blocks> scale 0.25 : (!x, !x, !x, !lse, !delta, !x) -> (!x, !x, !x)
    rondo.yield %r#0, %r#1, %r#2 : !x, !x, !x
  }
  return %a#0, %a#1, %a#2, %b#0, %b#1, %b#2, %c#0, %c#1, %c#2 : !x, !x, !x, !x, !x, !x, !x, !x, !x
}
// CHECK: tile.kernel @attention_gradients_0{{.*}} grid [1, 2, 8] 
// CHECK-COUNT-15: tile.dot
// CHECK-NOT: tile.dot
// CHECK: tile.kernel @attention_gradients_1{{.*}} grid [1, 2, 1, 2] 
// CHECK-COUNT-14: tile.dot
// CHECK-NOT: tile.dot
// CHECK: tile.kernel @attention_gradients_2{{.*}} grid [1, 2, 8] 
// CHECK-COUNT-17: tile.dot
// CHECK-NOT: tile.dot
