// The two steps after MLIR: LLVM's code generator, and the layout of its object file as a flat image.
#pragma once

#include "codegen/cpu/CpuImage.h"
#include "codegen/target/Target.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"

namespace rondo::codegen {

/// Optimises `module` for the target and compiles it to an ELF object file.
llvm::Expected<llvm::SmallVector<char, 0>> emitObject(llvm::Module &module, const target::Target &target);

/// Lays out x86-64 object files without imports, one after the other. Fills data, segments, relocations and
/// the size, and the addresses of image.kernels from their symbols.
llvm::Error linkImage(llvm::ArrayRef<llvm::ArrayRef<char>> objects, CpuImage &image);

} // namespace rondo::codegen
