// RUN: rondo-opt %s --rondo-assign-layouts | FileCheck %s

// The gradient of a parameter in panels is made in panels, through the sum, and so are its states.
// CHECK: rondo.weight @w : tensor<50x24xf32> init {{.*}} layout <panels, [[$P:.*]]>
// CHECK: rondo.optimizer_state @m {{.*}} : tensor<50x24xf32, #rondo.layout<panels, [[$P]]>>
// CHECK: rondo.optimizer_state @v {{.*}} : tensor<50x24xf32, #rondo.layout<panels, [[$P]]>>
rondo.weight @w : tensor<50x24xf32> init #rondo.init<normal, 0.1>
rondo.optimizer_state @m first_moment of @w : tensor<50x24xf32>
rondo.optimizer_state @v second_moment of @w : tensor<50x24xf32>

// CHECK-LABEL: func.func @gradient_like_parameter
// CHECK: rondo.linear_grad_weight {{.*}} -> tensor<50x24xf32, #rondo.layout<panels, [[$P]]>>
// CHECK: rondo.linear_grad_weight {{.*}} -> tensor<50x24xf32, #rondo.layout<panels, [[$P]]>>
// CHECK: rondo.add_gradients {{.*}} : tensor<50x24xf32, #rondo.layout<panels, [[$P]]>>
// CHECK: rondo.square_sum {{.*}} : (tensor<50x24xf32, #rondo.layout<panels, [[$P]]>>)
// CHECK: rondo.adamw {{.*}} : tensor<50x24xf32, #rondo.layout<panels, [[$P]]>>, tensor<8xf32>
func.func @gradient_like_parameter(%x: tensor<1x8x24xf32>, %dy: tensor<1x8x50xf32>, %rates: tensor<8xf32>)
    -> (tensor<1x8x50xf32>, tensor<1xf32>) attributes {rondo.entry = #rondo.entry<train, B = 1, T = 8, slots = 0>} {
  %w = rondo.get_weight @w : tensor<50x24xf32>
  %y = rondo.group(%x, %w) : (tensor<1x8x24xf32>, tensor<50x24xf32>) -> tensor<1x8x50xf32> {
  ^bb0(%0: tensor<1x8x24xf32>, %1: tensor<50x24xf32>):
    %2 = rondo.linear %0, %1 : (tensor<1x8x24xf32>, tensor<50x24xf32>) -> tensor<1x8x50xf32>
    rondo.yield %2 : tensor<1x8x50xf32>
  }
  %a = rondo.group(%dy, %x) : (tensor<1x8x50xf32>, tensor<1x8x24xf32>) -> tensor<50x24xf32> {
  ^bb0(%0: tensor<1x8x50xf32>, %1: tensor<1x8x24xf32>):
    %2 = rondo.linear_grad_weight %0, %1 : (tensor<1x8x50xf32>, tensor<1x8x24xf32>) -> tensor<50x24xf32>
    rondo.yield %2 : tensor<50x24xf32>
  }
  %b = rondo.group(%y, %x) : (tensor<1x8x50xf32>, tensor<1x8x24xf32>) -> tensor<50x24xf32> {
  ^bb0(%0: tensor<1x8x50xf32>, %1: tensor<1x8x24xf32>):
    %2 = rondo.linear_grad_weight %0, %1 : (tensor<1x8x50xf32>, tensor<1x8x24xf32>) -> tensor<50x24xf32>
    rondo.yield %2 : tensor<50x24xf32>
  }
  %g = rondo.group(%a, %b) : (tensor<50x24xf32>, tensor<50x24xf32>) -> tensor<50x24xf32> {
  ^bb0(%0: tensor<50x24xf32>, %1: tensor<50x24xf32>):
    %2 = rondo.add_gradients %0, %1 : tensor<50x24xf32>
    rondo.yield %2 : tensor<50x24xf32>
  }
  %s = rondo.group(%g) : (tensor<50x24xf32>) -> tensor<1xf32> {
  ^bb0(%0: tensor<50x24xf32>):
    %1 = rondo.square_sum %0 : (tensor<50x24xf32>) -> tensor<1xf32>
    rondo.yield %1 : tensor<1xf32>
  }
  rondo.group(%g, %rates) : (tensor<50x24xf32>, tensor<8xf32>) -> () {
  ^bb0(%0: tensor<50x24xf32>, %1: tensor<8xf32>):
    rondo.adamw %0, %1 @w m @m v @v decay : tensor<50x24xf32>, tensor<8xf32>
    rondo.yield
  }
  return %y, %s : tensor<1x8x50xf32>, tensor<1xf32>
}
