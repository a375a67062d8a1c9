// Copies of states, which the backward pass reads after the pool was written.
// RUN: rondo-opt %s --rondo-form-groups=target=cpu:znver4 --rondo-plan-memory --rondo-build-kernels=target=cpu:znver4 | FileCheck %s

// Slot by slot out of the pool [4 * 2 * 8, 16] into rows of the copy.
// CHECK-LABEL: tile.kernel @copy_state_0
// CHECK-SAME: memref<64x16xf32>
// CHECK: %[[S:.*]] = tile.load {{.*}} -> tensor<{{.*}}x16xf32>
// CHECK: tile.store %[[S]]
rondo.state @state.retention carried : tensor<2x8x16xf32>
func.func @train(%slot: tensor<2xi32> {rondo.input = #rondo.input<"slot", slots, 0, 3>})
    -> (tensor<2x2x8x16xf32> {rondo.output = "y"}) attributes {rondo.entry = #rondo.entry<train, B = 2, T = 4, slots = 4>} {
  %s = rondo.read_state @state.retention[%slot] : (tensor<2xi32>) -> tensor<2x2x8x16xf32>
  %c = rondo.copy_state %s : tensor<2x2x8x16xf32>
  return %c : tensor<2x2x8x16xf32>
}
