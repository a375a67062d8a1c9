// The module's read-only tables, each stored once.
#pragma once

#include "dialects/rondo/Rondo.h"

namespace rondo {

class TableStore {
public:
  explicit TableStore(mlir::SymbolTable &symbols) : symbols(symbols) {}
  // The symbol of the `rondo.table` that holds `values`, made on first demand.
  mlir::FlatSymbolRefAttr intern(mlir::DenseElementsAttr values);

private:
  mlir::SymbolTable &symbols;
  llvm::DenseMap<mlir::Attribute, mlir::FlatSymbolRefAttr> known; // by contents
};

} // namespace rondo
