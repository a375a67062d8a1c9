// The pieces of the graph that layers share.
#include "frontends/spec/layers/GraphEmitter.h"

using namespace mlir;
using namespace rondo;

static RankedTensorType weightType(MLIRContext *context, ArrayRef<int64_t> dims) {
  return RankedTensorType::get(dims, Float32Type::get(context));
}

Value GraphEmitter::getWeight(StringRef name, ArrayRef<int64_t> dims, Location loc) {
  return GetWeightOp::create(opBuilder, loc, weightType(opBuilder.getContext(), dims), name);
}

Value GraphEmitter::sharedPositions(Location loc) {
  if (!positions) {
    MLIRContext *context = opBuilder.getContext();
    Type next = RankedTensorType::get({ShapedType::kDynamic}, IntegerType::get(context, 64));
    positions =
        PositionsOp::create(opBuilder, loc, type({Shape::Kind::Positions, {}, 0}), next, body.getArgument(0),
                            /*start=*/Value(), /*reset=*/Value(), /*length=*/Value())
            .getP();
  }
  return positions;
}

std::pair<Value, Value> GraphEmitter::rotaryTable(Value at, ArrayRef<double> theta, Pairs pairs,
                                                  Location loc) {
  for (RotaryTableOp table : tables)
    if (table.getPositions() == at && table.getPairs() == pairs && table.getTheta() == theta)
      return {table.getCos(), table.getSin()};
  RankedTensorType lanes = type(Shape::numbers({static_cast<int64_t>(2 * theta.size())}));
  tables.push_back(RotaryTableOp::create(opBuilder, loc, lanes, lanes, at, theta, pairs));
  return {tables.back().getCos(), tables.back().getSin()};
}

Value GraphEmitter::reshape(Value x, const Shape &shape, Location loc) {
  if (x.getType() == type(shape))
    return x;
  IntegerAttr heads = shape.dims.size() == 2 ? opBuilder.getI64IntegerAttr(shape.dims[0]) : IntegerAttr();
  return ReshapeOp::create(opBuilder, loc, type(shape), x, heads);
}

Value GraphEmitter::scale(Value x, double factor, Location loc) {
  return factor == 1
             ? x
             : Value(ScaleOp::create(opBuilder, loc, x.getType(), x, opBuilder.getF64FloatAttr(factor)));
}

Value GraphEmitter::dropout(Value x, double rate, Location loc) {
  if (streams == DropoutOp::kStreams)
    return {};
  return DropoutOp::create(opBuilder, loc, x.getType(), x, /*stream=*/Value(),
                           opBuilder.getF64FloatAttr(rate), opBuilder.getI64IntegerAttr(streams++));
}

void GraphEmitter::declareWeights(OpBuilder &builder, const WeightTable &weights) {
  MLIRContext *context = builder.getContext();
  for (const auto &[name, entry] : weights.entries()) {
    Initial initial = entry.initial();
    SmallVector<StringRef> aliases(entry.weight.aliases.begin(), entry.weight.aliases.end());
    WeightOp::create(builder, entry.weight.loc, builder.getStringAttr(name),
                     TypeAttr::get(weightType(context, entry.weight.dims)),
                     InitAttr::get(context, initial.kind, builder.getF64FloatAttr(initial.value)),
                     ParameterGroupAttr::get(context, entry.weight.parameterGroup()),
                     entry.weight.decays() ? builder.getUnitAttr() : UnitAttr(),
                     aliases.empty() ? ArrayAttr() : builder.getStrArrayAttr(aliases), LayoutAttr());
  }
}
