// RUN: rondo-opt %s --rondo-assign-layouts=target=cpu:znver4 | FileCheck %s

// The tied table, which is also an output product's weight, a plain weight and one that a gradient reads get panels; vectors and tables that are
// only looked up stay row-major.
module {
  // CHECK: rondo.weight @tied {{.*}} layout <panels, 32>
  rondo.weight @tied : tensor<97x64xf32> init #rondo.init<normal, 0.1>
  // CHECK: rondo.weight @lookup
  // CHECK-NOT: layout
  rondo.weight @lookup : tensor<97x64xf32> init #rondo.init<normal, 0.1>
  // CHECK: rondo.weight @norm
  // CHECK-NOT: layout
  rondo.weight @norm : tensor<64xf32> init #rondo.init<constant, 1.0>
  // CHECK: rondo.weight @grouped {{.*}} layout <panels, 32>
  rondo.weight @grouped : tensor<64x64xf32> init #rondo.init<normal, 0.1>
  // CHECK: rondo.weight @gradient {{.*}} layout <panels, 32>
  rondo.weight @gradient : tensor<64x64xf32> init #rondo.init<normal, 0.1>

  func.func @entry(%tokens: tensor<1x8xi32>) -> tensor<1x8x97xf32>
      attributes {rondo.entry = #rondo.entry<forward, B = 1, T = 8, slots = 0>} {
    %tied = rondo.get_weight @tied : tensor<97x64xf32>
    %lookup = rondo.get_weight @lookup : tensor<97x64xf32>
    %norm = rondo.get_weight @norm : tensor<64xf32>
    %grouped = rondo.get_weight @grouped : tensor<64x64xf32>
    %a = rondo.embedding %tokens, %tied : (tensor<1x8xi32>, tensor<97x64xf32>) -> tensor<1x8x64xf32>
    %b = rondo.embedding %tokens, %lookup : (tensor<1x8xi32>, tensor<97x64xf32>) -> tensor<1x8x64xf32>
    %c = rondo.add %a, %b : (tensor<1x8x64xf32>, tensor<1x8x64xf32>) -> tensor<1x8x64xf32>
    %n = rondo.rms_norm %c, %norm eps 1.0e-6 : (tensor<1x8x64xf32>, tensor<64xf32>) -> tensor<1x8x64xf32>
    %g = rondo.group(%n, %grouped) : (tensor<1x8x64xf32>, tensor<64x64xf32>) -> tensor<1x8x64xf32> {
    ^bb0(%x: tensor<1x8x64xf32>, %w: tensor<64x64xf32>):
      %y = rondo.linear %x, %w : (tensor<1x8x64xf32>, tensor<64x64xf32>) -> tensor<1x8x64xf32>
      rondo.yield %y : tensor<1x8x64xf32>
    }
    %gradient = rondo.get_weight @gradient : tensor<64x64xf32>
    %h = rondo.linear_grad_input %g, %gradient : (tensor<1x8x64xf32>, tensor<64x64xf32>) -> tensor<1x8x64xf32>
    %z = rondo.linear %h, %tied : (tensor<1x8x64xf32>, tensor<97x64xf32>) -> tensor<1x8x97xf32>
    return %z : tensor<1x8x97xf32>
  }
}
