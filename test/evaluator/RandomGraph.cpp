// Random models of the typed graph, for property tests.
#include "test/evaluator/RandomGraph.h"

#include "mlir/Pass/PassManager.h"
#include "passes/derive/Passes.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace rondo;
using namespace rondo::reference;

Tensor rondo::reference::randomTensor(Random &random, std::vector<int64_t> shape, double scale) {
  Tensor tensor(std::move(shape));
  std::normal_distribution<double> normal(0, scale);
  for (double &value : tensor.data)
    value = normal(random);
  return tensor;
}

double rondo::reference::relativeDifference(const Tensor &a, const Tensor &b) {
  if (a.shape != b.shape)
    return std::numeric_limits<double>::infinity();
  double largest = 1, difference = 0;
  for (auto [x, y] : llvm::zip_equal(a.data, b.data)) {
    largest = std::max(largest, std::abs(x));
    // Written so that NaN on either side counts as a difference.
    if (!(std::abs(x - y) <= difference))
      difference = std::isnan(x - y) ? std::numeric_limits<double>::infinity() : std::abs(x - y);
  }
  return difference / largest;
}

namespace {

class GraphMaker {
public:
  GraphMaker(MLIRContext *context, Random &random, RandomGraphOptions options)
      : random(random), options(options), module(ModuleOp::create(UnknownLoc::get(context))),
        builder(context) {}

  RandomGraph make();

private:
  Location loc() { return module->getLoc(); }
  Value weight(std::vector<int64_t> shape, double scale);
  Value linear(Value x, int64_t outputs);
  Value biased(Value x);
  Value norm(Value x, bool mayHaveWeight) { return norm(x, mayHaveWeight, options.training ? 0.01 : 1e-6); }
  Value norm(Value x, bool mayHaveWeight, double eps);
  Value withHeads(Value x, int64_t heads) {
    return ReshapeOp::create(builder, loc(), x, heads ? builder.getI64IntegerAttr(heads) : IntegerAttr());
  }
  Value rotated(Value x, ValueRange table, Pairs pairs);
  Value dropped(Value x);
  Value retention(Value x, int64_t width, StringRef layer);
  Value attention(Value x, int64_t width, StringRef layer);
  Value feedForward(Value x, int64_t width);
  int64_t widthOf(Value x) { return cast<RankedTensorType>(x.getType()).getShape().back(); }

  Random &random;
  RandomGraphOptions options;
  OwningOpRef<ModuleOp> module;
  OpBuilder builder;
  std::map<std::string, Tensor> weights;
  Value tokens, reset;
  int64_t streams = 0;
};

Value GraphMaker::weight(std::vector<int64_t> shape, double scale) {
  std::string name = "w" + std::to_string(weights.size());
  auto type = RankedTensorType::get(shape, builder.getF32Type());
  bool isFrozen = options.training && chance(random, 0.1);
  OpBuilder top = OpBuilder::atBlockBegin(module->getBody());
  WeightOp::create(top, loc(), name, type,
                   InitAttr::get(top.getContext(), InitKind::Normal, top.getF64FloatAttr(scale)),
                   isFrozen ? ParameterGroup::Frozen : ParameterGroup::Trainable,
                   options.training && chance(random, 0.5), ArrayAttr(), LayoutAttr());
  weights[name] = randomTensor(random, shape, scale);
  return GetWeightOp::create(builder, loc(), type, name);
}

Value GraphMaker::linear(Value x, int64_t outputs) {
  auto type = cast<RankedTensorType>(x.getType());
  int64_t depth = type.getRank() == 4 ? type.getDimSize(2) * type.getDimSize(3) : widthOf(x);
  return LinearOp::create(builder, loc(), x,
                          weight({outputs, depth}, 1 / std::sqrt(static_cast<double>(depth))));
}

// With a bias, now and then.
Value GraphMaker::biased(Value x) {
  return chance(random, 0.3) ? Value(AddBiasOp::create(builder, loc(), x, weight({widthOf(x)}, 1))) : x;
}

Value GraphMaker::norm(Value x, bool mayHaveWeight, double eps) {
  Value scale = mayHaveWeight && chance(random, 0.7) ? weight({widthOf(x)}, 1) : Value();
  if (mayHaveWeight && chance(random, 0.3))
    return biased(LayerNormOp::create(builder, loc(), x, scale, builder.getF64FloatAttr(eps)));
  return RmsNormOp::create(builder, loc(), x, scale, builder.getF64FloatAttr(eps));
}

Value GraphMaker::rotated(Value x, ValueRange table, Pairs pairs) {
  return RotateOp::create(builder, loc(), x, table[0], table[1], pairs);
}

// Dropout, now and then.
Value GraphMaker::dropped(Value x) {
  if (!options.dropout || !chance(random, 0.3))
    return x;
  return DropoutOp::create(builder, loc(), x, Value(),
                           builder.getF64FloatAttr(static_cast<double>(pick(random, 1, 9)) / 10),
                           builder.getI64IntegerAttr(streams++));
}

Value GraphMaker::retention(Value x, int64_t width, StringRef layer) {
  int64_t heads = pick(random, 1, 4), keyWidth = 2 * pick(random, 1, 3), valueWidth = pick(random, 1, 5);
  int64_t keyHeads = chance(random, 0.3) ? 1 : heads;
  bool gated = chance(random, 0.3), restarts = chance(random, 0.3);
  bool scaled = !gated && !restarts && options.rowScale != RowScale::None && chance(random, 0.3);
  Value n = norm(x, true);
  Value q = withHeads(biased(linear(n, heads * keyWidth)), heads),
        k = withHeads(biased(linear(n, keyHeads * keyWidth)), keyHeads);
  Value v = withHeads(linear(n, heads * valueWidth), heads);
  if (chance(random, 0.6)) {
    auto positions =
        PositionsOp::create(builder, loc(), tokens, Value(), restarts ? reset : Value(), Value());
    SmallVector<double> theta;
    for (int64_t i = 0; i < keyWidth / 2; ++i)
      theta.push_back(std::pow(10.0, -static_cast<double>(i)));
    Pairs pairs = chance(random, 0.5) ? Pairs::Interleaved : Pairs::Halves;
    auto table = RotaryTableOp::create(builder, loc(), positions.getP(), theta, pairs);
    q = rotated(q, table->getResults(), pairs);
    k = rotated(k, table->getResults(), pairs);
  }
  SmallVector<double> decay;
  for (int64_t h = 0; h < heads; ++h) // 0 and 1 are decays too.
    decay.push_back(chance(random, 0.2) ? static_cast<double>(pick(random, 0, 1))
                                        : static_cast<double>(pick(random, 1, 99)) / 100);
  Value logDecay;
  if (gated)
    logDecay = ScaleOp::create(builder, loc(),
                               ActivationOp::create(builder, loc(), Activation::Sigmoid, linear(n, heads)),
                               builder.getF64FloatAttr(-2));
  MLIRContext *context = builder.getContext();
  auto op = RetentionOp::create(
      builder, loc(), q, k, v, logDecay, Value(), restarts ? reset : Value(), Value(), Value(),
      gated ? DenseF64ArrayAttr() : builder.getDenseF64ArrayAttr(decay),
      DirectionAttr::get(context, Direction::Forward), UnitAttr(),
      RowScaleAttr::get(context, scaled ? options.rowScale : RowScale::None), ScheduleAttr());
  op->setAttr("rondo.layer", builder.getStringAttr(layer));
  // torchscale's parallel factor counts as a constant to the derivative: so it is, without an epsilon.
  bool factorCancels = scaled && options.rowScale == RowScale::TorchscaleParallel;
  Value o = factorCancels ? norm(op.getO(), false, 0) : norm(op.getO(), false);
  if (chance(random, 0.7)) {
    Value gate = ActivationOp::create(builder, loc(), Activation::Silu, linear(n, heads * valueWidth));
    o = MulOp::create(builder, loc(), o, withHeads(gate, heads));
  }
  return AddOp::create(builder, loc(), x, dropped(linear(chance(random, 0.5) ? o : withHeads(o, 0), width)));
}

// Segments of a few tokens, so that stretches end within and at the ends of them.
Value GraphMaker::attention(Value x, int64_t width, StringRef layer) {
  int64_t heads = pick(random, 1, 4), keyHeads = chance(random, 0.3) ? 1 : heads;
  int64_t keyWidth = pick(random, 1, 4), valueWidth = pick(random, 1, 4);
  Value n = norm(x, true);
  Value q = withHeads(linear(n, heads * keyWidth), heads),
        k = withHeads(linear(n, keyHeads * keyWidth), keyHeads);
  Value v = withHeads(linear(n, keyHeads * valueWidth), keyHeads);
  auto positions =
      PositionsOp::create(builder, loc(), tokens, Value(), chance(random, 0.4) ? reset : Value(), Value());
  SmallVector<int64_t> segments, ratios;
  for (int64_t pattern = pick(random, 1, 3); pattern > 0; --pattern) {
    segments.push_back(pick(random, 1, 7));
    ratios.push_back(pick(random, 1, segments.back()));
  }
  SmallVector<double> decay;
  for (int64_t lane = 0; lane < keyWidth; ++lane)
    decay.push_back(-static_cast<double>(pick(random, 0, 9)) / 10);
  auto offsets = chance(random, 0.5) ? HeadOffsets::Blocks : HeadOffsets::Modulo;
  auto op = DilatedAttentionOp::create(
      builder, loc(), q, k, v, positions.getP(), Value(), Value(), ValueRange(),
      DilationAttr::get(builder.getContext(), segments, ratios, offsets), builder.getF64FloatAttr(0.7),
      chance(random, 0.3) ? builder.getDenseF64ArrayAttr(decay) : DenseF64ArrayAttr(), UnitAttr(),
      UnitAttr());
  op->setAttr("rondo.layer", builder.getStringAttr(layer));
  return AddOp::create(builder, loc(), x, dropped(linear(withHeads(op.getO(), 0), width)));
}

Value GraphMaker::feedForward(Value x, int64_t width) {
  Value n = norm(x, true), inner = biased(linear(n, pick(random, 2, 8)));
  inner = ActivationOp::create(builder, loc(), static_cast<Activation>(pick(random, 0, 4)), inner);
  return AddOp::create(builder, loc(), x, dropped(linear(dropped(inner), width)));
}

RandomGraph GraphMaker::make() {
  int64_t vocabulary = pick(random, 3, 11), width = pick(random, 2, 8), layers = pick(random, 1, 3);
  SmallVector<int64_t> sequence{ShapedType::kDynamic, ShapedType::kDynamic};
  auto tokensType = RankedTensorType::get(sequence, builder.getI32Type());
  auto resetType = RankedTensorType::get(sequence, builder.getI8Type());
  builder.setInsertionPointToEnd(module->getBody());
  auto graph =
      func::FuncOp::create(builder, loc(), "model", builder.getFunctionType({tokensType, resetType}, {}));
  graph->setAttr("rondo.graph", builder.getUnitAttr());
  auto input = [&](unsigned index, StringRef name, Absent absent, int64_t maximum) {
    graph.setArgAttr(index, "rondo.input", InputAttr::get(builder.getContext(), name, absent, 0, maximum));
  };
  input(0, "tokens", Absent::Required, vocabulary);
  input(1, "reset", Absent::Zeros, 1);
  builder.setInsertionPointToStart(graph.addEntryBlock());
  tokens = graph.getArgument(0);
  reset = graph.getArgument(1);

  Value table = weight({vocabulary + (options.training ? 0 : 1), width}, 1);
  if (!options.training)
    std::fill_n(weights["w0"].data.end() - width, width, std::numeric_limits<double>::quiet_NaN());
  Value x = EmbeddingOp::create(builder, loc(), tokens, table);
  for (int64_t layer = 0; layer < layers; ++layer) {
    x = retention(x, width, "layers." + std::to_string(layer));
    if (chance(random, 0.4))
      x = attention(x, width, "attention." + std::to_string(layer));
    if (chance(random, 0.5))
      x = feedForward(x, width);
  }
  Value normed = norm(x, true), logits;
  if (options.training && chance(random, 0.4))
    logits =
        LinearOp::create(builder, loc(), normed, GetWeightOp::create(builder, loc(), table.getType(), "w0"));
  else
    logits = linear(normed, vocabulary);
  func::ReturnOp::create(builder, loc(), logits);
  graph.setType(builder.getFunctionType({tokensType, resetType}, logits.getType()));
  graph.setResultAttr(0, "rondo.output", builder.getStringAttr("logits"));
  return {std::move(module), std::move(weights), vocabulary};
}

} // namespace

RandomGraph rondo::reference::makeRandomGraph(MLIRContext *context, Random &random,
                                              RandomGraphOptions options) {
  return GraphMaker(context, random, options).make();
}

OwningOpRef<ModuleOp> rondo::reference::derive(ModuleOp graph, const std::string &entries) {
  OwningOpRef<ModuleOp> module = graph.clone();
  PassManager manager(graph.getContext());
  manager.addPass(createDeriveEntries(DeriveEntriesOptions{entries}));
  if (failed(manager.run(*module)))
    return {};
  return module;
}

std::map<std::string, Tensor> rondo::reference::runEntry(Evaluator &evaluator, ModuleOp module,
                                                         StringRef name,
                                                         const std::map<std::string, Tensor> &inputs) {
  auto function = module.lookupSymbol<func::FuncOp>(name);
  std::vector<Tensor> arguments;
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    arguments.push_back(inputs.at(function.getArgAttrOfType<InputAttr>(i, "rondo.input").getName().str()));
  std::map<std::string, Tensor> outputs;
  for (auto [i, tensor] : llvm::enumerate(evaluator.run(function, arguments)))
    outputs[function.getResultAttrOfType<StringAttr>(i, "rondo.output").str()] = tensor;
  return outputs;
}
