// RUN: rondo-opt %s --rondo-convert-threads-to-nvvm | FileCheck %s

// CHECK: llvm.mlir.global external @rondo_shared() {addr_space = 3 : i32, alignment = 1024 : i64} : !llvm.array<0 x i8>

// A buffer, then scratch and the profiler's scratch: shared memory is no parameter. A block owns its part of the scratch.
// CHECK-LABEL: llvm.func @kernel(
// CHECK-SAME: %{{[a-z0-9]+}}: !llvm.ptr {llvm.noalias}, %[[SCRATCH:[a-z0-9]+]]: !llvm.ptr<1>, %{{[a-z0-9]+}}: !llvm.ptr<1>)
// CHECK-SAME: nvvm.kernel, nvvm.minctasm = 1 : i32, nvvm.reqntid = array<i32: 64, 1, 1>
// CHECK-DAG: llvm.mlir.addressof @rondo_shared : !llvm.ptr<3>
// CHECK-DAG: %[[BLOCK:.+]] = nvvm.read.ptx.sreg.ctaid.x : i32
// CHECK-DAG: llvm.getelementptr %[[SCRATCH]]
// CHECK: nvvm.read.ptx.sreg.tid.x : i32
// CHECK: nvvm.shfl.sync bfly
// CHECK: nvvm.barrier0
func.func @kernel(%x: memref<64xf32> {llvm.noalias}, %shared: memref<256xi8, 3>, %scratch: memref<256xi8, 1>)
    attributes {rondo.threads = 64 : i64, rondo.shared_bytes = 256 : i64, rondo.scratch_bytes = 256 : i64} {
  %c0 = arith.constant 0 : index
  %home = memref.view %shared[%c0][] : memref<256xi8, 3> to memref<64xf32, 3>
  %far = memref.view %scratch[%c0][] : memref<256xi8, 1> to memref<64xf32, 1>
  %thread = gpu.thread_id x
  %v = memref.load %x[%thread] : memref<64xf32>
  %c16 = arith.constant 16 : i32
  %c32 = arith.constant 32 : i32
  %other, %valid = gpu.shuffle xor %v, %c16, %c32 : f32
  memref.store %other, %home[%thread] : memref<64xf32, 3>
  gpu.barrier
  memref.store %other, %far[%thread] : memref<64xf32, 1>
  return
}
