// Collects all semantic errors: structure first, then values and dimensions on a flattened copy.
#include "frontends/spec/CheckSpec.h"

#include "frontends/spec/CheckStructure.h"
#include "frontends/spec/ModelWalk.h"
#include "frontends/spec/Passes.h"
#include "frontends/spec/Unroll.h"

using namespace mlir;
using namespace rondo;

namespace rondo {
#define GEN_PASS_DEF_CHECKSPEC
#include "frontends/spec/CheckSpec.h.inc"
} // namespace rondo

spec::ModelOp rondo::findModel(ModuleOp module, Diagnosis &diagnosis) {
  spec::ModelOp model;
  for (Operation &op : *module.getBody()) {
    auto next = dyn_cast<spec::ModelOp>(op);
    if (next && !model) {
      model = next;
      continue;
    }
    Problem &problem =
        diagnosis.report(op.getLoc(), ErrorId::SpecStructure,
                         "expected one spec.model in the file, found '" + op.getName().getStringRef() + "'" +
                             (next ? " again" : " outside of it"));
    if (next)
      problem.note(model.getLoc(), "the first model stands here");
    problem.help("put everything into one spec.model");
  }
  if (!model && diagnosis.empty())
    diagnosis.report(module.getLoc(), ErrorId::SpecStructure, "expected a spec.model in the file, found none")
        .help("write spec.model @name { ... }");
  return model;
}

void rondo::checkModel(spec::ModelOp model, const SpecSettings &settings, Diagnosis &diagnosis) {
  StructureCheck(model, diagnosis).run();
  Scope scope = bindHypers(model, settings, diagnosis);
  // One instance of each block shows the errors of all. The copy is walked even if the structure has errors:
  // what is unknown stays silent there.
  OwningOpRef<spec::ModelOp> copy = model.clone();
  unroll(*copy, scope, /*instances=*/1, diagnosis);
  ModelWalk(*copy, diagnosis).run();
}

SpecSettings rondo::makeSettings(StringRef preset, ArrayRef<std::string> hypers) {
  SpecSettings settings = {preset.str(), {}};
  for (StringRef assignment : hypers) {
    auto [name, value] = assignment.split('=');
    settings.hypers.emplace_back(name.str(), value.str());
  }
  return settings;
}

namespace {
struct CheckSpecPass : rondo::impl::CheckSpecBase<CheckSpecPass> {
  using CheckSpecBase::CheckSpecBase;

  void runOnOperation() override {
    Diagnosis diagnosis;
    if (spec::ModelOp model = findModel(getOperation(), diagnosis))
      checkModel(model, makeSettings(preset, hypers), diagnosis);
    if (failed(diagnosis.emit()))
      signalPassFailure();
    markAllAnalysesPreserved();
  }
};
} // namespace
