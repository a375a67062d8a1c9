// How ops state their shape rules: named dimensions that must agree wherever a name repeats.
#pragma once

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/TypeRange.h"

#include <optional>

namespace rondo {

// Matches operand types against patterns such as {"B", "T", "K"}. A name is bound by its first use. B and T
// may be dynamic, and a dynamic size agrees with any; all other dimensions must be static. Failures are
// reported as
// "'op' op RULE: expected NAME to be [B = 2, T, K] of f32, found 'tensor<...>'" if there is a location.
class ShapeMatcher {
public:
  ShapeMatcher(mlir::MLIRContext *context, std::optional<mlir::Location> location, llvm::StringRef op)
      : context(context), location(location), op(op) {}

  void bind(llvm::StringRef dim, int64_t size) { sizes.push_back({dim, size}); }
  int64_t operator[](llvm::StringRef dim) const { return *lookup(dim); }

  llvm::LogicalResult match(llvm::StringRef rule, llvm::StringRef name, mlir::Type type,
                            llvm::ArrayRef<llvm::StringRef> dims, mlir::Type element);
  // `[B, T, width]` or `[B, T, H, d]`, seen as rows of H * d elements; binds B, T and `width`.
  llvm::LogicalResult matchRows(llvm::StringRef rule, llvm::StringRef name, mlir::Type type,
                                llvm::StringRef width, mlir::Type element);
  // Any sequence tensor `[B, T, ...]` of f32; binds B and T.
  llvm::LogicalResult matchSequence(llvm::StringRef rule, llvm::StringRef name, mlir::Type type);

  mlir::RankedTensorType tensor(llvm::ArrayRef<llvm::StringRef> dims, mlir::Type element) const;

  template <typename... Parts> llvm::LogicalResult fail(llvm::StringRef rule, Parts &&...parts) const {
    return mlir::emitOptionalError(location, "'", op, "' op ", rule, ": ", std::forward<Parts>(parts)...);
  }

  mlir::Type f32() const { return mlir::Float32Type::get(context); }
  mlir::Type integer(unsigned bits) const { return mlir::IntegerType::get(context, bits); }

private:
  const int64_t *lookup(llvm::StringRef dim) const;
  bool bindAll(llvm::ArrayRef<llvm::StringRef> dims, llvm::ArrayRef<int64_t> shape);
  std::string describe(llvm::ArrayRef<llvm::StringRef> dims, mlir::Type element) const;

  mlir::MLIRContext *context;
  std::optional<mlir::Location> location;
  llvm::StringRef op;
  llvm::SmallVector<std::pair<llvm::StringRef, int64_t>, 8> sizes;
};

// Ranked tensors of one shape and element type, whatever their storage layouts.
bool equalButForLayout(mlir::Type a, mlir::Type b);
bool equalButForLayout(mlir::TypeRange a, mlir::TypeRange b);

} // namespace rondo
