// RUN: rondo-opt %s --rondo-choose-schedule="target=cpu:znver4" | FileCheck %s
// RUN: rondo-opt %s --rondo-choose-schedule="target=cpu:znver4 schedule=recurrent" | FileCheck %s --check-prefix=RECURRENT
// RUN: rondo-opt %s --rondo-choose-schedule="target=cpu:znver4 schedule=chunkwise:48" | FileCheck %s --check-prefix=ASKED

!short = tensor<1x32x8x64xf32>
!short_v = tensor<1x32x8x128xf32>
!one = tensor<1x1x8x64xf32>
!one_v = tensor<1x1x8x128xf32>
!long = tensor<1x2048x8x64xf32>
!long_v = tensor<1x2048x8x128xf32>
!many = tensor<16x2048x8x64xf32>
!many_v = tensor<16x2048x8x128xf32>
!state = tensor<1x8x64x128xf32>

// A short sequence without states is one square of scores.
// CHECK-LABEL: @short
// CHECK: schedule <parallel>
// RECURRENT: schedule <recurrent>
// ASKED: schedule <chunkwise, 48>
func.func @short(%q: !short, %v: !short_v) -> !short_v {
  %o, %s = rondo.retention %q, %q, %v decay [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]
      : (!short, !short, !short_v) -> (!short_v, !state)
  return %o : !short_v
}

// One token updates the state.
// CHECK-LABEL: @decode
// CHECK: schedule <recurrent>
func.func @decode(%q: !one, %v: !one_v, %init: !state) -> (!one_v, !state) {
  %o, %s = rondo.retention %q, %q, %v decay [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5] init(%init)
      : (!one, !one, !one_v, !state) -> (!one_v, !state)
  return %o, %s : !one_v, !state
}

// A long sequence is walked in chunks, whatever the batch.
// CHECK-LABEL: @long
// CHECK: schedule <chunkwise, [[CHUNK:[0-9]+]]>
func.func @long(%q: !long, %v: !long_v) -> !long_v {
  %o, %s = rondo.retention %q, %q, %v decay [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]
      : (!long, !long, !long_v) -> (!long_v, !state)
  return %o : !long_v
}

func.func @many(%q: !many, %v: !many_v) -> !many_v {
  // CHECK: schedule <chunkwise, [[CHUNK]]>
  %o, %s = rondo.retention %q, %q, %v decay [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]
      : (!many, !many, !many_v) -> (!many_v, tensor<16x8x64x128xf32>)
  return %o : !many_v
}
