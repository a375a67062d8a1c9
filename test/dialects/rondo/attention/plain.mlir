// RUN: rondo-opt %s -split-input-file -verify-diagnostics | rondo-opt -split-input-file -verify-diagnostics | FileCheck %s

!x = tensor<1x8x2x4xf32>
!lse = tensor<1x8x2xf32>
// CHECK-LABEL: func.func @causal(
// CHECK: rondo.attention %{{.*}}, %{{.*}}, %{{.*}} positions(%{{.*}}) scale 5.000000e-01 capacity 16 :
func.func @causal(%q: !x, %p: tensor<1x8xi64>) -> !x {
  %o, %lse = rondo.attention %q, %q, %q positions(%p) scale 0.5 capacity 16 : (!x, !x, !x, tensor<1x8xi64>) -> (!x, !lse)
  return %o : !x
}

// CHECK-LABEL: func.func @both_ways(
// CHECK: rondo.attention %{{.*}}, %{{.*}}, %{{.*}} scale 5.000000e-01 {bidirectional} :
func.func @both_ways(%q: !x) -> !x {
  %o, %lse = rondo.attention %q, %q, %q scale 0.5 {bidirectional} : (!x, !x, !x) -> (!x, !lse)
  return %o : !x
}
