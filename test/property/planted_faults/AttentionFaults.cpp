// Mistakes that a lowering of attention could make, as changes of its tile kernels.
#include "test/property/planted_faults/AttentionFaults.h"

#include "dialects/tile/Tile.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

#include <limits>

using namespace mlir;

namespace rondo::test {
namespace {

// Changes every `Op` of kernels whose name begins with `kernels` that `change` can change.
template <typename Op> bool forEach(ModuleOp module, StringRef kernels, llvm::function_ref<bool(Op)> change) {
  bool planted = false;
  SmallVector<Op> ops; // changes may add more
  module.walk([&](Op op) {
    auto kernel = op->template getParentOfType<tile::KernelOp>();
    if (kernel && kernel.getSymName().starts_with(kernels))
      ops.push_back(op);
  });
  for (Op op : ops)
    planted |= change(op);
  return planted;
}

Value filled(Operation *before, Type type, double value) {
  OpBuilder builder(before);
  auto shaped = cast<RankedTensorType>(type);
  auto number = builder.getFloatAttr(shaped.getElementType(), value);
  return arith::ConstantOp::create(builder, before->getLoc(),
                                   DenseElementsAttr::get(shaped, Attribute(number)));
}

Value indexBefore(Operation *op, int64_t value) {
  OpBuilder builder(op);
  return arith::ConstantIndexOp::create(builder, op->getLoc(), value);
}

ArrayRef<int64_t> shapeOf(Value tile) { return cast<RankedTensorType>(tile.getType()).getShape(); }

// ---- forward
// -------------------------------------------------------------------------------------------------

// What was summed up to a smaller maximum is taken as if it had been up to the new one.
bool sumsAreNotRescaled(ModuleOp module) {
  return forEach<math::ExpOp>(module, "dilated_attention", [](math::ExpOp exp) {
    if (!isa<RankedTensorType>(exp.getType()) || shapeOf(exp).size() != 1)
      return false; // weights are a tile
    exp.replaceAllUsesWith(filled(exp, exp.getType(), 1));
    return true;
  });
}

// A pattern begins anew and overwrites what the patterns before it left in o and lse.
bool patternsForgetThoseBefore(ModuleOp module) {
  return forEach<tile::LoadOp>(module, "dilated_attention", [](tile::LoadOp load) {
    bool isResult =
        llvm::any_of(load.getBuffer().getUsers(), [](Operation *user) { return isa<tile::StoreOp>(user); });
    if (!isResult)
      return false;
    bool isLse = shapeOf(load)[1] == 1;
    load.replaceAllUsesWith(
        filled(load, load.getType(), isLse ? -std::numeric_limits<double>::infinity() : 0));
    return true;
  });
}

bool masksExcludeTheDiagonal(ModuleOp module) {
  return forEach<arith::CmpIOp>(module, "dilated_attention", [](arith::CmpIOp compare) {
    if (compare.getPredicate() != arith::CmpIPredicate::sle ||
        !isa<RankedTensorType>(compare.getLhs().getType()))
      return false;
    compare.setPredicate(arith::CmpIPredicate::slt);
    return true;
  });
}

// The row after the last of a segment, which a tile of keys has as zeros, counts as a key.
bool segmentsEndOneRowLate(ModuleOp module) {
  return forEach<arith::IndexCastOp>(module, "dilated_attention", [](arith::IndexCastOp cast) {
    auto last = cast.getIn().getDefiningOp<arith::SubIOp>();
    bool bounds =
        llvm::any_of(cast->getUsers(), [](Operation *user) { return isa<tile::BroadcastOp>(user); });
    if (!last || !bounds || getConstantIntValue(last.getRhs()) != 1)
      return false;
    cast.getInMutable().set(last.getLhs());
    return true;
  });
}

// Offsets of heads as if each were the first.
bool headsSeeTheRowsOfTheFirst(ModuleOp module) {
  return forEach<arith::DivUIOp>(module, "dilated_attention", [](arith::DivUIOp divide) {
    if (!isa<BlockArgument>(divide.getLhs()))
      return false;
    divide.replaceAllUsesWith(indexBefore(divide, 0));
    return true;
  });
}

// Scores of whole tiles are taken for those of the diagonal, of which the upper triangle is not computed.
bool trianglesOnFullProducts(ModuleOp module) {
  return forEach<tile::DotOp>(module, "dilated_attention", [](tile::DotOp dot) {
    if (dot.getTriangle() != tile::Triangle::Full || !dot.getTransposeB() ||
        shapeOf(dot)[0] != shapeOf(dot)[1])
      return false;
    dot.setTriangle(tile::Triangle::LowerResult);
    return true;
  });
}

// Pairs that several patterns show count once.
bool coveredPairsCountOnce(ModuleOp module, StringRef kernels) {
  return forEach<math::FmaOp>(module, kernels, [](math::FmaOp fma) {
    if (fma.getA() != fma.getC())
      return false;
    fma.replaceAllUsesWith(fma.getA());
    return true;
  });
}

bool coveredPairsCountOnceInSums(ModuleOp module) {
  return coveredPairsCountOnce(module, "dilated_attention");
}

bool coveredPairsCountOnceInGradients(ModuleOp module) {
  return coveredPairsCountOnce(module, "attention_grad");
}

// A covered pattern leaves out one key too many: the last before those that the covering pattern shows.
bool coveredKeysBeginEarly(ModuleOp module) {
  return forEach<scf::ForOp>(module, "dilated_attention", [](scf::ForOp loop) {
    // min(max(ceil(...), first), end) is the first covered row.
    auto end = loop.getUpperBound().getDefiningOp<arith::MinSIOp>();
    if (loop.getRegionIterArgs().empty() || !end || !end.getLhs().getDefiningOp<arith::MaxSIOp>())
      return false;
    OpBuilder builder(loop);
    Value early = arith::SubIOp::create(builder, loop.getLoc(), end, indexBefore(loop, 1));
    end.getResult().replaceUsesWithIf(early,
                                      [&](OpOperand &use) { return loop->isAncestor(use.getOwner()); });
    return true;
  });
}

// ---- caches
// -------------------------------------------------------------------------------------------------

// Row 0 of a cache is passed over.
bool cachesBeginAtRowOne(ModuleOp module) {
  return forEach<scf::ForOp>(module, "dilated_attention", [](scf::ForOp loop) {
    if (loop.getRegionIterArgs().empty() || getConstantIntValue(loop.getLowerBound()) != 0)
      return false;
    loop.setLowerBound(indexBefore(loop, 1));
    return true;
  });
}

// Rows are kept from one later on than the first of the open segment.
bool firstRowsAreNotKept(ModuleOp module) {
  return forEach<scf::ForOp>(module, "append_cache", [](scf::ForOp loop) {
    if (getConstantIntValue(loop.getLowerBound()) == 0)
      return false; // copies the cache
    OpBuilder builder(loop);
    loop.setLowerBound(
        arith::AddIOp::create(builder, loop.getLoc(), loop.getLowerBound(), indexBefore(loop, 1)));
    return true;
  });
}

// ---- backward
// -----------------------------------------------------------------------------------------------

// ds = p (d_o . v), without the part that keeps the sum of the weights.
bool deltaIsLeftOut(ModuleOp module) {
  return forEach<arith::SubFOp>(module, "attention_grad", [](arith::SubFOp subtract) {
    bool isFactor =
        llvm::any_of(subtract->getUsers(), [](Operation *user) { return isa<arith::MulFOp>(user); });
    if (!isFactor || !subtract.getRhs().getDefiningOp<tile::BroadcastOp>())
      return false;
    subtract.replaceAllUsesWith(subtract.getLhs());
    return true;
  });
}

// A pattern's gradient overwrites that of the patterns before it.
bool gradientsOverwriteThoseBefore(ModuleOp module) {
  return forEach<tile::LoadOp>(module, "attention_grad", [](tile::LoadOp load) {
    bool isResult =
        llvm::any_of(load.getBuffer().getUsers(), [](Operation *user) { return isa<tile::StoreOp>(user); });
    if (!isResult)
      return false;
    load.replaceAllUsesWith(filled(load, load.getType(), 0));
    return true;
  });
}

// Weights are e^s, as if the softmax had no denominator.
bool weightsAreNotNormalised(ModuleOp module) {
  return forEach<math::ExpOp>(module, "attention_grad", [](math::ExpOp exp) {
    auto relative = exp.getOperand().getDefiningOp<arith::SubFOp>();
    if (!relative)
      return false;
    exp.getOperandMutable().set(relative.getLhs());
    return true;
  });
}

using Check = AttentionFault::Check;

constexpr AttentionFault kFaults[] = {
    {"SumsAreNotRescaled", Check::Forward, sumsAreNotRescaled},
    {"PatternsForgetThoseBefore", Check::Forward, patternsForgetThoseBefore},
    {"MasksExcludeTheDiagonal", Check::Forward, masksExcludeTheDiagonal},
    {"SegmentsEndOneRowLate", Check::Forward, segmentsEndOneRowLate},
    {"HeadsSeeTheRowsOfTheFirst", Check::Forward, headsSeeTheRowsOfTheFirst},
    {"TrianglesOnFullProducts", Check::Forward, trianglesOnFullProducts},
    {"CoveredPairsCountOnceInSums", Check::Forward, coveredPairsCountOnceInSums},
    {"CoveredKeysBeginEarly", Check::Forward, coveredKeysBeginEarly},
    {"CachesBeginAtRowOne", Check::Forward, cachesBeginAtRowOne},
    {"FirstRowsAreNotKept", Check::AppendedRows, firstRowsAreNotKept},
    {"DeltaIsLeftOut", Check::Gradients, deltaIsLeftOut},
    {"GradientsOverwriteThoseBefore", Check::Gradients, gradientsOverwriteThoseBefore},
    {"WeightsAreNotNormalised", Check::Gradients, weightsAreNotNormalised},
    {"CoveredPairsCountOnceInGradients", Check::Gradients, coveredPairsCountOnceInGradients},
};

} // namespace

llvm::ArrayRef<AttentionFault> attentionFaults() { return kFaults; }

} // namespace rondo::test
