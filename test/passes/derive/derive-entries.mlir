// RUN: rondo-opt %s --rondo-derive-entries="entries=forward:B=2,T=64;score:B=2,T=32;prefill:B=2,T=16,slots=4;decode:B=3" | FileCheck %s

rondo.weight @embed : tensor<97x8xf32> init #rondo.init<normal, 0.125>

// The states of the graph are declared once, named after the layer; the unused positions carry none.
// CHECK-NOT: @state.position
// CHECK: rondo.state @state.layers.0.retention carried : tensor<2x4x4xf32>
// CHECK-NOT: @state.
// CHECK-LABEL: func.func @forward(
// CHECK-SAME: %[[TOKENS:.*]]: tensor<2x64xi32> {rondo.input = #rondo.input<"tokens", required, 0, 96>}) -> (tensor<2x64x97xf32> {rondo.output = "logits"})
// CHECK-SAME: rondo.entry = #rondo.entry<forward, B = 2, T = 64, slots = 0>
// CHECK: rondo.embedding {{.*}} -> tensor<2x64x8xf32>
// CHECK: rondo.retention %[[H:.*]], %[[H]], %[[H]] decay [5.000000e-01, 1.000000e+00] {rondo.layer = "layers.0"}
// CHECK: rondo.linear {{.*}} -> tensor<2x64x97xf32>

// CHECK-LABEL: func.func @score(
// CHECK-SAME: tensor<2x32xi32> {rondo.input = #rondo.input<"tokens", required, 0, 96>}
// CHECK-SAME: %[[LENGTH:[^ ]*]]: tensor<2xi32> {rondo.input = #rondo.input<"length", full_length, 0, 32>}
// CHECK-SAME: %[[SLOT:[^ ]*]]: tensor<2xi32> {rondo.input = #rondo.input<"slot", slots, 0, 1>}
// CHECK-SAME: %[[TARGETS:[^ ]*]]: tensor<2x32xi32> {rondo.input = #rondo.input<"targets", shifted_tokens, 0, 96>}
// CHECK-SAME: -> (tensor<2x32xf32> {rondo.output = "log_prob"})
// CHECK: %[[S:.*]] = rondo.read_state @state.layers.0.retention[%[[SLOT]]] : (tensor<2xi32>) -> tensor<2x2x4x4xf32>
// CHECK: %[[O:.*]], %[[NEW:.*]] = rondo.retention {{.*}} init(%[[S]]) length(%[[LENGTH]])
// CHECK: rondo.write_state %[[NEW]], @state.layers.0.retention[%[[SLOT]]]
// CHECK-NOT: rondo.linear %
// CHECK: rondo.linear_log_prob {{.*}}, {{.*}}, %[[TARGETS]]

// The vocabulary meets the last valid row only.
// CHECK-LABEL: func.func @prefill(
// CHECK-SAME: #rondo.input<"length", full_length, 0, 16>
// CHECK-SAME: #rondo.input<"slot", slots, 0, 3>
// CHECK-SAME: -> (tensor<2x1x97xf32> {rondo.output = "logits"})
// CHECK: %[[ROW:.*]] = rondo.last_row %{{.*}}, %{{.*}} : (tensor<2x16x8xf32>, tensor<2xi32>) -> tensor<2x1x8xf32>
// CHECK: %[[L:.*]] = rondo.linear %[[ROW]], {{.*}} -> tensor<2x1x97xf32>
// CHECK: return %[[L]]

// CHECK-LABEL: func.func @decode(
// CHECK-SAME: tensor<3x1xi32> {rondo.input = #rondo.input<"tokens"
// CHECK-NOT: length
// CHECK-SAME: -> (tensor<3x1x97xf32> {rondo.output = "logits"})
// CHECK: rondo.retention {{.*}} init(%{{.*}}) {rondo.layer = "layers.0"}
// CHECK-NOT: rondo.graph

func.func @model(%tokens: tensor<?x?xi32> {rondo.input = #rondo.input<"tokens", required, 0, 96>})
    -> (tensor<?x?x97xf32> {rondo.output = "logits"}) attributes {rondo.graph} {
  %w = rondo.get_weight @embed : tensor<97x8xf32>
  %x = rondo.embedding %tokens, %w : (tensor<?x?xi32>, tensor<97x8xf32>) -> tensor<?x?x8xf32>
  %p, %n = rondo.positions %tokens : (tensor<?x?xi32>) -> (tensor<?x?xi64>, tensor<?xi64>)
  %h = rondo.reshape %x heads 2 : (tensor<?x?x8xf32>) -> tensor<?x?x2x4xf32>
  %o, %s = rondo.retention %h, %h, %h decay [0.5, 1.0] {rondo.layer = "layers.0"}
      : (tensor<?x?x2x4xf32>, tensor<?x?x2x4xf32>, tensor<?x?x2x4xf32>) -> (tensor<?x?x2x4xf32>, tensor<?x2x4x4xf32>)
  %f = rondo.reshape %o : (tensor<?x?x2x4xf32>) -> tensor<?x?x8xf32>
  %l = rondo.linear %f, %w : (tensor<?x?x8xf32>, tensor<97x8xf32>) -> tensor<?x?x97xf32>
  return %l : tensor<?x?x97xf32>
}
