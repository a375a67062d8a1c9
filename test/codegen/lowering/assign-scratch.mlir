// RUN: rondo-opt %s --rondo-assign-scratch --cse | FileCheck %s

// The first two buffers are never alive at once and share bytes; the third outlives both because a loop reads it.
// CHECK-LABEL: func.func @lifetimes(
// CHECK-SAME: %[[SCRATCH:[a-z0-9]+]]: memref<192xi8>) attributes {rondo.scratch_bytes = 192 : i64}
// CHECK-NOT: memref.alloca
// CHECK-DAG: memref.view %[[SCRATCH]][%[[A:[a-z0-9_]+]]][] : memref<192xi8> to memref<20xf32>
// CHECK-DAG: memref.view %[[SCRATCH]][%[[A]]][] : memref<192xi8> to memref<18xf32>
func.func @lifetimes(%n: index) {
  %a = memref.alloca() : memref<20xf32>
  %b = memref.alloca() : memref<18xf32>
  %c = memref.alloca() : memref<4xf32>
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  memref.store %zero, %c[%c0] : memref<4xf32>
  memref.store %zero, %a[%c0] : memref<20xf32>
  scf.for %i = %c0 to %n step %c1 {
    %v = memref.load %c[%c0] : memref<4xf32>
    memref.store %v, %b[%c0] : memref<18xf32>
  }
  return
}
