// Names are defined once and before use; ops stand where they belong.
#include "frontends/spec/CheckStructure.h"

#include "frontends/spec/layers/Evaluate.h"

using namespace mlir;
using namespace rondo;
using spec::ExprAttr;
using spec::ExprKind;

template <typename Map> static SmallVector<StringRef> sortedKeys(const Map &map) {
  SmallVector<StringRef> keys(map.keys());
  llvm::sort(keys);
  return keys;
}

void StructureCheck::run() {
  collectNames();
  checkHypers();
  checkPresets();
  checkInterface();
  checkBody(model.getBody().front());
  checkRecursion();
}

void StructureCheck::declare(Names &names, StringRef kind, StringRef name, Location loc) {
  if (auto [first, added] = names.try_emplace(name, loc); !added)
    diagnosis
        .report(loc, ErrorId::SpecName,
                "expected a new name for the " + kind + ", found '" + name + "' again")
        .note(first->second, "'" + name + "' is first defined here")
        .help("rename or remove one of them");
}

void StructureCheck::collectNames() {
  Names hyperNames, blockNames, presetNames, inputNames, outputNames;
  for (Operation &op : model.getBody().front()) {
    if (auto hyper = dyn_cast<spec::HyperOp>(op)) {
      declare(hyperNames, "hyper-parameter", hyper.getSymName(), op.getLoc());
    } else if (auto block = dyn_cast<spec::BlockOp>(op)) {
      declare(blockNames, "block", block.getSymName(), op.getLoc());
      blocks.try_emplace(block.getSymName(), block);
    } else if (auto preset = dyn_cast<spec::PresetOp>(op)) {
      declare(presetNames, "preset", preset.getName(), op.getLoc());
    } else if (auto input = dyn_cast<spec::InputOp>(op)) {
      declare(inputNames, "input", input.getName(), op.getLoc());
    } else if (auto output = dyn_cast<spec::OutputOp>(op)) {
      declare(outputNames, "output", output.getName(), op.getLoc());
    }
  }
}

void StructureCheck::checkHypers() {
  for (auto hyper : model.getBody().getOps<spec::HyperOp>()) {
    checkNumber(hyper.getValue());
    if (hyper.getLowAttr())
      checkNumber(hyper.getLowAttr());
    if (hyper.getHighAttr())
      checkNumber(hyper.getHighAttr());
    if (!llvm::is_contained(hypers, hyper.getSymName()))
      hypers.push_back(hyper.getSymName());
  }
  for (auto require : model.getBody().getOps<spec::RequireOp>())
    checkNumber(require.getCondition());
}

void StructureCheck::checkPresets() {
  for (auto preset : model.getBody().getOps<spec::PresetOp>()) {
    Names set;
    for (ExprAttr entry : preset.getValues().getAsRange<ExprAttr>()) {
      StringRef name = entry.getText();
      declare(set, "preset's value", name, entry.getLoc());
      if (!llvm::is_contained(hypers, name))
        diagnosis
            .report(entry.getLoc(), ErrorId::SpecPreset,
                    "expected a hyper-parameter of the spec, found '" + name + "'")
            .help(suggest(name, hypers, "hyper-parameters: "));
      if (!evaluate(entry[0], {}))
        diagnosis
            .report(entry[0].getLoc(), ErrorId::SpecValue,
                    "expected a number in a preset, found '" + entry[0].str() + "'")
            .help(
                "presets hold plain numbers; what follows from others is the default of its hyper-parameter");
    }
  }
}

void StructureCheck::checkInterface() {
  auto need = [&](bool there, StringRef what, StringRef example) {
    if (!there)
      diagnosis
          .report(model.getLoc(), ErrorId::SpecStructure, "expected a model with an " + what + ", found none")
          .help("write " + example);
  };
  need(!model.getBody().getOps<spec::InputOp>().empty(), "input",
       "%tokens = spec.input \"tokens\" tokens(@vocab)");
  need(!model.getBody().getOps<spec::OutputOp>().empty(), "output", "spec.output \"logits\" %logits");
}

void StructureCheck::checkBody(Block &body) {
  for (Operation &op : body) {
    checkOperands(op);
    if (isa<spec::ModelOp>(op))
      diagnosis
          .report(op.getLoc(), ErrorId::SpecStructure,
                  Twine("expected 'spec.model' at the top of the file, found it in a ") +
                      (inBlock ? "block" : "model"))
          .help("put everything into one spec.model");
    else if (auto block = dyn_cast<spec::BlockOp>(op))
      checkBlock(block);
    else if (auto layer = dyn_cast<spec::LayerOpInterface>(op))
      checkLayer(layer);
    else if (isa<spec::UnknownOp>(op) || op.getName().getDialectNamespace() != "spec")
      checkUnknownOp(op);
    else if (inBlock && isa<spec::HyperOp, spec::PresetOp, spec::RequireOp, spec::OutputOp>(op))
      diagnosis
          .report(op.getLoc(), ErrorId::SpecStructure,
                  "expected '" + op.getName().getStringRef() + "' in the model, found it in a block")
          .help("move it out of the block");
  }
}

void StructureCheck::checkBlock(spec::BlockOp block) {
  Block &body = block.getBody().front();
  unsigned yields = 0;
  for (auto yield : body.getOps<spec::YieldOp>())
    if (Operation *next = yield->getNextNode(); ++yields > 1 || (next && !isa<spec::UndefinedOp>(next)))
      diagnosis
          .report(yield.getLoc(), ErrorId::SpecStructure,
                  "expected one spec.yield at the end of the block, found "
                  "one that is not its end")
          .note(block.getLoc(), "in this block")
          .help("a block gives its values back once, with its last op");
  if (yields == 0)
    diagnosis
        .report(block.getLoc(), ErrorId::SpecStructure,
                "expected spec.yield at the end of block @" + block.getSymName() + ", found none")
        .help("write spec.yield with the values that the block gives back");
  inBlock = true;
  checkBody(body);
  inBlock = false;
}

void StructureCheck::checkOperands(Operation &op) {
  for (Value operand : op.getOperands()) {
    Operation *definition = operand.getDefiningOp();
    if (!definition)
      continue;
    if (auto undefined = dyn_cast<spec::UndefinedOp>(definition))
      diagnosis
          .report(op.getLoc(), ErrorId::SpecName,
                  "expected a defined value, found '%" + undefined.getName() + "'")
          .help("define it in the same block, above; a block sees only its parameters");
    else if (definition->getBlock() == op.getBlock() && !definition->isBeforeInBlock(&op))
      diagnosis
          .report(op.getLoc(), ErrorId::SpecName, "expected a value defined above, found one defined below")
          .note(definition->getLoc(), "it is defined here")
          .help("move the definition up");
  }
}

// Depth-first over "calls"; a block on the current path that is called again calls itself.
void StructureCheck::checkRecursion() {
  enum State { New, Open, Done };
  llvm::StringMap<State> states;
  auto visit = [&](auto &self, spec::BlockOp block) -> void {
    states[block.getSymName()] = Open;
    for (Operation &op : block.getBody().front()) {
      auto callee = op.getAttrOfType<StringAttr>("callee");
      auto called = callee ? blocks.find(callee.getValue()) : blocks.end();
      if (called == blocks.end())
        continue;
      if (states.lookup(callee.getValue()) == Open)
        diagnosis
            .report(op.getLoc(), ErrorId::SpecStructure,
                    "expected a call of another block, found that @" + callee.getValue() + " calls itself")
            .note(called->second.getLoc(), "@" + callee.getValue() + " is defined here")
            .help("spec.repeat makes a chain of instances");
      else if (states.lookup(callee.getValue()) == New)
        self(self, called->second);
    }
    states[block.getSymName()] = Done;
  };
  for (StringRef name : sortedKeys(blocks))
    if (states.lookup(name) == New)
      visit(visit, blocks.lookup(name));
}
