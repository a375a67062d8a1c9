// RUN: rondo-opt %s --rondo-build-kernels=target=cpu:znver4 | FileCheck %s

// Two layers with weights and states of their own share both kernels; every buffer is bound by its number or symbol.
module {
  rondo.weight @a : tensor<40x16xf32> init #rondo.init<normal, 0.1> layout #rondo.layout<panels, 32>
  rondo.weight @b : tensor<40x16xf32> init #rondo.init<normal, 0.1> layout #rondo.layout<panels, 32>
  rondo.state @state.a carried : tensor<i64>
  rondo.state @state.b carried : tensor<i64>

  // CHECK-LABEL: func.func @entry
  func.func @entry(%x: tensor<1x70x16xf32>, %slot: tensor<1xi32>) -> (tensor<1x70x40xf32>, tensor<1x70xi64>)
      attributes {rondo.entry = #rondo.entry<prefill, B = 1, T = 70, slots = 2>} {
    %a = rondo.get_weight @a : tensor<40x16xf32>
    %b = rondo.get_weight @b : tensor<40x16xf32>
    // CHECK: %[[Y:.*]] = rondo.dispatch @linear_activation_0(%arg0, %{{.*}}) bindings [0, 1, 2] slices [0]
    %y = rondo.group(%x, %a) slices [0] : (tensor<1x70x16xf32>, tensor<40x16xf32>) -> tensor<1x70x40xf32> {
    ^bb0(%i: tensor<1x70x16xf32>, %w: tensor<40x16xf32>):
      %l = rondo.linear %i, %w : (tensor<1x70x16xf32>, tensor<40x16xf32>) -> tensor<1x70x40xf32>
      %r = rondo.activation relu %l : (tensor<1x70x40xf32>) -> tensor<1x70x40xf32>
      rondo.yield %r : tensor<1x70x40xf32>
    }
    // CHECK: rondo.dispatch @linear_activation_0(%arg0, %{{.*}}) bindings [0, 1, 2] slices [-1]
    %z = rondo.group(%x, %b) slices [-1] : (tensor<1x70x16xf32>, tensor<40x16xf32>) -> tensor<1x70x40xf32> {
    ^bb0(%i: tensor<1x70x16xf32>, %w: tensor<40x16xf32>):
      %l = rondo.linear %i, %w : (tensor<1x70x16xf32>, tensor<40x16xf32>) -> tensor<1x70x40xf32>
      %r = rondo.activation relu %l : (tensor<1x70x40xf32>) -> tensor<1x70x40xf32>
      rondo.yield %r : tensor<1x70x40xf32>
    }
    // CHECK: rondo.dispatch @positions_1(%arg0, %arg1) bindings [1, @state.a, 2] slices [11264]
    %p = rondo.group(%x, %slot) slices [11264] : (tensor<1x70x16xf32>, tensor<1xi32>) -> tensor<1x70xi64> {
    ^bb0(%i: tensor<1x70x16xf32>, %s: tensor<1xi32>):
      %start = rondo.read_state @state.a[%s] : (tensor<1xi32>) -> tensor<1xi64>
      %t, %next = rondo.positions %i start(%start) : (tensor<1x70x16xf32>, tensor<1xi64>) -> (tensor<1x70xi64>, tensor<1xi64>)
      rondo.write_state %next, @state.a[%s] : tensor<1xi64>, tensor<1xi32>
      rondo.yield %t : tensor<1x70xi64>
    }
    // CHECK: rondo.dispatch @positions_1(%{{.*}}, %arg1) bindings [1, @state.b, 2] slices [-1]
    %q = rondo.group(%x, %slot) slices [-1] : (tensor<1x70x16xf32>, tensor<1xi32>) -> tensor<1x70xi64> {
    ^bb0(%i: tensor<1x70x16xf32>, %s: tensor<1xi32>):
      %start = rondo.read_state @state.b[%s] : (tensor<1xi32>) -> tensor<1xi64>
      %t, %next = rondo.positions %i start(%start) : (tensor<1x70x16xf32>, tensor<1xi64>) -> (tensor<1x70xi64>, tensor<1xi64>)
      rondo.write_state %next, @state.b[%s] : tensor<1xi64>, tensor<1xi32>
      rondo.yield %t : tensor<1x70xi64>
    }
    return %z, %q : tensor<1x70x40xf32>, tensor<1x70xi64>
  }
}

// 70 rows are a tile of 64 and one of 6, each with its exact size; the weight is read from its panels.
// CHECK-LABEL: tile.kernel @linear_activation_0
// CHECK-SAME: (%[[X:[^:]*]]: memref<70x16xf32>, %[[W:[^:]*]]: memref<40x16xf32, #{{.*}}>, %[[OUT:[^:]*]]: memref<70x40xf32>)
// CHECK-SAME: writes [false, false, true] grid [1, 2]
// CHECK-SAME: source "linear + activation"
// CHECK: scf.if
// CHECK: tile.load %[[X]][{{.*}}] : memref<70x16xf32> -> tensor<64x16xf32>
// CHECK: tile.load %[[W]][{{.*}}] : memref<40x16xf32, #{{.*}}> -> tensor<40x16xf32>
// CHECK: tile.dot {{.*}} {transpose_b}
// CHECK: arith.maximumf
// CHECK: tile.store {{.*}}, %[[OUT]][{{.*}}] : tensor<64x40xf32>
// CHECK: else
// CHECK: tile.store {{.*}}, %[[OUT]][{{.*}}] : tensor<6x40xf32>
// CHECK: tile.kernel @positions_1({{.*}}: memref<1x1xi32>, {{.*}}: memref<2x1xi64>, {{.*}}: memref<1x70xi64>) writes [false, true, true]
// CHECK-NOT: tile.kernel
