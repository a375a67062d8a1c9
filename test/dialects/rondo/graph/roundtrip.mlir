// RUN: rondo-opt %s | rondo-opt | FileCheck %s

// CHECK: rondo.weight @layers.0.ffn.fc1.weight : tensor<128x64xf32> init <uniform, 1.250000e-01 : f64> {weight_decay}
rondo.weight @layers.0.ffn.fc1.weight : tensor<128x64xf32> init #rondo.init<uniform, 0.125> {weight_decay}
// CHECK: rondo.weight @head : tensor<97x64xf32> init <normal, {{.*}}> layout <panels, 32> {aliases = ["output_projection.weight"], group = #rondo<parameter_group frozen>}
rondo.weight @head : tensor<97x64xf32> init #rondo.init<normal, 0.125> layout #rondo.layout<panels, 32>
    {aliases = ["output_projection.weight"], group = #rondo<parameter_group frozen>}

// CHECK-LABEL: @grouped
// CHECK-SAME: rondo.entry = #rondo.entry<prefill, B = 2, T = 8, slots = 4>
func.func @grouped(%x: tensor<2x8x64xf32> {rondo.input = #rondo.input<"x", required>}, %r: tensor<2x8x64xf32>)
    -> tensor<2x8x64xf32> attributes {rondo.entry = #rondo.entry<prefill, B = 2, T = 8, slots = 4>} {
  // CHECK: rondo.get_weight @layers.0.ffn.fc1.weight : tensor<128x64xf32>
  %w = rondo.get_weight @layers.0.ffn.fc1.weight : tensor<128x64xf32>
  // CHECK: rondo.group(%{{.*}}, %{{.*}}) slices [0] : (tensor<2x8x64xf32>, tensor<2x8x64xf32>) -> tensor<2x8x64xf32> {
  %y = rondo.group(%x, %r) slices [0] : (tensor<2x8x64xf32>, tensor<2x8x64xf32>) -> tensor<2x8x64xf32> {
  ^bb0(%a: tensor<2x8x64xf32>, %b: tensor<2x8x64xf32>):
    %0 = rondo.add %a, %b : (tensor<2x8x64xf32>, tensor<2x8x64xf32>) -> tensor<2x8x64xf32>
    // CHECK: rondo.yield %{{.*}} : tensor<2x8x64xf32>
    rondo.yield %0 : tensor<2x8x64xf32>
  }
  return %y : tensor<2x8x64xf32>
}

// CHECK: rondo.table @turns dense<[1, 2]> : tensor<2xi64>
rondo.table @turns dense<[1, 2]> : tensor<2xi64>
