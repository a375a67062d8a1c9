// RUN: rondo-opt %s --rondo-derive-entries="entries=forward:B=2,T=48" | FileCheck %s

// What looks both ways is one segment too, and has no state.
// CHECK-NOT: rondo.state @state
// CHECK-LABEL: func.func @forward(
// CHECK-NOT: rondo.documents
// CHECK: rondo.dilated_attention %{{.*}}, %{{.*}}, %{{.*}} dilation <[48], [1], blocks> scale 5.000000e-01 {bidirectional
!x = tensor<?x?x2x4xf32>
func.func @model(%x: !x {rondo.input = #rondo.input<"x", required>}) -> (!x {rondo.output = "o"}) attributes {rondo.graph} {
  %o, %lse = rondo.attention %x, %x, %x scale 0.5 {bidirectional} : (!x, !x, !x) -> (!x, tensor<?x?x2xf32>)
  return %o : !x
}
