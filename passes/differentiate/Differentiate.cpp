// Adds the backward pass to training entries.
#include "passes/differentiate/Passes.h"

#include "dialects/rondo/DeadOps.h"
#include "dialects/rondo/Rondo.h"
#include "passes/differentiate/BackwardPass.h"
#include "passes/differentiate/EntrySignature.h"

using namespace mlir;
using namespace rondo;

namespace rondo {
#define GEN_PASS_DEF_DIFFERENTIATE
#include "passes/differentiate/Differentiate.h.inc"
} // namespace rondo

namespace {

bool isFloat(Type type) { return cast<RankedTensorType>(type).getElementType().isF32(); }

class EntryDifferentiation {
public:
  EntryDifferentiation(func::FuncOp entry, SymbolTable &symbols)
      : entry(entry), symbols(symbols), end(entry.getBody().front().getTerminator()), signature(entry),
        kind(entry->getAttrOfType<EntryAttr>("rondo.entry").getKind()) {}

  LogicalResult run() {
    SmallVector<Value> wanted = findWanted();
    BackwardPass backward(end, wanted);
    if (failed(kind == EntryKind::Vjp ? seedCotangents(backward) : seedLoss(backward)) ||
        failed(backward.build()))
      return failure();
    for (Value value : wanted)
      if (Value gradient = backward.gradientOf(value))
        signature.addOutput("grad." + nameOf(value).str(), gradient);
    if (kind == EntryKind::Grad)
      signature.dropOutputs([](StringRef name) { return name == "loss_weight_sum"; });
    signature.finish();
    eraseDeadOps(*end->getBlock()); // parts of derivatives that nobody asked for
    return success();
  }

private:
  // Inputs first, then parameters in the order of the module.
  SmallVector<Value> findWanted() {
    SmallVector<Value> wanted;
    if (kind == EntryKind::Vjp)
      for (BlockArgument argument : entry.getArguments())
        if (isFloat(argument.getType()))
          wanted.push_back(argument);
    llvm::MapVector<Operation *, Value> parameters;
    for (auto weight : symbols.getOp()->getRegion(0).getOps<WeightOp>())
      if (weight.getGroup() != ParameterGroup::Frozen)
        parameters[weight] = Value();
    for (auto use : entry.getOps<GetWeightOp>()) {
      auto found = parameters.find(symbols.lookup(use.getWeight()));
      if (found == parameters.end())
        continue;
      if (found->second)
        use.getValue().replaceAllUsesWith(found->second); // one value per parameter
      else
        found->second = use;
    }
    for (auto &[weight, value] : parameters)
      if (value)
        wanted.push_back(value);
    return wanted;
  }

  StringRef nameOf(Value value) {
    if (auto parameter = value.getDefiningOp<GetWeightOp>())
      return parameter.getWeight();
    return entry.getArgAttrOfType<InputAttr>(cast<BlockArgument>(value).getArgNumber(), "rondo.input")
        .getName();
  }

  LogicalResult seedCotangents(BackwardPass &backward) {
    for (const EntrySignature::Output &output : signature.outputs())
      if (isFloat(output.value.getType()))
        backward.add(output.value, signature.addInput("cotangent." + output.name, output.value.getType()));
    return success();
  }

  LogicalResult seedLoss(BackwardPass &backward) {
    if (Value loss = signature.output("loss"))
      if (auto maker = loss.getDefiningOp<LossOpInterface>()) {
        backward.seed(maker, kind == EntryKind::Accumulate ? LossSeed::Sum : LossSeed::Mean);
        return success();
      }
    return entry.emitOpError(
        "expected an output 'loss' that a loss op makes: run rondo-derive-entries first");
  }

  func::FuncOp entry;
  SymbolTable &symbols;
  Operation *end;
  EntrySignature signature;
  EntryKind kind;
};

bool isDifferentiated(func::FuncOp function) {
  auto entry = function->getAttrOfType<EntryAttr>("rondo.entry");
  return entry && (entry.getKind() == EntryKind::Grad || entry.getKind() == EntryKind::Vjp ||
                   entry.getKind() == EntryKind::Accumulate || entry.getKind() == EntryKind::Train);
}

struct Differentiate : rondo::impl::DifferentiateBase<Differentiate> {
  using DifferentiateBase::DifferentiateBase;

  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (isDifferentiated(function) && failed(EntryDifferentiation(function, symbols).run()))
        return signalPassFailure();
  }
};

} // namespace
