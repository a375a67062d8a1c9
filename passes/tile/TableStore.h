// The module's read-only tables, each stored once.
#pragma once

#include "dialects/rondo/Rondo.h"
#include "mlir/IR/BuiltinOps.h"

namespace rondo {

class TableStore {
public:
  explicit TableStore(mlir::ModuleOp module) : module(module) {}
  // The symbol of the `rondo.table` that holds `values`, made on first demand.
  mlir::FlatSymbolRefAttr intern(mlir::DenseElementsAttr values);

private:
  mlir::ModuleOp module;
  llvm::DenseMap<mlir::Attribute, mlir::FlatSymbolRefAttr> symbols; // by contents
};

} // namespace rondo
