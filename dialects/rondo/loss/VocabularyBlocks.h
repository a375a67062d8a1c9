// Scores of some rows, streamed over the vocabulary block by block.
#pragma once

#include "dialects/rondo/interfaces/Interfaces.h"

namespace rondo {

struct VocabularyBlock {
  int64_t words;
  mlir::Value weight;   // [words, K]
  mlir::Value scores;   // f32 [words, rows]: weight x^T
  mlir::Value isTarget; // i1 [words, rows]: the word is the row's target
};

class VocabularyBlocks {
public:
  // `weight` is a graph value `[V, K]`, `x` a tile `[rows, K]`, `targets` one of i32 `[rows]`.
  VocabularyBlocks(KernelBuilder &kernel, mlir::Value weight, mlir::Value x, mlir::Value targets);

  // A loop over the blocks that carries `initial`; `emit` returns the next values. Returns the last ones.
  using Emit = llvm::function_ref<llvm::SmallVector<mlir::Value>(const VocabularyBlock &, mlir::ValueRange)>;
  llvm::SmallVector<mlir::Value> emitLoop(llvm::ArrayRef<mlir::Value> initial, Emit emit);

private:
  VocabularyBlock load(mlir::Value firstWord, int64_t words);

  KernelBuilder &kernel;
  mlir::Value weight, x, targets;
};

} // namespace rondo
