// Shapes of spec values: element kind and the dimensions after batch and time.
#pragma once

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/SmallVector.h"

#include <optional>
#include <string>

namespace rondo {

struct Shape {
  enum class Kind { Numbers, Tokens, Positions, Flags }; // f32, i32, i64, i8

  Kind kind = Kind::Numbers;
  llvm::SmallVector<int64_t, 2> dims; // [width], [heads, head width], or none
  int64_t vocabulary = 0;             // of tokens: they lie below it

  static Shape numbers(llvm::ArrayRef<int64_t> dims) {
    return {Kind::Numbers, llvm::SmallVector<int64_t, 2>(dims), 0};
  }

  bool isNumbers(size_t rank) const { return kind == Kind::Numbers && dims.size() == rank; }
  // The width, or heads * head width.
  int64_t width() const;
  bool operator==(const Shape &other) const { return kind == other.kind && dims == other.dims; }

  // "[B, T, 8, 64]", "tokens [B, T]".
  std::string str() const;
  // tensor<?x?x8x64xf32>
  mlir::RankedTensorType type(mlir::MLIRContext *context) const;
};

} // namespace rondo
