/* What a compiled CPU kernel looks like to its caller. The compiler emits functions of this type into the
 * package's image; the runtime calls them. Standalone C: includes only C standard headers. */
#ifndef RONDO_RUNTIME_FORMAT_KERNEL_ABI_H_
#define RONDO_RUNTIME_FORMAT_KERNEL_ABI_H_

#include <stdint.h>

#define RONDO_KERNEL_ABI_VERSION 1

/* Every buffer and the scratch start at a multiple of this many bytes. */
#define RONDO_BUFFER_ALIGNMENT 64

/* A kernel has at most so many arguments; a global norm reads a sum per parameter. */
#define RONDO_MAX_KERNEL_ARGUMENTS 2048

/* Runs workgroups [begin, end) of a kernel. `buffers` holds one pointer per kernel argument, in order; no two
 * arguments overlap unless both are only read. `scratch` belongs to this call alone and holds the kernel's
 * scratch_bytes, uninitialised. Kernels do not fail, allocate, throw or touch errno: the caller has checked
 * every index that they follow (tokens, slots, lengths). */
typedef void (*rondo_kernel_fn)(void *const *buffers, void *scratch, int64_t begin, int64_t end);

#endif
