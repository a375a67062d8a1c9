// The steps of rondo-compile: spec, passes, machine code, package.
#pragma once

#include "tools/rondo-compile/Options.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace mlir {
class PassManager;
}

namespace rondo {

// What may watch a compilation.
struct CompileWatch {
  std::string recordFolder;                                  // see FaultRecorder; empty: nothing is recorded
  llvm::function_ref<void(mlir::PassManager &)> addToPasses; // called with the passes before they run
};

// Compiles as `options` say; the exit code of the tool, 6 for a fault of Rondo, of which only the failing
// stage's own diagnostics are printed. Results go to stdout and to the file, all else to stderr.
int compile(const CompileOptions &options, const CompileWatch &watch);

} // namespace rondo
