// The frame of a lowered kernel and the walk over its ops.
#include "codegen/cpu/KernelLowering.h"
#include "codegen/cpu/TileTraits.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace rondo::codegen {
namespace {

bool isTile(Type type) { return isa<RankedTensorType>(type); }

LogicalResult checkOp(Operation *op) {
  if (isa<tile::KernelOp, scf::ForOp, scf::IfOp, scf::YieldOp>(op) ||
      isa<tile::TileDialect>(op->getDialect()))
    return success();
  bool touchesTiles =
      llvm::any_of(op->getOperandTypes(), isTile) || llvm::any_of(op->getResultTypes(), isTile);
  bool isArithmetic = isa<arith::ArithDialect, math::MathDialect>(op->getDialect());
  if (auto constant = dyn_cast<arith::ConstantOp>(op); constant && touchesTiles) {
    if (isa<SplatElementsAttr>(constant.getValue()))
      return success();
    return op->emitOpError("expected a tile constant with one value for all elements");
  }
  if (isa<math::MathDialect>(op->getDialect()) &&
      !isa<math::AbsFOp, math::CeilOp, math::CopySignOp, math::CosOp, math::ErfOp, math::ExpOp, math::FloorOp,
           math::FmaOp, math::LogOp, math::RoundEvenOp, math::RsqrtOp, math::SinOp, math::SqrtOp,
           math::TanhOp, math::TruncOp>(op))
    return op->emitOpError("has no lowering to vectors");
  if (isArithmetic && (!touchesTiles || isElementwise(op)))
    return success();
  if (isa<memref::LoadOp, memref::ReinterpretCastOp>(op))
    return success();
  return op->emitOpError("has no lowering to vectors");
}

// Panels become a dimension of their own.
MemRefType loweredBuffer(MemRefType type) {
  std::optional<int64_t> panel = tile::getPanelWidth(type);
  if (!panel)
    return type;
  int64_t panels = llvm::divideCeil(type.getDimSize(0), *panel);
  return MemRefType::get({panels, type.getDimSize(1), *panel}, type.getElementType());
}

} // namespace

KernelLowering::KernelLowering(tile::KernelOp kernel, const Blocking &blocking)
    : kernel(kernel), blocking(blocking), builder(kernel), loc(kernel.getLoc()) {}

LogicalResult KernelLowering::check(tile::KernelOp kernel) {
  WalkResult result = kernel.walk(
      [](Operation *op) { return failed(checkOp(op)) ? WalkResult::interrupt() : WalkResult::advance(); });
  return failure(result.wasInterrupted());
}

void KernelLowering::run() {
  SmallVector<Type> types;
  for (BlockArgument buffer : kernel.getBuffers())
    types.push_back(loweredBuffer(cast<MemRefType>(buffer.getType())));
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
  loop(begin, end, 1, [&](Value workgroup) {
    Value rest = workgroup;
    for (size_t i = kernel.getGrid().size() - 1; i > 0; --i) {
      scalars.map(kernel.getIds()[i], access().remainder(rest, kernel.getGrid()[i]));
      rest = access().divide(rest, kernel.getGrid()[i]);
    }
    scalars.map(kernel.getIds()[0], rest);
    lowerBlock(kernel.getBodyRegion().front());
  });
  func::ReturnOp::create(builder, loc);
}

void KernelLowering::lowerBlock(Block &block) {
  for (Operation &op : block.without_terminator()) {
    loc = op.getLoc();
    currentOp = &op;
    lowerOp(op);
  }
}

void KernelLowering::lowerOp(Operation &op) {
  llvm::TypeSwitch<Operation *>(&op)
      .Case<scf::ForOp>([&](auto loop) { lowerFor(loop); })
      .Case<scf::IfOp>([&](auto branch) { lowerIf(branch); })
      .Case<tile::StoreOp>([&](auto store) { lowerStore(store); })
      .Case<tile::ScatterAddOp>([&](auto scatter) { lowerScatterAdd(scatter); })
      .Case<tile::ReduceOp>([&](auto reduce) { lowerReduce(reduce); })
      .Case<tile::ScanOp>([&](auto scan) { lowerScan(scan); })
      .Case<tile::StageOp>([&](auto stage) { lowerStage(stage); })
      .Default([&](Operation *other) {
        if (isDeferred(other))
          tiles.push_back(other->getResult(0));
        else
          builder.clone(*other, scalars);
      });
}

void KernelLowering::lowerStore(tile::StoreOp store) {
  TileHome home = accessHome(store);
  evaluateInto(store.getTile(), home);
  if (home.panel)
    fillPanelRest(store, home);
}

// Whoever reads whole panels finds zeros in their rest.
void KernelLowering::fillPanelRest(tile::StoreOp store, const TileHome &home) {
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
