// The backward pass of a training entry: one gradient per parameter, sums where a value has several readers.
// RUN: rondo-opt %s -split-input-file --rondo-differentiate | FileCheck %s

// CHECK-LABEL: func.func @grad
// CHECK-SAME: -> (tensor<f32> {rondo.output = "loss"}, tensor<97x8xf32> {rondo.output = "grad.embed"}, tensor<8xf32> {rondo.output = "grad.norm"})
// CHECK: %[[X:.*]] = rondo.embedding %[[TOKENS:.*]], %[[W:.*]] :
// CHECK: %[[N:.*]] = rondo.rms_norm %[[X]]
// CHECK: %[[S:.*]] = rondo.add %[[N]], %[[X]]
// CHECK: %[[LP:.*]], %[[LSE:.*]] = rondo.linear_log_prob %[[S]], %[[W]], %[[T:.*]] :
// CHECK: %[[LOSS:.*]], %[[SUM:.*]] = rondo.mean_loss
// CHECK: %[[D:.*]] = rondo.mean_loss_grad %[[T]], %{{.*}}, %[[SUM]] {rondo.backward}
// CHECK: %[[DS:.*]] = rondo.linear_log_prob_grad_input %[[S]], %[[W]], %[[T]], %[[LSE]], %[[D]] {rondo.backward}
// CHECK: %[[DW1:.*]] = rondo.linear_log_prob_grad_weight %[[S]], %[[W]], %[[T]], %[[LSE]], %[[D]] {rondo.backward}
// CHECK: %[[DX:.*]] = rondo.rms_norm_grad %[[X]], %[[DS]], %{{.*}} {rondo.backward}
// CHECK: %[[DN:.*]] = rondo.rms_norm_grad_weight %[[X]], %[[DS]] {{.*}}{rondo.backward}
// The residual and the norm read the same value.
// CHECK: %[[DSUM:.*]] = rondo.add %[[DS]], %[[DX]] {rondo.backward}
// CHECK: %[[DW2:.*]] = rondo.embedding_grad %[[TOKENS]], %[[DSUM]] vocabulary 97 {rondo.backward}
// The table is tied: its gradients are added.
// CHECK: %[[DW:.*]] = rondo.add_gradients %[[DW1]], %[[DW2]] {rondo.backward}
// CHECK: return %[[LOSS]], %[[DW]], %[[DN]]
rondo.weight @embed : tensor<97x8xf32> init #rondo.init<normal, 0.125>
rondo.weight @norm : tensor<8xf32> init #rondo.init<constant, 1.0>
func.func @grad(%tokens: tensor<1x4xi32> {rondo.input = #rondo.input<"tokens", required, 0, 96>},
                %targets: tensor<1x4xi32> {rondo.input = #rondo.input<"targets", shifted_tokens, -1, 96>},
                %weight: tensor<1x4xf32> {rondo.input = #rondo.input<"loss_weight", ones>})
    -> (tensor<f32> {rondo.output = "loss"}, tensor<f32> {rondo.output = "loss_weight_sum"})
    attributes {rondo.entry = #rondo.entry<grad, B = 1, T = 4, slots = 1>} {
  %w = rondo.get_weight @embed : tensor<97x8xf32>
  %g = rondo.get_weight @norm : tensor<8xf32>
  %x = rondo.embedding %tokens, %w : (tensor<1x4xi32>, tensor<97x8xf32>) -> tensor<1x4x8xf32>
  %n = rondo.rms_norm %x, %g eps 1.0e-6 : (tensor<1x4x8xf32>, tensor<8xf32>) -> tensor<1x4x8xf32>
  %s = rondo.add %n, %x : (tensor<1x4x8xf32>, tensor<1x4x8xf32>) -> tensor<1x4x8xf32>
  %lp, %lse = rondo.linear_log_prob %s, %w, %targets
      : (tensor<1x4x8xf32>, tensor<97x8xf32>, tensor<1x4xi32>) -> (tensor<1x4xf32>, tensor<1x4xf32>)
  %loss, %sum = rondo.mean_loss %lp, %targets, %weight
      : (tensor<1x4xf32>, tensor<1x4xi32>, tensor<1x4xf32>) -> (tensor<f32>, tensor<f32>)
  return %loss, %sum : tensor<f32>, tensor<f32>
}

// -----

// By every float input, from a cotangent of every output; nothing flows into integers.
// CHECK-LABEL: func.func @vjp
// CHECK-SAME: %[[X:arg[0-9]+]]: tensor<1x4x2x4xf32> {rondo.input = #rondo.input<"x", required>}
// CHECK-SAME: %[[D:arg[0-9]+]]: tensor<1x4x2x4xf32> {rondo.input = #rondo.input<"cotangent.y", zeros>}
// CHECK-SAME: {rondo.output = "grad.x"}
// CHECK: %[[C:.*]], %[[S:.*]] = rondo.rotary_table
// CHECK: %[[DX:.*]] = rondo.rotate %[[D]], %[[C]], %[[S]] pairs halves inverse {rondo.backward}
// CHECK: return %{{.*}}, %[[DX]]
func.func @vjp(%x: tensor<1x4x2x4xf32> {rondo.input = #rondo.input<"x", required>},
               %p: tensor<1x4xi64> {rondo.input = #rondo.input<"p", required>})
    -> (tensor<1x4x2x4xf32> {rondo.output = "y"}) attributes {rondo.entry = #rondo.entry<vjp, B = 1, T = 4, slots = 0>} {
  %c, %s = rondo.rotary_table %p theta [1.0, 0.5] pairs halves : (tensor<1x4xi64>) -> (tensor<1x4x4xf32>, tensor<1x4x4xf32>)
  %y = rondo.rotate %x, %c, %s pairs halves
      : (tensor<1x4x2x4xf32>, tensor<1x4x4xf32>, tensor<1x4x4xf32>) -> tensor<1x4x2x4xf32>
  return %y : tensor<1x4x2x4xf32>
}

// -----

// A frozen parameter has no gradient, and nothing that leads only to it is built.
// CHECK-LABEL: func.func @no_gradient_of_frozen
// CHECK-NOT: rondo.backward
rondo.weight @w : tensor<8x8xf32> init #rondo.init<normal, 0.125> {group = #rondo<parameter_group frozen>}
func.func @no_gradient_of_frozen(%x: tensor<1x4xi32> {rondo.input = #rondo.input<"x", required>})
    -> (tensor<1x4x8xf32> {rondo.output = "y"}) attributes {rondo.entry = #rondo.entry<vjp, B = 1, T = 4, slots = 0>} {
  %w = rondo.get_weight @w : tensor<8x8xf32>
  %y = rondo.embedding %x, %w : (tensor<1x4xi32>, tensor<8x8xf32>) -> tensor<1x4x8xf32>
  return %y : tensor<1x4x8xf32>
}

// -----

// CHECK-LABEL: func.func @forward
// CHECK-NOT: rondo.backward
func.func @forward(%x: tensor<1x4x8xf32> {rondo.input = #rondo.input<"x", required>})
    -> (tensor<1x4x8xf32> {rondo.output = "y"}) attributes {rondo.entry = #rondo.entry<forward, B = 1, T = 4, slots = 0>} {
  %y = rondo.scale %x by 2.0 : (tensor<1x4x8xf32>) -> tensor<1x4x8xf32>
  return %y : tensor<1x4x8xf32>
}
