// torchscale's recurrent row scale carries its running sum beside the state.
// RUN: rondo-opt %s --rondo-derive-entries="entries=prefill:B=2,T=8" | FileCheck %s

// CHECK: rondo.state @state.retention carried : tensor<1x4x4xf32>
// CHECK: rondo.state @state.retention_scale carried : tensor<1xf32>
// CHECK: %[[S:.*]] = rondo.read_state @state.retention[
// CHECK: %[[A:.*]] = rondo.read_state @state.retention_scale[
// CHECK: %[[O:.*]], %[[S1:.*]], %[[A1:.*]] = rondo.retention {{.*}} init(%[[S]]) length(%{{.*}}) init_scale(%[[A]])
// CHECK: rondo.write_state %[[S1]], @state.retention[
// CHECK: rondo.write_state %[[A1]], @state.retention_scale[
!x = tensor<?x?x1x4xf32>
func.func @model(%x: !x {rondo.input = #rondo.input<"x", required>}) -> (!x {rondo.output = "y"})
    attributes {rondo.graph} {
  %o, %s, %a = rondo.retention %x, %x, %x decay [0.5] {row_scale = #rondo<row_scale torchscale_recurrent>}
      : (!x, !x, !x) -> (!x, tensor<?x1x4x4xf32>, tensor<?x1xf32>)
  return %o : !x
}
