// Training entries end in a loss; update has nothing of the graph; vjp takes states as inputs.
// RUN: rondo-opt %s --rondo-derive-entries="entries=train:B=2,T=16" | FileCheck %s
// RUN: rondo-opt %s --rondo-derive-entries="entries=update" | FileCheck %s --check-prefix=UPDATE
// RUN: rondo-opt %s --rondo-derive-entries="entries=vjp:T=16" | FileCheck %s --check-prefix=VJP
// RUN: not rondo-opt %s --rondo-derive-entries="entries=update:B=2" 2>&1 | FileCheck %s --check-prefix=SIZE

// CHECK-LABEL: func.func @train
// CHECK-SAME: %[[TOKENS:.*]]: tensor<2x16xi32> {rondo.input = #rondo.input<"tokens", required, 0, 96>}
// CHECK-SAME: %[[TARGETS:.*]]: tensor<2x16xi32> {rondo.input = #rondo.input<"targets", shifted_tokens, -1, 96>}
// CHECK-SAME: %[[WEIGHT:.*]]: tensor<2x16xf32> {rondo.input = #rondo.input<"loss_weight", ones>}
// CHECK-SAME: %[[IDS:.*]]: tensor<2x16xi32> {rondo.input = #rondo.input<"segment_ids", zeros>}
// CHECK-SAME: %[[SLOT:.*]]: tensor<2xi32> {rondo.input = #rondo.input<"slot", slots, 0, 1>}
// CHECK-SAME: tensor<i64> {rondo.input = #rondo.input<"seed", zeros>}
// CHECK-SAME: tensor<i64> {rondo.input = #rondo.input<"step", zeros>}
// CHECK-SAME: -> (tensor<f32> {rondo.output = "loss"}, tensor<f32> {rondo.output = "loss_weight_sum"})
// CHECK: %[[RESET:.*]] = rondo.segment_starts %[[IDS]]
// CHECK: %[[S:.*]] = rondo.read_state @state.layers.0.retention[%[[SLOT]]]
// The backward pass reads the state after it was replaced.
// CHECK: %[[C:.*]] = rondo.copy_state %[[S]]
// CHECK: %[[O:.*]], %[[F:.*]] = rondo.retention {{.*}} init(%[[C]]) reset(%[[RESET]])
// CHECK: rondo.write_state %[[F]], @state.layers.0.retention[%[[SLOT]]]
// CHECK: %[[LP:.*]], %{{.*}} = rondo.linear_log_prob {{.*}}, {{.*}}, %[[TARGETS]]
// CHECK: %[[LOSS:.*]], %[[SUM:.*]] = rondo.mean_loss %[[LP]], %[[TARGETS]], %[[WEIGHT]]
// CHECK: return %[[LOSS]], %[[SUM]]

// UPDATE: func.func @update() attributes {rondo.entry = #rondo.entry<update, B = 0, T = 0, slots = 0>}

// VJP-LABEL: func.func @vjp
// VJP-SAME: %[[S:arg[0-9]+]]: tensor<1x2x4x4xf32> {rondo.input = #rondo.input<"state.layers.0.retention", zeros>}
// VJP-SAME: {rondo.output = "state.layers.0.retention"}
// VJP-SAME: {rondo.output = "logits"}
// VJP: rondo.retention {{.*}} init(%[[S]])

// SIZE: error: entry 'update' takes no 'B' [RND2001]

rondo.weight @embed : tensor<97x8xf32> init #rondo.init<normal, 0.125>

func.func @model(%tokens: tensor<?x?xi32> {rondo.input = #rondo.input<"tokens", required, 0, 96>})
    -> (tensor<?x?x97xf32> {rondo.output = "logits"}) attributes {rondo.graph} {
  %w = rondo.get_weight @embed : tensor<97x8xf32>
  %x = rondo.embedding %tokens, %w : (tensor<?x?xi32>, tensor<97x8xf32>) -> tensor<?x?x8xf32>
  %h = rondo.reshape %x heads 2 : (tensor<?x?x8xf32>) -> tensor<?x?x2x4xf32>
  %o, %s = rondo.retention %h, %h, %h decay [0.5, 1.0] {rondo.layer = "layers.0"}
      : (tensor<?x?x2x4xf32>, tensor<?x?x2x4xf32>, tensor<?x?x2x4xf32>) -> (tensor<?x?x2x4xf32>, tensor<?x2x4x4xf32>)
  %f = rondo.reshape %o : (tensor<?x?x2x4xf32>) -> tensor<?x?x8xf32>
  %l = rondo.linear %f, %w : (tensor<?x?x8xf32>, tensor<97x8xf32>) -> tensor<?x?x97xf32>
  return %l : tensor<?x?x97xf32>
}
