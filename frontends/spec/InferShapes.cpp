// Emits the typed graph of a specialised model.
#include "frontends/spec/CheckSpec.h"
#include "frontends/spec/ModelWalk.h"
#include "frontends/spec/Passes.h"

#include <cmath>

using namespace mlir;
using namespace rondo;
using spec::ExprKind;

namespace rondo {
#define GEN_PASS_DEF_INFERSHAPES
#include "frontends/spec/InferShapes.h.inc"
} // namespace rondo

// `rondo.input` of an input: tokens and ranges are checked at run time, absent flags are zeros.
static InputAttr inputAttr(spec::InputOp input, const Shape &shape) {
  MLIRContext *context = input.getContext();
  switch (shape.kind) {
  case Shape::Kind::Tokens:
    return InputAttr::get(context, input.getName(), Absent::Required, 0, shape.vocabulary - 1);
  case Shape::Kind::Flags:
    return InputAttr::get(context, input.getName(), Absent::Zeros, 0, 1);
  default:
    return InputAttr::get(context, input.getName(), Absent::Required, std::nullopt, std::nullopt);
  }
}

static void nameModule(ModuleOp module, spec::ModelOp model) {
  Builder builder(model.getContext());
  module->setAttr("rondo.model", model.getSymNameAttr());
  if (Attribute preset = model->getAttr("preset"))
    module->setAttr("rondo.preset", preset);
  NamedAttrList hypers;
  for (auto hyper : model.getBody().getOps<spec::HyperOp>())
    if (hyper.getValue().is(ExprKind::Number)) {
      double value = hyper.getValue().getNumber();
      bool whole = value == std::floor(value) && std::abs(value) < 1e15;
      hypers.set(hyper.getSymName(), whole ? Attribute(builder.getI64IntegerAttr(static_cast<int64_t>(value)))
                                           : builder.getF64FloatAttr(value));
    }
  module->setAttr("rondo.hypers", hypers.getDictionary(model.getContext()));
}

// The function with one argument per input, and what the module says about tokens.
static func::FuncOp createFunction(OpBuilder &builder, ModuleOp module, spec::ModelOp model,
                                   const ModelWalk &shapes) {
  SmallVector<Type> types;
  SmallVector<Attribute> attributes;
  for (auto input : model.getBody().getOps<spec::InputOp>()) {
    Shape shape = *shapes.shape(input.getResult(0));
    types.push_back(shape.type(builder.getContext()));
    attributes.push_back(
        builder.getDictionaryAttr(builder.getNamedAttr("rondo.input", inputAttr(input, shape))));
    if (shape.kind != Shape::Kind::Tokens)
      continue;
    module->setAttr("rondo.vocab", builder.getI64IntegerAttr(shape.vocabulary));
    if (spec::findClause(input.getClauses(), "text"))
      module->setAttr("rondo.text", builder.getUnitAttr());
  }
  auto function = func::FuncOp::create(builder, model.getLoc(), "model", builder.getFunctionType(types, {}));
  function->setAttr("rondo.graph", builder.getUnitAttr());
  function.setArgAttrsAttr(builder.getArrayAttr(attributes));
  function.addEntryBlock();
  return function;
}

static void finishFunction(func::FuncOp function, spec::ModelOp model, const ModelWalk &walk,
                           OpBuilder &builder) {
  SmallVector<Value> values;
  SmallVector<Attribute> attributes;
  for (auto output : model.getBody().getOps<spec::OutputOp>()) {
    values.push_back(walk.graph(output.getValue()));
    attributes.push_back(builder.getDictionaryAttr(
        builder.getNamedAttr("rondo.output", builder.getStringAttr(output.getName()))));
  }
  func::ReturnOp::create(builder, model.getLoc(), values);
  function.setFunctionType(
      builder.getFunctionType(function.getArgumentTypes(), ValueRange(values).getTypes()));
  function.setResAttrsAttr(builder.getArrayAttr(attributes));
}

static void emitGraph(ModuleOp module, spec::ModelOp model, const ModelWalk &shapes, Diagnosis &diagnosis) {
  nameModule(module, model);
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  GraphEmitter::declareWeights(builder, shapes.weights());
  func::FuncOp function = createFunction(builder, module, model, shapes);
  GraphEmitter emitter(function.getBody().front());
  ModelWalk walk(model, diagnosis, &emitter);
  walk.run(function.getArguments());
  finishFunction(function, model, walk, emitter.builder());
  model.erase();
}

namespace {
struct InferShapesPass : rondo::impl::InferShapesBase<InferShapesPass> {
  using InferShapesBase::InferShapesBase;

  void runOnOperation() override {
    Diagnosis diagnosis;
    spec::ModelOp model = findModel(getOperation(), diagnosis);
    if (model) {
      for (Operation &op : model.getBody().front())
        if (isa<spec::BlockOp, spec::CallOp, spec::RepeatOp>(op)) {
          diagnosis
              .report(op.getLoc(), ErrorId::SpecStructure,
                      "expected a specialised spec, found '" + op.getName().getStringRef() + "'")
              .help("run rondo-specialise-spec first");
          break;
        }
    }
    if (!model || failed(diagnosis.emit()))
      return signalPassFailure();
    // The first walk finds the inputs' shapes and the errors, the second emits.
    ModelWalk shapes(model, diagnosis);
    shapes.run();
    for (auto output : model.getBody().getOps<spec::OutputOp>())
      if (!shapes.shape(output.getValue()) && diagnosis.empty())
        diagnosis.report(output.getLoc(), ErrorId::SpecShape, "expected an output of known shape, found none")
            .help("run rondo-check-spec: it reports every error");
    if (failed(diagnosis.emit()))
      return signalPassFailure();
    emitGraph(getOperation(), model, shapes, diagnosis);
    if (failed(diagnosis.emit())) // what counts over the whole model
      return signalPassFailure();
  }
};
} // namespace
