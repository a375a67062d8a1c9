// RUN: rondo-opt %s "--rondo-assign-scratch=space=3 attribute=rondo.shared_bytes" "--rondo-assign-scratch=space=1" | FileCheck %s

// Each memory space has a scratch of its own.
// CHECK-LABEL: func.func @spaces(
// CHECK-SAME: %[[SHARED:[a-z0-9]+]]: memref<128xi8, 3>, %[[GLOBAL:[a-z0-9]+]]: memref<64xi8, 1>)
// CHECK-SAME: attributes {rondo.scratch_bytes = 64 : i64, rondo.shared_bytes = 128 : i64}
// CHECK-NOT: memref.alloca
// CHECK-DAG: memref.view %[[SHARED]][{{.*}}][] : memref<128xi8, 3> to memref<20xf32, 3>
// CHECK-DAG: memref.view %[[GLOBAL]][{{.*}}][] : memref<64xi8, 1> to memref<16xf32, 1>
func.func @spaces() {
  %a = memref.alloca() : memref<20xf32, 3>
  %b = memref.alloca() : memref<16xf32, 1>
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  memref.store %zero, %a[%c0] : memref<20xf32, 3>
  memref.store %zero, %b[%c0] : memref<16xf32, 1>
  return
}
