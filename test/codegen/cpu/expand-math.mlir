// RUN: rondo-opt %s --rondo-expand-math | FileCheck %s

// Kernels call no library: exp becomes multiply-adds on whole vectors.
// CHECK-LABEL: func.func @exp
// CHECK-NOT: math.exp
// CHECK: math.fma {{.*}} : vector<16xf32>
// CHECK-NOT: math.exp
// CHECK: return
func.func @exp(%x: vector<16xf32>) -> vector<16xf32> {
  %y = math.exp %x : vector<16xf32>
  return %y : vector<16xf32>
}

// What is a single instruction stays.
// CHECK-LABEL: func.func @no_sqrt
// CHECK: math.sqrt
func.func @no_sqrt(%x: vector<16xf32>) -> vector<16xf32> {
  %y = math.sqrt %x : vector<16xf32>
  return %y : vector<16xf32>
}
