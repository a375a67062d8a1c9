// The module's read-only tables, each stored once.
#include "passes/tile/TableStore.h"

using namespace mlir;
using namespace rondo;

FlatSymbolRefAttr TableStore::intern(DenseElementsAttr values) {
  FlatSymbolRefAttr &symbol = known[values];
  if (!symbol) {
    OpBuilder builder(values.getContext());
    std::string name = "table_" + std::to_string(known.size() - 1);
    auto table = TableOp::create(builder, symbols.getOp()->getLoc(), name, values);
    symbol = FlatSymbolRefAttr::get(symbols.insert(table, symbols.getOp()->getRegion(0).front().begin()));
  }
  return symbol;
}
