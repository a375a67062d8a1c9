// RUN: rondo-opt %s --rondo-choose-schedule="target=cpu:znver4 explain" 2>&1 >/dev/null | FileCheck %s

// FLOPs as the page of retention counts them: T (Dk + Dv) per token against 5 Dk Dv.
// CHECK: remark: parallel {{[0-9.]+}} MFLOP {{[0-9.]+}} MB {{[0-9.]+}} us; recurrent* 0.328 MFLOP
// CHECK-SAME: chunkwise:16
// CHECK-SAME: chunkwise:128
!q = tensor<4x1x8x64xf32>
!v = tensor<4x1x8x128xf32>
!s = tensor<4x8x64x128xf32>
func.func @decode(%q: !q, %v: !v, %init: !s) -> (!v, !s) {
  %o, %s = rondo.retention %q, %q, %v decay [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5] init(%init)
      : (!q, !q, !v, !s) -> (!v, !s)
  return %o, %s : !v, !s
}
