// The module's read-only tables, each stored once.
#include "passes/tile/TableStore.h"

using namespace mlir;
using namespace rondo;

FlatSymbolRefAttr TableStore::intern(DenseElementsAttr values) {
  FlatSymbolRefAttr &symbol = symbols[values];
  if (!symbol) {
    OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
    std::string name = "table_" + std::to_string(symbols.size() - 1);
    TableOp::create(builder, module.getLoc(), name, values);
    symbol = FlatSymbolRefAttr::get(builder.getContext(), name);
  }
  return symbol;
}
