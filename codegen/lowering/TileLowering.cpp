// The walk over the ops of a kernel.
#include "codegen/lowering/TileLowering.h"
#include "codegen/lowering/TileTraits.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
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
    return op->emitOpError("has no lowering");
  if (isArithmetic && (!touchesTiles || isElementwise(op)))
    return success();
  if (isa<memref::LoadOp, memref::ReinterpretCastOp>(op))
    return success();
  return op->emitOpError("has no lowering");
}

} // namespace

TileLowering::TileLowering(tile::KernelOp kernel) : kernel(kernel), builder(kernel), loc(kernel.getLoc()) {}

LogicalResult TileLowering::check(tile::KernelOp kernel) {
  WalkResult result = kernel.walk(
      [](Operation *op) { return failed(checkOp(op)) ? WalkResult::interrupt() : WalkResult::advance(); });
  return failure(result.wasInterrupted());
}

void TileLowering::lowerWorkgroup(Value workgroup) {
  Value rest = workgroup;
  for (size_t i = kernel.getGrid().size() - 1; i > 0; --i) {
    scalars.map(kernel.getIds()[i], access().remainder(rest, kernel.getGrid()[i]));
    rest = access().divide(rest, kernel.getGrid()[i]);
  }
  scalars.map(kernel.getIds()[0], rest);
  lowerBlock(kernel.getBodyRegion().front());
}

void TileLowering::lowerBlock(Block &block) {
  for (Operation &op : block.without_terminator()) {
    loc = op.getLoc();
    currentOp = &op;
    lowerOp(op);
  }
}

void TileLowering::lowerOp(Operation &op) {
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
          lowerScalar(*other);
      });
}

bool TileLowering::keepsPlace(Operation *op) const { return isElementwise(op) || isa<tile::StageOp>(op); }

void TileLowering::lowerStore(tile::StoreOp store) {
  TileHome home = accessHome(store);
  evaluateInto(store.getTile(), home);
  if (home.panel)
    fillPanelRest(store, home);
}

SmallVector<Type> TileLowering::bufferTypes() {
  SmallVector<Type> types;
  for (BlockArgument buffer : kernel.getBuffers()) {
    auto type = cast<MemRefType>(buffer.getType());
    if (std::optional<int64_t> panel = tile::getPanelWidth(type)) {
      int64_t panels = llvm::divideCeil(type.getDimSize(0), *panel);
      type = MemRefType::get({panels, type.getDimSize(1), *panel}, type.getElementType());
    }
    types.push_back(type);
  }
  return types;
}

} // namespace rondo::codegen
