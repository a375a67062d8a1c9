// The semantic check of a model, as the pass and editors run it.
#pragma once

#include "frontends/spec/Hypers.h"
#include "mlir/IR/BuiltinOps.h"

namespace rondo {

// The one model of a spec file; null after a report.
spec::ModelOp findModel(mlir::ModuleOp module, Diagnosis &diagnosis);

// Reports every error of `model` under `settings`.
void checkModel(spec::ModelOp model, const SpecSettings &settings, Diagnosis &diagnosis);

// Settings from the text of pass options; `hypers` are "name=value".
SpecSettings makeSettings(llvm::StringRef preset, llvm::ArrayRef<std::string> hypers);

} // namespace rondo
