// Equal roles get numbers; equal ops share one state.
// RUN: rondo-opt %s --rondo-derive-entries="entries=decode:B=1" | FileCheck %s

// CHECK: rondo.state @state.retention carried
// CHECK: rondo.state @state.retention.1 carried
// CHECK-NOT: rondo.state
// CHECK-COUNT-2: rondo.read_state
// CHECK-NOT: rondo.read_state
!x = tensor<?x?x1x4xf32>
func.func @model(%x: !x {rondo.input = #rondo.input<"x", required>})
    -> (!x {rondo.output = "y"}, !x {rondo.output = "z"}, !x {rondo.output = "w"}) attributes {rondo.graph} {
  %o, %s = rondo.retention %x, %x, %x decay [0.5] : (!x, !x, !x) -> (!x, tensor<?x1x4x4xf32>)
  %o1, %s1 = rondo.retention %x, %x, %x decay [0.25] : (!x, !x, !x) -> (!x, tensor<?x1x4x4xf32>)
  %o2, %s2 = rondo.retention %x, %x, %x decay [0.5] : (!x, !x, !x) -> (!x, tensor<?x1x4x4xf32>)
  return %o, %o1, %o2 : !x, !x, !x
}
