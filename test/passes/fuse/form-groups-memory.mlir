// RUN: rondo-opt %s --rondo-form-groups | FileCheck %s

rondo.weight @w : tensor<64x48xf32> init #rondo.init<normal, 0.1>
rondo.optimizer_state @m first_moment of @w : tensor<64x48xf32>
rondo.optimizer_state @v second_moment of @w : tensor<64x48xf32>
rondo.optimizer_state @g gradient of @w : tensor<64x48xf32>
rondo.optimizer_state @n loss_weight : tensor<f32>

// The parameter changes after everything that reads it, though the step stands first.
// CHECK-LABEL: func.func @reads_parameter_before_it_changes
// CHECK: rondo.group
// CHECK: rondo.linear
// CHECK: rondo.group
// CHECK: rondo.adamw
func.func @reads_parameter_before_it_changes(%x: tensor<1x8x48xf32>, %grad: tensor<64x48xf32>, %rates: tensor<8xf32>) -> tensor<1x8x64xf32>
    attributes {rondo.entry = #rondo.entry<train, B = 1, T = 8, slots = 0>} {
  %w = rondo.get_weight @w : tensor<64x48xf32>
  rondo.adamw %grad, %rates @w m @m v @v decay : tensor<64x48xf32>, tensor<8xf32>
  %y = rondo.linear %x, %w : (tensor<1x8x48xf32>, tensor<64x48xf32>) -> tensor<1x8x64xf32>
  return %y : tensor<1x8x64xf32>
}

// An optimiser state as a value is the memory itself: it enters groups as an operand, is cleared after its last
// reader, and copied before anything else if it is an output.
// CHECK-LABEL: func.func @clears_after_last_reader
// CHECK: %[[N:.*]] = rondo.read_optimizer_state @n
// CHECK: %[[COPY:.*]] = rondo.group(%[[N]]) : (tensor<f32>) -> tensor<f32>
// CHECK: %[[G:.*]] = rondo.read_optimizer_state @g
// CHECK: rondo.clear_optimizer_state @n
// CHECK: rondo.group(%[[G]], %{{.*}}) : (tensor<64x48xf32>, tensor<8xf32>) -> ()
// CHECK: rondo.adamw
// CHECK: rondo.group()
// CHECK-NEXT: rondo.clear_optimizer_state @g
// CHECK: return %[[COPY]]
func.func @clears_after_last_reader(%rates: tensor<8xf32>) -> tensor<f32>
    attributes {rondo.entry = #rondo.entry<update, B = 0, T = 0, slots = 0>} {
  rondo.clear_optimizer_state @g
  rondo.clear_optimizer_state @n
  %n = rondo.read_optimizer_state @n : tensor<f32>
  %g = rondo.read_optimizer_state @g : tensor<64x48xf32>
  rondo.adamw %g, %rates @w m @m v @v : tensor<64x48xf32>, tensor<8xf32>
  return %n : tensor<f32>
}
