// How kernels of the optimiser walk over the storage of tensors: equal chunks for workgroups, in tiles of
// which those of all streams stay in the first-level cache.
#pragma once

#include "dialects/rondo/interfaces/Interfaces.h"

namespace rondo {

// f32 elements of a tensor's storage, padding included.
int64_t storageElements(mlir::Type type);

// The grid over so many elements.
llvm::SmallVector<int64_t> storageGrid(int64_t elements);

// Emits the tiles of workgroup `id`: `emit` gets the first element and the static size of each.
void forEachStorageTile(KernelBuilder &kernel, mlir::Value id, int64_t elements,
                        llvm::function_ref<void(mlir::Value first, int64_t size)> emit);

} // namespace rondo
