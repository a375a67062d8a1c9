// Binds hyper-parameters and flattens the model.
#include "frontends/spec/CheckSpec.h"
#include "frontends/spec/Passes.h"
#include "frontends/spec/Unroll.h"

using namespace mlir;
using namespace rondo;

namespace rondo {
#define GEN_PASS_DEF_SPECIALISESPEC
#include "frontends/spec/SpecialiseSpec.h.inc"
} // namespace rondo

namespace {
struct SpecialiseSpecPass : rondo::impl::SpecialiseSpecBase<SpecialiseSpecPass> {
  using SpecialiseSpecBase::SpecialiseSpecBase;

  void runOnOperation() override {
    Diagnosis diagnosis;
    if (spec::ModelOp model = findModel(getOperation(), diagnosis)) {
      Scope scope = bindHypers(model, makeSettings(preset, hypers), diagnosis);
      unroll(model, scope, /*instances=*/0, diagnosis);
      if (!preset.empty())
        model->setAttr("preset", StringAttr::get(&getContext(), preset));
    }
    if (failed(diagnosis.emit()))
      signalPassFailure();
  }
};
} // namespace
