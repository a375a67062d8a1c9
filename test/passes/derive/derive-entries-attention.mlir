// RUN: rondo-opt %s --split-input-file --rondo-derive-entries="entries=forward:B=2,T=8;prefill:B=2,T=8,slots=3;vjp:B=1,T=8" | FileCheck %s

// Per pattern the keys and values that later queries can see: streams, rows, width.
// CHECK: rondo.state @state.layers.0.attention_keys.0 carried : tensor<2x4x4xf32>
// CHECK: rondo.state @state.layers.0.attention_values.0 carried : tensor<2x4x6xf32>
// CHECK: rondo.state @state.layers.0.attention_keys.1 carried : tensor<2x3x4xf32>
// CHECK: rondo.state @state.layers.0.attention_values.1 carried : tensor<2x3x6xf32>

// Without states documents count all the same.
// CHECK-LABEL: func.func @forward(
// CHECK: %[[P:.*]], %{{.*}} = rondo.positions %{{.*}} reset(%{{.*}})
// CHECK: %[[INDEX:.*]], %[[BOUNDS:.*]] = rondo.documents %[[P]] : (tensor<2x8xi64>) -> (tensor<2x8xi32>, tensor<2x9xi32>)
// CHECK: rondo.dilated_attention {{.*}} positions(%[[P]]) documents(%[[INDEX]], %[[BOUNDS]]) dilation
// CHECK-NOT: rondo.append_cache

// CHECK-LABEL: func.func @prefill(
// CHECK-SAME: %[[LENGTH:[^ ]*]]: tensor<2xi32> {rondo.input = #rondo.input<"length"
// CHECK-SAME: %[[SLOT:[^ ]*]]: tensor<2xi32> {rondo.input = #rondo.input<"slot"
// CHECK: %[[P:.*]], %{{.*}} = rondo.positions %{{.*}} start(%{{.*}}) reset(%{{.*}}) length(%[[LENGTH]])
// CHECK: %[[K0:.*]] = rondo.read_state @state.layers.0.attention_keys.0[%[[SLOT]]]
// CHECK: %[[V0:.*]] = rondo.read_state @state.layers.0.attention_values.0[%[[SLOT]]]
// CHECK: %[[K1:.*]] = rondo.read_state @state.layers.0.attention_keys.1[%[[SLOT]]]
// CHECK: %[[V1:.*]] = rondo.read_state @state.layers.0.attention_values.1[%[[SLOT]]]
// CHECK: %[[INDEX:.*]], %[[BOUNDS:.*]] = rondo.documents %[[P]] length(%[[LENGTH]])
// CHECK: rondo.dilated_attention %[[Q:.*]], %[[Q]], %[[V:.*]] positions(%[[P]]) documents(%[[INDEX]], %[[BOUNDS]])
// CHECK-SAME: caches(%[[K0]], %[[V0]], %[[K1]], %[[V1]])
// CHECK-SAME: rondo.layer = "layers.0"
// CHECK: %[[NEW:.*]] = rondo.append_cache %[[K0]], %[[Q]] {{.*}} pattern 0 heads 2
// CHECK: rondo.append_cache %[[V0]], %[[V]] {{.*}} pattern 0 heads 2
// CHECK: rondo.append_cache %[[K1]], %[[Q]] {{.*}} pattern 1 heads 2
// CHECK: rondo.append_cache %[[V1]], %[[V]] {{.*}} pattern 1 heads 2
// CHECK: rondo.write_state %[[NEW]], @state.layers.0.attention_keys.0[%[[SLOT]]]

// Gradients do not flow into caches: they are neither inputs nor outputs.
// CHECK-LABEL: func.func @vjp(
// CHECK-NOT: attention_keys
// CHECK: rondo.documents
// CHECK: rondo.dilated_attention
// CHECK-NOT: rondo.append_cache
// CHECK: return
!x = tensor<?x?x2x4xf32>
!v = tensor<?x?x2x6xf32>
func.func @model(%x: !x {rondo.input = #rondo.input<"x", required>}, %v: !v {rondo.input = #rondo.input<"v", required>},
                 %r: tensor<?x?xi8> {rondo.input = #rondo.input<"reset", zeros, 0, 1>})
    -> (!v {rondo.output = "y"}) attributes {rondo.graph} {
  %p, %next = rondo.positions %x reset(%r) : (!x, tensor<?x?xi8>) -> (tensor<?x?xi64>, tensor<?xi64>)
  %o, %lse = rondo.dilated_attention %x, %x, %v positions(%p) dilation <[4, 5], [1, 2], blocks> scale 0.5
      {rondo.layer = "layers.0"} : (!x, !x, !v, tensor<?x?xi64>) -> (!v, tensor<?x?x2xf32>)
  return %o : !v
}

// -----

// Positions that never restart: a row is one document.
// CHECK-LABEL: func.func @forward(
// CHECK-NOT: rondo.documents
// CHECK: rondo.dilated_attention %{{.*}}, %{{.*}}, %{{.*}} positions(%{{.*}}) dilation
!x = tensor<?x?x2x4xf32>
func.func @no_documents(%x: !x {rondo.input = #rondo.input<"x", required>}) -> (!x {rondo.output = "y"}) attributes {rondo.graph} {
  %p, %next = rondo.positions %x : (!x) -> (tensor<?x?xi64>, tensor<?xi64>)
  %o, %lse = rondo.dilated_attention %x, %x, %x positions(%p) dilation <[4, 5], [1, 2], blocks> scale 0.5
      : (!x, !x, !x, tensor<?x?xi64>) -> (!x, tensor<?x?x2xf32>)
  return %o : !x
}
