// Mistakes that a lowering of retention could make, as changes of its tile kernels.
#include "test/property/planted_faults/KernelFaults.h"

#include "dialects/rondo/Rondo.h"
#include "dialects/tile/Tile.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace rondo::test {
namespace {

// Changes every `Op` that `change` can change.
template <typename Op> bool forEach(ModuleOp module, llvm::function_ref<bool(Op)> change) {
  bool planted = false;
  SmallVector<Op> ops; // changes may add more
  module.walk([&](Op op) { ops.push_back(op); });
  for (Op op : ops)
    planted |= change(op);
  return planted;
}

Value indexBefore(Operation *op, int64_t value) {
  OpBuilder builder(op);
  return arith::ConstantIndexOp::create(builder, op->getLoc(), value);
}

// ---- products
// ------------------------------------------------------------------------------------------------

// Scores that all count are taken for those of one stretch, of which the upper triangle does not.
bool trianglesOnFullProducts(ModuleOp module) {
  return forEach<tile::DotOp>(module, [](tile::DotOp dot) {
    ArrayRef<int64_t> shape = cast<RankedTensorType>(dot.getType()).getShape();
    if (dot.getTriangle() != tile::Triangle::Full || !dot.getTransposeB() || shape[0] != shape[1])
      return false;
    dot.setTriangle(tile::Triangle::LowerResult);
    return true;
  });
}

// A stretch's own keys and values alone, without what the state adds.
bool outputsForgetTheState(ModuleOp module) {
  return forEach<tile::DotOp>(module, [](tile::DotOp dot) {
    if (dot.getTriangle() != tile::Triangle::LowerLhs || !dot.getAcc())
      return false;
    dot.getAccMutable().clear();
    return true;
  });
}

bool masksExcludeTheDiagonal(ModuleOp module) {
  return forEach<arith::CmpIOp>(module, [](arith::CmpIOp compare) {
    if (compare.getPredicate() != arith::CmpIPredicate::sle)
      return false;
    compare.setPredicate(arith::CmpIPredicate::slt);
    return true;
  });
}

// ---- decay
// ---------------------------------------------------------------------------------------------------

// Tables of the powers 1, g, g^2, ... begin with g.
bool powersShiftByOne(ModuleOp module) {
  return forEach<TableOp>(module, [](TableOp table) {
    auto values = dyn_cast<DenseElementsAttr>(table.getValues());
    auto type = dyn_cast<RankedTensorType>(values.getType());
    if (!type.getElementType().isF32() || type.getRank() != 2 || type.getDimSize(1) < 3)
      return false;
    SmallVector<float> powers(values.getValues<float>());
    int64_t columns = type.getDimSize(1);
    for (int64_t row = 0; row < type.getDimSize(0); ++row) {
      float *begin = powers.data() + row * columns;
      if (begin[0] != 1 || begin[1] == 0 || begin[2] != begin[1] * begin[1])
        return false;
      std::copy(begin + 1, begin + columns, begin);
    }
    table.setValuesAttr(DenseElementsAttr::get(type, ArrayRef<float>(powers)));
    return true;
  });
}

// The most that `index` can be, if it is a constant or clamped to one.
std::optional<int64_t> upperBound(Value index) {
  if (auto clamp = index.getDefiningOp<arith::MinSIOp>())
    return getConstantIntValue(clamp.getRhs());
  return getConstantIntValue(index);
}

// The last stretch, shorter than the others, decays the state as they do.
bool tailsDecayByWholeStretches(ModuleOp module) {
  return forEach<memref::LoadOp>(module, [](memref::LoadOp load) {
    if (load.getMemRefType().getRank() != 2 || !load.getMemRefType().getElementType().isF32())
      return false;
    int64_t last = load.getMemRefType().getDimSize(1) - 1;
    std::optional<int64_t> rows = upperBound(load.getIndices()[1]);
    if (!rows || *rows < 1 || *rows >= last)
      return false;
    load.getIndicesMutable()[1].set(indexBefore(load, last));
    return true;
  });
}

// Documents run into one another where a decay of zero or a reset should part them.
bool documentsRunTogether(ModuleOp module) {
  return forEach<arith::SelectOp>(module, [](arith::SelectOp select) {
    Value condition = select.getCondition();
    while (auto widened = condition.getDefiningOp())
      if (isa<tile::BroadcastOp, tile::ReshapeOp>(widened))
        condition = widened->getOperand(0);
      else
        break;
    auto compare = condition.getDefiningOp<arith::CmpIOp>();
    if (!compare || compare.getPredicate() != arith::CmpIPredicate::eq)
      return false;
    select.replaceAllUsesWith(select.getTrueValue());
    return true;
  });
}

// ---- stretches
// -----------------------------------------------------------------------------------------------

bool loopsLoseTheirCarry(ModuleOp module) {
  return forEach<scf::ForOp>(module, [](scf::ForOp loop) {
    if (loop.getRegionIterArgs().empty())
      return false;
    loop.getBody()->getTerminator()->setOperand(0, loop.getRegionIterArg(0));
    return true;
  });
}

// The rows after the whole stretches are read from one row too early.
bool tailsBeginOneRowEarly(ModuleOp module) {
  return forEach<tile::LoadOp>(module, [](tile::LoadOp load) {
    auto row = load.getOffsets()[0].getDefiningOp<arith::AddIOp>();
    std::optional<int64_t> first = row ? getConstantIntValue(row.getRhs()) : std::nullopt;
    if (load->getParentOfType<scf::ForOp>() || !first || *first < 1)
      return false;
    OpBuilder builder(load);
    Value early = arith::AddIOp::create(builder, load.getLoc(), row.getLhs(), indexBefore(load, *first - 1));
    load.getOffsetsMutable()[0].set(early);
    return true;
  });
}

// What lies after a row's length is not replaced by zeros.
bool paddingIsNotCleared(ModuleOp module) {
  return forEach<arith::SelectOp>(module, [](arith::SelectOp select) {
    auto isValid = select.getCondition().getDefiningOp<tile::BroadcastOp>();
    auto compare = isValid ? isValid.getSource().getDefiningOp<arith::CmpIOp>() : arith::CmpIOp();
    if (!compare || compare.getPredicate() != arith::CmpIPredicate::slt ||
        !matchPattern(select.getFalseValue(), m_AnyZeroFloat()))
      return false;
    select.replaceAllUsesWith(select.getTrueValue());
    return true;
  });
}

// The state in its slot is overwritten before it is read.
bool statesAreStoredBeforeTheyAreLoaded(ModuleOp module) {
  return forEach<tile::LoadOp>(module, [](tile::LoadOp load) {
    bool isStored =
        llvm::any_of(load.getBuffer().getUsers(), [](Operation *user) { return isa<tile::StoreOp>(user); });
    if (!isStored)
      return false;
    OpBuilder builder(load);
    auto type = cast<RankedTensorType>(load.getType());
    Value zeros = arith::ConstantOp::create(builder, load.getLoc(), builder.getZeroAttr(type));
    tile::StoreOp::create(builder, load.getLoc(), zeros, load.getBuffer(), load.getOffsets());
    return true;
  });
}

constexpr KernelFault kFaults[] = {
    {"TrianglesOnFullProducts", trianglesOnFullProducts},
    {"OutputsForgetTheState", outputsForgetTheState},
    {"MasksExcludeTheDiagonal", masksExcludeTheDiagonal},
    {"PowersShiftByOne", powersShiftByOne},
    {"TailsDecayByWholeStretches", tailsDecayByWholeStretches},
    {"DocumentsRunTogether", documentsRunTogether},
    {"LoopsLoseTheirCarry", loopsLoseTheirCarry},
    {"TailsBeginOneRowEarly", tailsBeginOneRowEarly},
    {"PaddingIsNotCleared", paddingIsNotCleared},
    {"StatesAreStoredBeforeTheyAreLoaded", statesAreStoredBeforeTheyAreLoaded, /*inPool=*/true},
};

} // namespace

llvm::ArrayRef<KernelFault> kernelFaults() { return kFaults; }

} // namespace rondo::test
