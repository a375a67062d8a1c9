// Turns the gradients of training entries into optimiser steps.
#include "passes/differentiate/Passes.h"

#include "dialects/rondo/BackwardOps.h"
#include "dialects/rondo/Rondo.h"
#include "passes/differentiate/EntrySignature.h"

using namespace mlir;
using namespace rondo;

namespace rondo {
#define GEN_PASS_DEF_INSERTOPTIMIZER
#include "passes/differentiate/InsertOptimizer.h.inc"
} // namespace rondo

static constexpr StringRef kGradient = "grad.", kLossWeight = "accumulated.loss_weight";

namespace {

// A parameter of the step and its gradient.
struct Trained {
  WeightOp weight;
  Value gradient; // null where it still has to be read
};

// The module's optimiser states, declared on first use.
class OptimizerStates {
public:
  explicit OptimizerStates(ModuleOp module) : module(module), symbols(module) {}

  // `prefix` + the parameter's name.
  StringRef of(WeightOp weight, StringRef prefix, OptimizerRole role) {
    return declare((prefix + weight.getSymName()).str(), role,
                   FlatSymbolRefAttr::get(module.getContext(), weight.getSymName()), weight.getType(),
                   weight);
  }
  StringRef lossWeight() {
    auto scalar = RankedTensorType::get({}, Float32Type::get(module.getContext()));
    return declare(kLossWeight.str(), OptimizerRole::LossWeight, {}, scalar, nullptr);
  }

private:
  StringRef declare(const std::string &name, OptimizerRole role, FlatSymbolRefAttr weight, Type type,
                    Operation *after) {
    if (auto state = symbols.lookup<OptimizerStateOp>(name))
      return state.getSymName();
    OpBuilder builder(module.getContext());
    if (after)
      builder.setInsertionPointAfter(after);
    else
      builder.setInsertionPointToStart(module.getBody());
    auto state = OptimizerStateOp::create(
        builder, after ? after->getLoc() : module.getLoc(), builder.getStringAttr(name),
        OptimizerRoleAttr::get(builder.getContext(), role), weight, TypeAttr::get(type));
    symbols.insert(state);
    return state.getSymName();
  }

  ModuleOp module;
  SymbolTable symbols;
};

class OptimizerInsertion {
public:
  OptimizerInsertion(func::FuncOp entry, SymbolTable &symbols, OptimizerStates &states)
      : entry(entry), symbols(symbols), states(states), signature(entry),
        builder(entry.getBody().front().getTerminator(), &marker) {}

  // The parameters whose gradients the entry point puts out.
  SmallVector<Trained> trained() {
    SmallVector<Trained> list;
    for (const EntrySignature::Output &output : signature.outputs())
      if (StringRef name = output.name; name.consume_front(kGradient))
        list.push_back({symbols.lookup<WeightOp>(name), output.value});
    return list;
  }

  void train() {
    SmallVector<Trained> list = trained();
    Value norm = step(list, signature.input("step"), /*divisor=*/Value());
    takeGradients();
    signature.addOutput("grad_norm", norm);
    signature.finish();
  }

  void accumulate() {
    for (Trained each : trained())
      AccumulateOp::create(builder, each.gradient.getLoc(), each.gradient, accumulated(each.weight));
    AccumulateOp::create(builder, entry.getLoc(), signature.output("loss_weight_sum"), states.lossWeight());
    takeGradients();
    signature.finish();
  }

  void update(ArrayRef<WeightOp> weights) {
    SmallVector<Trained> list;
    for (WeightOp weight : weights) {
      auto gradient =
          ReadOptimizerStateOp::create(builder, weight.getLoc(), weight.getType(), accumulated(weight));
      list.push_back({weight, gradient});
    }
    auto scalar = RankedTensorType::get({}, builder.getF32Type());
    Value divisor = ReadOptimizerStateOp::create(builder, entry.getLoc(), scalar, states.lossWeight());
    Value count = signature.addInput("step", RankedTensorType::get({}, builder.getI64Type()));
    signature.addOutput("grad_norm", step(list, count, divisor));
    signature.addOutput("loss_weight_sum", divisor);
    for (Trained each : list)
      ClearOptimizerStateOp::create(builder, each.weight.getLoc(), accumulated(each.weight));
    ClearOptimizerStateOp::create(builder, entry.getLoc(), states.lossWeight());
    signature.finish();
  }

private:
  StringRef accumulated(WeightOp weight) {
    return states.of(weight, "accumulated.", OptimizerRole::Gradient);
  }
  void takeGradients() {
    signature.dropOutputs([](StringRef name) { return name.starts_with(kGradient); });
  }

  // One step of all; returns the gradient's norm.
  Value step(ArrayRef<Trained> list, Value count, Value divisor) {
    auto scalar = RankedTensorType::get({}, builder.getF32Type());
    auto rate = [&](StringRef name, double value) {
      return signature.addInput(name, scalar, Absent::Value, value);
    };
    Value learningRate = rate("learning_rate", 1e-3), weightDecay = rate("weight_decay", 0.05),
          clip = rate("clip", 1), beta1 = rate("beta1", 0.9), beta2 = rate("beta2", 0.98),
          epsilon = rate("epsilon", 1e-8);
    SmallVector<Value> sums;
    for (Trained each : list)
      sums.push_back(SquareSumOp::create(builder, each.gradient.getLoc(), each.gradient));
    auto rates = AdamRatesOp::create(builder, entry.getLoc(), count, learningRate, weightDecay, clip, beta1,
                                     beta2, epsilon, divisor, sums);
    for (Trained each : list)
      AdamWOp::create(builder, each.weight.getLoc(), each.gradient, rates.getRates(),
                      each.weight.getSymName(), states.of(each.weight, "adam.m.", OptimizerRole::FirstMoment),
                      states.of(each.weight, "adam.v.", OptimizerRole::SecondMoment),
                      each.weight.getWeightDecay());
    return rates.getNorm();
  }

  func::FuncOp entry;
  SymbolTable &symbols;
  OptimizerStates &states;
  EntrySignature signature;
  BackwardMarker marker;
  OpBuilder builder;
};

struct InsertOptimizer : rondo::impl::InsertOptimizerBase<InsertOptimizer> {
  using InsertOptimizerBase::InsertOptimizerBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    SymbolTable symbols(module);
    OptimizerStates states(module);
    auto entryOf = [&](EntryKind kind) {
      for (auto function : module.getOps<func::FuncOp>())
        if (auto entry = function->getAttrOfType<EntryAttr>("rondo.entry"); entry && entry.getKind() == kind)
          return function;
      return func::FuncOp();
    };
    SmallVector<WeightOp> weights;
    for (auto weight : module.getOps<WeightOp>())
      if (weight.getGroup() != ParameterGroup::Frozen)
        weights.push_back(weight);
    if (func::FuncOp accumulate = entryOf(EntryKind::Accumulate)) {
      OptimizerInsertion insertion(accumulate, symbols, states);
      weights = llvm::map_to_vector(insertion.trained(), [](const Trained &each) { return each.weight; });
      insertion.accumulate();
    }
    if (func::FuncOp update = entryOf(EntryKind::Update))
      OptimizerInsertion(update, symbols, states).update(weights);
    if (func::FuncOp train = entryOf(EntryKind::Train))
      OptimizerInsertion(train, symbols, states).train();
  }
};

} // namespace
