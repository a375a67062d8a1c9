// An entry point's inputs and outputs while a pass changes them.
#pragma once

#include "dialects/rondo/Rondo.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace rondo {

class EntrySignature {
public:
  struct Output {
    std::string name;
    mlir::Value value;
  };

  explicit EntrySignature(mlir::func::FuncOp entry);

  llvm::ArrayRef<Output> outputs() const { return list; }
  // Null if there is none of this name.
  mlir::Value output(llvm::StringRef name) const;
  mlir::Value input(llvm::StringRef name) const;

  // A new input, last; `absent` is what the runtime supplies, `value` the number for Absent::Value.
  mlir::Value addInput(const llvm::Twine &name, mlir::Type type, Absent absent = Absent::Zeros,
                       std::optional<double> value = std::nullopt);
  void addOutput(const llvm::Twine &name, mlir::Value value);
  void dropOutputs(llvm::function_ref<bool(llvm::StringRef)> drop);
  // Makes the function's type and terminator follow.
  void finish();

private:
  mlir::func::FuncOp entry;
  mlir::func::ReturnOp end;
  llvm::SmallVector<Output> list;
};

} // namespace rondo
