// A random model with training entries, random inputs for them, and the checks of its gradients.
#include "test/evaluator/TrainingModel.h"

#include "mlir/Pass/PassManager.h"
#include "passes/differentiate/Passes.h"

#include <cmath>

using namespace mlir;
using namespace rondo;
using namespace rondo::reference;

static DialectRegistry makeRegistry() {
  DialectRegistry registry;
  registerReferences(registry);
  return registry;
}

TrainingModel::TrainingModel(unsigned seed, RowScale rowScale, bool dropout)
    : random(seed), context(makeRegistry()) {
  context.loadAllAvailableDialects();
  graph = makeRandomGraph(&context, random, {.training = true, .rowScale = rowScale, .dropout = dropout});
  int64_t batch = pick(random, 1, 3);
  sizes = {batch, pick(random, 2, 9), batch + pick(random, 0, 2)};
}

OwningOpRef<ModuleOp> TrainingModel::makeEntries(const std::string &entries) {
  OwningOpRef<ModuleOp> module = derive(*graph.module, entries);
  PassManager manager(&context);
  manager.addPass(createDifferentiate());
  manager.addPass(createInsertOptimizer());
  if (!module || failed(manager.run(*module)))
    return {};
  return module;
}

Tensor TrainingModel::randomInput(StringRef name, RankedTensorType type) {
  Tensor tensor = randomTensor(random, type.getShape().vec());
  auto fill = [&](auto value) {
    for (double &element : tensor.data)
      element = static_cast<double>(value());
    return tensor;
  };
  if (name == "tokens")
    return fill([&] { return pick(random, 0, graph.vocabulary - 1); });
  if (name == "targets")
    return fill([&] { return pick(random, -1, graph.vocabulary - 1); });
  if (name == "reset")
    return fill([&] { return chance(random, 0.2) ? 1 : 0; });
  if (name == "loss_weight")
    return fill([&] { return chance(random, 0.2) ? 0 : static_cast<double>(pick(random, 1, 30)) / 10; });
  if (name == "segment_ids") { // of packed documents, one after the other
    int64_t id = 0;
    return fill([&] { return id += chance(random, 0.3) ? 1 : 0; });
  }
  if (name == "slot") {
    int64_t next = 0;
    std::vector<int64_t> all(sizes.slots);
    std::iota(all.begin(), all.end(), 0);
    std::shuffle(all.begin(), all.end(), random);
    return fill([&] { return all[next++]; });
  }
  if (name.contains("retention_scale") && !name.starts_with("cotangent.")) // a sum of powers
    return fill([&] { return static_cast<double>(pick(random, 0, 30)) / 10; });
  if (!type.getElementType().isF32()) // positions, seed, step
    return fill([&] { return pick(random, 0, 20); });
  return tensor;
}

Tensors TrainingModel::randomInputs(ModuleOp module, StringRef entry) {
  auto function = module.lookupSymbol<func::FuncOp>(entry);
  Tensors inputs;
  for (auto [index, type] : llvm::enumerate(function.getArgumentTypes())) {
    StringRef name = function.getArgAttrOfType<InputAttr>(index, "rondo.input").getName();
    inputs[name.str()] = randomInput(name, cast<RankedTensorType>(type));
  }
  return inputs;
}

Tensors TrainingModel::randomStates(ModuleOp module, int64_t slots) {
  Tensors states;
  for (auto state : module.getOps<StateOp>()) {
    auto slot = cast<RankedTensorType>(state.getSlotType());
    std::vector<int64_t> shape{slots};
    llvm::append_range(shape, slot.getShape());
    states[state.getSymName().str()] = randomInput(state.getSymName(), slot.clone(shape));
  }
  return states;
}

bool TrainingModel::isTrainable(StringRef weight) {
  return graph.module->lookupSymbol<WeightOp>(weight).getGroup() != ParameterGroup::Frozen;
}

Tensors rondo::reference::evaluateEntry(ModuleOp module, StringRef entry, const Tensors &weights,
                                        const Tensors &states, const Tensors &inputs) {
  Evaluator evaluator;
  evaluator.weights = weights;
  evaluator.states = states;
  return runEntry(evaluator, module, entry, inputs);
}

// `gradients` are called grad.NAME after the tensors of `point`; one that is missing counts as zero.
GradientScore TrainingModel::check(const Tensors &point, const Tensors &gradients, int directions,
                                   const std::function<double(const Tensors &)> &value) {
  std::vector<std::string> names;
  for (const auto &[name, tensor] : point)
    names.push_back(name);
  GradientScore score;
  for (int i = 0; i <= directions; ++i) {
    const std::string &only = names[pick(random, 0, static_cast<int64_t>(names.size()) - 1)];
    Tensors direction;
    double slope = 0;
    for (const auto &[name, tensor] : point)
      if (i == 0 || name == only) {
        direction[name] = randomTensor(random, tensor.shape);
        if (auto gradient = gradients.find("grad." + name); gradient != gradients.end())
          slope += innerProduct(gradient->second, direction[name]);
      }
    score.add(derivativeAtZero([&](double t) {
                Tensors moved = point;
                for (const auto &[name, step] : direction)
                  moved[name] = along(moved[name], t, step);
                return value(moved);
              }),
              slope);
  }
  return score;
}

GradientScore TrainingModel::checkGrad(ModuleOp module, const Tensors &inputs, const Tensors &states,
                                       int directions) {
  Tensors trainable;
  for (const auto &[name, tensor] : graph.weights)
    if (isTrainable(name))
      trainable[name] = tensor;
  auto outputs = [&](const Tensors &moved) {
    Tensors weights = moved;
    weights.insert(graph.weights.begin(), graph.weights.end());
    return evaluateEntry(module, "grad", weights, states, inputs);
  };
  return check(trainable, outputs(trainable), directions,
               [&](const Tensors &moved) { return outputs(moved).at("loss").data[0]; });
}

GradientScore TrainingModel::checkVjp(ModuleOp module, const Tensors &inputs, int directions) {
  Tensors point;
  for (const auto &[name, tensor] : graph.weights)
    if (isTrainable(name))
      point[name] = tensor;
  for (const auto &[name, tensor] : inputs) // row scales are constants, positions integers
    if (StringRef(name).starts_with("state.") && StringRef(name).contains("retention") &&
        !StringRef(name).contains("retention_scale"))
      point[name] = tensor;
  auto outputs = [&](const Tensors &moved) {
    Tensors weights = moved, given = moved;
    weights.insert(graph.weights.begin(), graph.weights.end());
    given.insert(inputs.begin(), inputs.end());
    return evaluateEntry(module, "vjp", weights, {}, given);
  };
  return check(point, outputs(point), directions, [&](const Tensors &moved) {
    double sum = 0;
    for (const auto &[name, tensor] : outputs(moved))
      if (auto cotangent = inputs.find("cotangent." + name); cotangent != inputs.end())
        sum += innerProduct(tensor, cotangent->second);
    return sum;
  });
}
