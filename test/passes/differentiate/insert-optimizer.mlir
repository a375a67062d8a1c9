// What becomes of gradients: a step in train, sums in accumulate, a step from the sums in update.
// RUN: rondo-opt %s --rondo-insert-optimizer | FileCheck %s

// CHECK: rondo.optimizer_state @accumulated.loss_weight loss_weight : tensor<f32>
// CHECK: rondo.weight @w
// CHECK-DAG: rondo.optimizer_state @adam.m.w first_moment of @w : tensor<8x4xf32>
// CHECK-DAG: rondo.optimizer_state @adam.v.w second_moment of @w : tensor<8x4xf32>
// CHECK-DAG: rondo.optimizer_state @accumulated.w gradient of @w : tensor<8x4xf32>
rondo.weight @w : tensor<8x4xf32> init #rondo.init<normal, 0.125> {weight_decay}
rondo.weight @norm : tensor<4xf32> init #rondo.init<constant, 1.0>

// CHECK-LABEL: func.func @train
// CHECK-SAME: %[[G:[^ ]*]]: tensor<8x4xf32> {{.*}}, %[[H:[^ ]*]]: tensor<4xf32> {{.*}}, %[[STEP:[^ ]*]]: tensor<i64>
// CHECK-SAME: #rondo.input<"learning_rate", value, default 1.000000e-03 : f64>
// CHECK-SAME: #rondo.input<"weight_decay", value, default 5.000000e-02 : f64>
// CHECK-SAME: -> (tensor<f32> {rondo.output = "loss"}, tensor<f32> {rondo.output = "grad_norm"})
// CHECK: %[[P:.*]] = rondo.square_sum %[[G]]
// CHECK: %[[Q:.*]] = rondo.square_sum %[[H]]
// CHECK: %[[NORM:.*]], %[[RATES:.*]] = rondo.adam_rates step %[[STEP]] {{.*}} sums(%[[P]], %[[Q]])
// CHECK: rondo.adamw %[[G]], %[[RATES]] @w m @adam.m.w v @adam.v.w decay {rondo.backward}
// CHECK: rondo.adamw %[[H]], %[[RATES]] @norm m @adam.m.norm v @adam.v.norm {rondo.backward}
// CHECK: return %{{.*}}, %[[NORM]]
func.func @train(%g: tensor<8x4xf32> {rondo.input = #rondo.input<"g", required>},
                 %h: tensor<4xf32> {rondo.input = #rondo.input<"h", required>},
                 %step: tensor<i64> {rondo.input = #rondo.input<"step", zeros>},
                 %loss: tensor<f32> {rondo.input = #rondo.input<"l", required>})
    -> (tensor<f32> {rondo.output = "loss"}, tensor<8x4xf32> {rondo.output = "grad.w"}, tensor<4xf32> {rondo.output = "grad.norm"})
    attributes {rondo.entry = #rondo.entry<train, B = 1, T = 4, slots = 1>} {
  return %loss, %g, %h : tensor<f32>, tensor<8x4xf32>, tensor<4xf32>
}

// CHECK-LABEL: func.func @accumulate
// CHECK-SAME: -> (tensor<f32> {rondo.output = "loss_weight_sum"})
// CHECK: rondo.accumulate %{{.*}} into @accumulated.w
// CHECK: rondo.accumulate %[[SUM:.*]] into @accumulated.loss_weight
// CHECK: return %[[SUM]]
func.func @accumulate(%g: tensor<8x4xf32> {rondo.input = #rondo.input<"g", required>},
                      %sum: tensor<f32> {rondo.input = #rondo.input<"l", required>})
    -> (tensor<f32> {rondo.output = "loss_weight_sum"}, tensor<8x4xf32> {rondo.output = "grad.w"})
    attributes {rondo.entry = #rondo.entry<accumulate, B = 1, T = 4, slots = 1>} {
  return %sum, %g : tensor<f32>, tensor<8x4xf32>
}

// Only what accumulate has gradients of takes a step.
// CHECK-LABEL: func.func @update
// CHECK-SAME: -> (tensor<f32> {rondo.output = "grad_norm"}, tensor<f32> {rondo.output = "loss_weight_sum"})
// CHECK: %[[G:.*]] = rondo.read_optimizer_state @accumulated.w
// CHECK-NOT: @accumulated.norm
// CHECK: %[[SUM:.*]] = rondo.read_optimizer_state @accumulated.loss_weight
// CHECK: %[[P:.*]] = rondo.square_sum %[[G]]
// CHECK: %[[NORM:.*]], %[[RATES:.*]] = rondo.adam_rates {{.*}} divisor %[[SUM]] sums(%[[P]])
// CHECK: rondo.adamw %[[G]], %[[RATES]] @w
// CHECK: rondo.clear_optimizer_state @accumulated.w
// CHECK: rondo.clear_optimizer_state @accumulated.loss_weight
// CHECK: return %[[NORM]], %[[SUM]]
func.func @update() attributes {rondo.entry = #rondo.entry<update, B = 0, T = 0, slots = 0>} {
  return
}
