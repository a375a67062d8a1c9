// The kernel op: its text form, its frame and their rules.
#include "dialects/tile/Tile.h"
#include "mlir/Interfaces/FunctionImplementation.h"

using namespace mlir;
using namespace rondo::tile;

ArrayRef<BlockArgument> KernelOp::getBuffers() {
  return getBody().getArguments().drop_back(getGrid().size());
}

ArrayRef<BlockArgument> KernelOp::getIds() { return getBody().getArguments().take_back(getGrid().size()); }

int64_t KernelOp::getWorkgroupCount() {
  int64_t count = 1;
  for (int64_t extent : getGrid())
    count *= extent;
  return count;
}

// kernel ::= `tile.kernel` symbol `(` buffers `)` `writes` bools `grid` ints `ids` `(` names `)` (`source`
// string)?
//            (`attributes` dict)? region
ParseResult KernelOp::parse(OpAsmParser &parser, OperationState &result) {
  StringAttr name;
  SmallVector<OpAsmParser::Argument> arguments, ids;
  if (parser.parseSymbolName(name, getSymNameAttrName(result.name), result.attributes) ||
      parser.parseArgumentList(arguments, AsmParser::Delimiter::Paren, /*allowType=*/true) ||
      parser.parseKeyword("writes"))
    return failure();
  auto bools = dyn_cast_or_null<DenseBoolArrayAttr>(DenseBoolArrayAttr::parse(parser, {}));
  if (!bools || parser.parseKeyword("grid"))
    return failure();
  auto extents = dyn_cast_or_null<DenseI64ArrayAttr>(DenseI64ArrayAttr::parse(parser, {}));
  if (!extents || parser.parseKeyword("ids") ||
      parser.parseArgumentList(ids, AsmParser::Delimiter::Paren, /*allowType=*/false))
    return failure();
  result.addAttribute(getWritesAttrName(result.name), bools);
  result.addAttribute(getGridAttrName(result.name), extents);
  if (succeeded(parser.parseOptionalKeyword("source"))) {
    StringAttr source;
    if (parser.parseAttribute(source, getSourceAttrName(result.name), result.attributes))
      return failure();
  }
  if (parser.parseOptionalAttrDictWithKeyword(result.attributes))
    return failure();
  for (OpAsmParser::Argument &id : ids)
    id.type = parser.getBuilder().getIndexType();
  arguments.append(ids);
  return parser.parseRegion(*result.addRegion(), arguments);
}

void KernelOp::print(OpAsmPrinter &printer) {
  printer << ' ';
  printer.printSymbolName(getSymName());
  printer << '(';
  llvm::interleaveComma(getBuffers(), printer,
                        [&](BlockArgument buffer) { printer.printRegionArgument(buffer); });
  printer << ") writes ";
  getWritesAttr().print(printer);
  printer << " grid ";
  getGridAttr().print(printer);
  printer << " ids(";
  llvm::interleaveComma(getIds(), printer, [&](BlockArgument id) { printer.printOperand(id); });
  printer << ')';
  if (StringAttr source = getSourceAttr())
    printer << " source " << source;
  printer.printOptionalAttrDictWithKeyword((*this)->getAttrs(), {getSymNameAttrName(), getWritesAttrName(),
                                                                 getGridAttrName(), getSourceAttrName()});
  printer << ' ';
  printer.printRegion(getBodyRegion(), /*printEntryBlockArgs=*/false);
}

LogicalResult KernelOp::verify() {
  Block &block = getBodyRegion().front();
  if (getGrid().empty() || block.getNumArguments() < getGrid().size())
    return emitOpError("expected one id per grid dimension, at least one, found ")
           << getGrid().size() << " dimensions";
  for (int64_t extent : getGrid())
    if (extent <= 0)
      return emitOpError("expected positive grid extents, found ") << extent;
  for (BlockArgument id : getIds())
    if (!id.getType().isIndex())
      return emitOpError("expected ids of type index, found ") << id.getType();
  if (getWrites().size() != getBuffers().size())
    return emitOpError("expected one 'writes' flag per buffer, found ")
           << getWrites().size() << " flags for " << getBuffers().size() << " buffers";
  for (BlockArgument buffer : getBuffers()) {
    auto type = dyn_cast<MemRefType>(buffer.getType());
    if (!type || !type.hasStaticShape() || type.getRank() < 1 || type.getRank() > 2)
      return emitOpError("expected buffers to be static memrefs of one or two dimensions, found ")
             << buffer.getType();
    if (!type.getLayout().isIdentity() && !getPanelWidth(type))
      return emitOpError("expected a row-major or panel layout, found ") << buffer.getType();
  }
  if (!isa<ReturnOp>(block.back()))
    return emitOpError("expected the body to end with tile.return");
  return success();
}

std::optional<int64_t> rondo::tile::getPanelWidth(MemRefType type) {
  AffineMap map = type.getLayout().getAffineMap();
  if (type.getRank() != 2 || map.getNumResults() != 3)
    return std::nullopt;
  auto lane = dyn_cast<AffineBinaryOpExpr>(map.getResult(2));
  if (!lane || lane.getKind() != AffineExprKind::Mod)
    return std::nullopt;
  auto width = dyn_cast<AffineConstantExpr>(lane.getRHS());
  if (!width || width.getValue() <= 0)
    return std::nullopt;
  AffineExpr n = getAffineDimExpr(0, map.getContext()), k = getAffineDimExpr(1, map.getContext());
  if (map.getResult(0) != n.floorDiv(width) || map.getResult(1) != k || map.getResult(2) != n % width)
    return std::nullopt;
  return width.getValue();
}
