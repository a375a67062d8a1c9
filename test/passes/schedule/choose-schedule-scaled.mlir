// RUN: rondo-opt %s --rondo-choose-schedule="target=cpu:znver4" | FileCheck %s

!long = tensor<1x2048x8x64xf32>
!long_v = tensor<1x2048x8x128xf32>
!state = tensor<1x8x64x128xf32>

// What one schedule alone can do is done by it.
// CHECK-LABEL: @scaled
// CHECK: schedule <parallel>
func.func @scaled(%q: !long, %v: !long_v) -> !long_v {
  %o, %s = rondo.retention %q, %q, %v decay [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]
      {row_scale = #rondo<row_scale torchscale_parallel>} : (!long, !long, !long_v) -> (!long_v, !state)
  return %o : !long_v
}
