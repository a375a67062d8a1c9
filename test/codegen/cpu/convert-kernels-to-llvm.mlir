// RUN: rondo-opt %s --rondo-convert-kernels-to-llvm | FileCheck %s

// Memrefs become bare pointers, control flow becomes blocks, and no other dialect is left.
// CHECK-LABEL: llvm.func @double
// CHECK-SAME: %{{.*}}: !llvm.ptr
// CHECK-NOT: memref
// CHECK: llvm.cond_br
// CHECK: llvm.getelementptr
// CHECK: llvm.fadd
// CHECK-NOT: scf.
func.func @double(%x: memref<8x16xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  scf.for %i = %c0 to %c8 step %c1 {
    %row = vector.load %x[%i, %c0] : memref<8x16xf32>, vector<16xf32>
    %twice = arith.addf %row, %row : vector<16xf32>
    vector.store %twice, %x[%i, %c0] : memref<8x16xf32>, vector<16xf32>
  }
  return
}
