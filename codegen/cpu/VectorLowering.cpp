// The function that a kernel becomes, and the rests of panels.
#include "codegen/cpu/VectorLowering.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;

namespace rondo::codegen {

VectorLowering::VectorLowering(tile::KernelOp kernel, const Blocking &blocking)
    : TileLowering(kernel), blocking(blocking) {}

void VectorLowering::run() {
  SmallVector<Type> types = bufferTypes();
  types.append(2, builder.getIndexType());
  auto function = func::FuncOp::create(builder, loc, kernel.getSymName(), builder.getFunctionType(types, {}));
  for (size_t i = 0; i < kernel.getBuffers().size(); ++i)
    function.setArgAttr(i, LLVM::LLVMDialect::getNoAliasAttrName(), builder.getUnitAttr());
  entry = function.addEntryBlock();
  for (auto [buffer, argument] : llvm::zip(kernel.getBuffers(), entry->getArguments()))
    scalars.map(buffer, argument);
  findDownTiles();

  builder.setInsertionPointToEnd(entry);
  Value begin = entry->getArgument(types.size() - 2), end = entry->getArgument(types.size() - 1);
  loop(begin, end, 1, [&](Value workgroup) { lowerWorkgroup(workgroup); });
  func::ReturnOp::create(builder, loc);
}

// Whoever reads whole panels finds zeros in their rest.
void VectorLowering::fillPanelRest(tile::StoreOp store, const TileHome &home) {
  auto type = cast<RankedTensorType>(store.getTile().getType());
  int64_t begin = type.getDimSize(0), end = llvm::alignTo(begin, home.panel);
  int64_t lanes = std::gcd(home.panel, kLanes);
  for (int64_t row = begin; row < end; row = llvm::alignTo(row + 1, lanes)) {
    int64_t taken = row % lanes; // of the vector by the tile itself
    Value zero = access().splat(cast<TypedAttr>(builder.getZeroAttr(type.getElementType())), lanes);
    loop(0, type.getDimSize(1), 1, [&](Value column) {
      access().storeFrom(taken, zero, home,
                         TilePoint{access().index(row - taken), column, lanes, lanes, true});
    });
  }
}

} // namespace rondo::codegen
