// Operands of products in bf16: rounded once per tile, before register tiles read them.
#include "codegen/cpu/RoundOperands.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace rondo::codegen {
namespace {

class OperandRounding {
public:
  explicit OperandRounding(tile::KernelOp kernel) : kernel(kernel), builder(kernel.getContext()) {}

  void run() {
    SmallVector<tile::DotOp> dots;
    kernel.walk([&](tile::DotOp dot) {
      if (dot.getPrecision() == tile::Precision::BF16)
        dots.push_back(dot);
    });
    for (tile::DotOp dot : dots) {
      dot.getAMutable().assign(roundedOperand(dot.getA()));
      dot.getBMutable().assign(roundedOperand(dot.getB()));
      dot.setPrecision(tile::Precision::F32);
    }
    for (tile::StageOp stage : replacedStages)
      if (stage->use_empty())
        stage.erase();
  }

private:
  // The copy that a stage makes holds rounded values.
  Value roundedOperand(Value operand) {
    auto stage = operand.getDefiningOp<tile::StageOp>();
    if (!stage)
      return rounded(operand);
    Value source = rounded(stage.getSource());
    if (source == stage.getSource())
      return operand;
    Value &copy = known[operand];
    if (!copy) {
      builder.setInsertionPointAfter(stage);
      auto *clone = builder.clone(*stage);
      clone->setOperand(0, source);
      copy = clone->getResult(0);
      replacedStages.push_back(stage);
    }
    return copy;
  }

  Value rounded(Value tile) {
    auto wide = tile.getDefiningOp<arith::ExtFOp>();
    if (wide && cast<RankedTensorType>(wide.getIn().getType()).getElementType().isBF16())
      return tile;
    Value &result = known[tile];
    if (!result) {
      builder.setInsertionPointAfterValue(tile);
      auto type = cast<RankedTensorType>(tile.getType());
      Value narrow = arith::TruncFOp::create(builder, tile.getLoc(), type.clone(builder.getBF16Type()), tile);
      result = arith::ExtFOp::create(builder, tile.getLoc(), type, narrow);
    }
    return result;
  }

  tile::KernelOp kernel;
  OpBuilder builder;
  DenseMap<Value, Value> known; // what tiles became
  SmallVector<tile::StageOp> replacedStages;
};

} // namespace

void roundOperands(tile::KernelOp kernel) { OperandRounding(kernel).run(); }

} // namespace rondo::codegen
