/* What a compiled kernel for NVIDIA GPUs looks like to its caller. Each kernel of the package is a module of
 * its own (PTX, and a cubin where the compiler had ptxas) with one entry:
 *
 *     .visible .entry NAME(.param .u64 buffer_0, ..., .param .u64 buffer_{n-1},
 *                          .param .u64 scratch, .param .u64 profile)
 *
 * one global address per kernel argument, in order, no two overlapping unless both are only read; then the
 * two addresses that Triton's launchers pass last: global scratch and profiler scratch, either of which may
 * be null where the kernel has none (Triton 3.x, third_party/nvidia/backend/driver.py). Profiler scratch is
 * never used.
 *
 * The grid is one-dimensional, of any size from 1 on: thread block b runs the workgroups b, b + gridDim.x,
 * ... below the kernel's own number of workgroups, which is the number in every command that uses the kernel.
 * A block has `threads` threads in x and `shared_bytes` of dynamic shared memory. With scratch_bytes > 0
 * block b owns [scratch + b * scratch_bytes, scratch + (b + 1) * scratch_bytes), uninitialised. Results do
 * not depend on the grid. Kernels do not trap: the caller has checked every index that they follow (tokens,
 * slots, lengths). Standalone C. */
#ifndef RONDO_RUNTIME_FORMAT_CUDA_KERNEL_ABI_H_
#define RONDO_RUNTIME_FORMAT_CUDA_KERNEL_ABI_H_

/* Memory and scratch start at multiples of this many bytes; a buffer may begin inside of memory, at a
 * multiple of RONDO_BUFFER_ALIGNMENT (KernelAbi.h). */
#define RONDO_CUDA_BUFFER_ALIGNMENT 256

/* Most threads of a block, and most dynamic shared memory, in bytes, that any target of the compiler asks
 * for. */
#define RONDO_CUDA_MAX_THREADS 1024
#define RONDO_CUDA_MAX_SHARED_BYTES 232448

#endif
