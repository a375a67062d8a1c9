// One op and its derivative as two functions that the evaluator can run.
#include "test/evaluator/OpGradient.h"

#include <cmath>

using namespace mlir;
using namespace rondo;
using namespace rondo::reference;

static RankedTensorType tensorType(Type type) { return cast<RankedTensorType>(type); }

OpGradient::OpGradient(OpUnderTest test)
    : module(std::move(test.module)), constants(std::move(test.constants)) {
  addGradient();
}

bool OpGradient::varies(unsigned argument) {
  return tensorType(forward().getArgumentTypes()[argument]).getElementType().isF32() &&
         !constants.count(argument);
}

void OpGradient::addGradient() {
  auto copy = cast<func::FuncOp>(forward()->clone());
  copy.setName("gradient");
  module->push_back(copy);
  Operation *end = copy.getBody().front().getTerminator();
  auto op = *copy.getOps<DerivativeOpInterface>().begin();
  SmallVector<Value> cotangents;
  for (Value result : op->getResults())
    cotangents.push_back(llvm::is_contained(end->getOperands(), result)
                             ? copy.getBody().front().addArgument(result.getType(), op.getLoc())
                             : Value());
  BitVector wanted(op->getNumOperands());
  for (auto [index, operand] : llvm::enumerate(op->getOperands()))
    if (auto argument = dyn_cast<BlockArgument>(operand))
      wanted[index] = varies(argument.getArgNumber());
  OpBuilder builder(end);
  SmallVector<Value> gradients;
  for (auto [operand, gradient] :
       llvm::zip_equal(op->getOperands(), op.buildDerivative(builder, cotangents, wanted)))
    if (gradient) {
      gradients.push_back(gradient);
      differentiated.push_back(cast<BlockArgument>(operand).getArgNumber());
    }
  end->setOperands(gradients);
  copy.setType(builder.getFunctionType(copy.getBody().getArgumentTypes(), ValueRange(gradients).getTypes()));
}

double OpGradient::valueAt(const std::vector<Tensor> &arguments, const std::vector<Tensor> &cotangents) {
  double sum = 0;
  for (auto [result, cotangent] : llvm::zip_equal(Evaluator().run(forward(), arguments), cotangents))
    sum += innerProduct(result, cotangent);
  return sum;
}

// torchscale's parallel row scale depends on q and k, but counts as a constant. So the differences are those
// of retention without it, and the factors at the point go into the cotangents.
std::vector<Tensor> OpGradient::frozenRowScale(const std::vector<Tensor> &arguments,
                                               std::vector<Tensor> cotangents) {
  auto op = dyn_cast<RetentionOp>((*forward().getOps<DerivativeOpInterface>().begin()).getOperation());
  if (!op || op.getRowScale() != RowScale::TorchscaleParallel)
    return cotangents;
  std::vector<Tensor> scaled = Evaluator().run(forward(), arguments);
  op.setRowScale(RowScale::None);
  std::vector<Tensor> plain = Evaluator().run(forward(), arguments);
  for (size_t i = 0; i < plain[0].data.size(); ++i)
    cotangents[0].data[i] *= scaled[0].data[i] / plain[0].data[i];
  return cotangents;
}

GradientScore OpGradient::check(Random &random, const std::vector<Tensor> &arguments, int directions) {
  std::vector<Tensor> cotangents;
  for (Type type : forward().getResultTypes())
    cotangents.push_back(randomTensor(random, tensorType(type).getShape().vec()));
  std::vector<Tensor> all = arguments;
  llvm::append_range(all, cotangents);
  std::vector<Tensor> gradients = Evaluator().run(gradient(), all);
  cotangents = frozenRowScale(arguments, cotangents);
  GradientScore score;
  for (int i = 0; i < directions; ++i) {
    std::vector<Tensor> direction;
    for (auto [index, argument] : llvm::enumerate(arguments))
      direction.push_back(varies(index) ? randomTensor(random, argument.shape) : Tensor(argument.shape));
    double slope = 0;
    for (auto [index, gradient] : llvm::zip_equal(differentiated, gradients))
      slope += innerProduct(gradient, direction[index]);
    auto value = [&](double t) {
      std::vector<Tensor> moved;
      for (auto [argument, step] : llvm::zip_equal(arguments, direction))
        moved.push_back(along(argument, t, step));
      return valueAt(moved, cotangents);
    };
    score.add(derivativeAtZero(value), slope);
  }
  return score;
}

namespace {

struct RetentionMaker {
  RetentionMaker(MLIRContext *context, Random &random)
      : random(random), module(ModuleOp::create(UnknownLoc::get(context))), builder(context) {
    builder.setInsertionPointToEnd(module->getBody());
    function = func::FuncOp::create(builder, module->getLoc(), "forward", builder.getFunctionType({}, {}));
    builder.setInsertionPointToStart(function.addEntryBlock());
  }

  Value argument(std::vector<int64_t> shape, Type element) {
    return function.getBody().front().addArgument(RankedTensorType::get(shape, element), module->getLoc());
  }
  Value floats(std::vector<int64_t> shape) { return argument(std::move(shape), builder.getF32Type()); }
  int64_t headsOrOne(int64_t heads) {
    return chance(random, 0.7) ? heads : heads % 2 == 0 && chance(random, 0.5) ? heads / 2 : 1;
  }

  OpUnderTest make();

  Random &random;
  OwningOpRef<ModuleOp> module;
  OpBuilder builder;
  func::FuncOp function;
};

OpUnderTest RetentionMaker::make() {
  int64_t batch = pick(random, 1, 2), time = pick(random, 1, 9), heads = pick(random, 1, 4);
  int64_t keyWidth = pick(random, 1, 4), valueWidth = pick(random, 1, 4);
  auto scale = static_cast<RowScale>(chance(random, 0.3) ? pick(random, 1, 2) : 0);
  bool plain = scale != RowScale::None, byScores = scale == RowScale::TorchscaleParallel;
  bool adjoint = !plain && chance(random, 0.5), transposed = !plain && chance(random, 0.5);
  std::vector<int64_t> state{batch, heads, keyWidth, valueWidth};
  if (transposed)
    std::swap(state[2], state[3]);
  // One of the three has all heads.
  int64_t shared[] = {headsOrOne(heads), headsOrOne(heads), headsOrOne(heads)};
  shared[pick(random, 0, 2)] = heads;
  Value q = floats({batch, time, shared[0], keyWidth}), k = floats({batch, time, shared[1], keyWidth});
  Value v = floats({batch, time, shared[2], valueWidth}), logDecay, initial, reset, length, initialScale;
  if (!plain && chance(random, 0.5))
    logDecay = floats({batch, time, heads});
  if (!byScores && chance(random, 0.6))
    initial = floats(state);
  if (!plain && chance(random, 0.4))
    reset = argument({batch, time}, builder.getI8Type());
  if (!byScores && chance(random, 0.4))
    length = argument({batch}, builder.getI32Type());
  OpUnderTest test;
  if (scale == RowScale::TorchscaleRecurrent && chance(random, 0.5)) {
    test.constants.insert(function.getBody().front().getNumArguments());
    initialScale = floats({batch, heads});
  }
  SmallVector<double> decay;
  for (int64_t h = 0; h < heads; ++h) // 0 and 1 are decays too.
    decay.push_back(chance(random, 0.2) ? static_cast<double>(pick(random, 0, 1))
                                        : static_cast<double>(pick(random, 1, 99)) / 100);
  MLIRContext *context = builder.getContext();
  auto op = RetentionOp::create(
      builder, module->getLoc(), q, k, v, logDecay, initial, reset, length, initialScale,
      logDecay ? DenseF64ArrayAttr() : builder.getDenseF64ArrayAttr(decay),
      DirectionAttr::get(context, adjoint ? Direction::Adjoint : Direction::Forward),
      transposed ? builder.getUnitAttr() : UnitAttr(), RowScaleAttr::get(context, scale), ScheduleAttr());
  SmallVector<Value> results{op.getO(), op.getFinalState()};
  if (int64_t only = pick(random, 0, 5); only < 2) // sometimes one of the two alone matters
    results = {results[only]};
  func::ReturnOp::create(builder, module->getLoc(), results);
  function.setType(
      builder.getFunctionType(function.getBody().getArgumentTypes(), ValueRange(results).getTypes()));
  test.module = std::move(module);
  return test;
}

} // namespace

OpUnderTest rondo::reference::makeRandomRetention(MLIRContext *context, Random &random) {
  return RetentionMaker(context, random).make();
}

std::vector<Tensor> rondo::reference::randomArguments(func::FuncOp function, Random &random,
                                                      int64_t leastIndex) {
  std::vector<Tensor> arguments;
  int64_t time = tensorType(function.getArgumentTypes()[0]).getDimSize(1);
  for (Type type : function.getArgumentTypes()) {
    Tensor tensor = randomTensor(random, tensorType(type).getShape().vec());
    Type element = tensorType(type).getElementType();
    for (double &value : tensor.data) {
      if (element.isInteger(8))
        value = chance(random, 0.3);
      else if (!element.isF32())
        value = static_cast<double>(tensor.shape.size() == 1 ? pick(random, 0, time)
                                                             : pick(random, leastIndex, 2));
      else if (tensor.shape.size() == 3 && isa<RetentionOp>(function.getBody().front().front()))
        value = -2 / (1 + std::exp(value));
      else if (tensor.shape.size() == 2) // an initial row scale is a sum of powers
        value = std::abs(value);
    }
    arguments.push_back(std::move(tensor));
  }
  return arguments;
}
