// RUN: rondo-opt %s --rondo-expand-math | FileCheck %s
// RUN: rondo-opt %s --rondo-expand-math=avx512 | FileCheck %s --check-prefix=AVX512

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

// Where the machine multiplies by powers of two in one instruction, vectors of its width use it.
// CHECK-LABEL: func.func @exp_of_eight
// AVX512-LABEL: func.func @exp(
// AVX512: llvm.call_intrinsic "llvm.x86.avx512.mask.scalef.ps.512"
// AVX512-LABEL: func.func @exp_of_eight
// AVX512-NOT: scalef
// AVX512: arith.shli
func.func @exp_of_eight(%x: vector<8xf32>) -> vector<8xf32> {
  %y = math.exp %x : vector<8xf32>
  return %y : vector<8xf32>
}

// What is a single instruction stays.
// CHECK-LABEL: func.func @no_sqrt
// CHECK: math.sqrt
func.func @no_sqrt(%x: vector<16xf32>) -> vector<16xf32> {
  %y = math.sqrt %x : vector<16xf32>
  return %y : vector<16xf32>
}
