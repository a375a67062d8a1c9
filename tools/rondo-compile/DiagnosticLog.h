// Diagnostics of the compiler as the person who runs it sees them, and the exit code that follows from them.
#pragma once

#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/SourceMgr.h"

#include <optional>

namespace rondo {

// Prints every diagnostic with its source line, and remembers the exit code of the first error.
class DiagnosticLog : public mlir::SourceMgrDiagnosticHandler {
public:
  DiagnosticLog(llvm::SourceMgr &sources, mlir::MLIRContext *context);

  // The exit code of the first error that has an id; nothing if all errors, or none at all, came without: a
  // bug of Rondo.
  std::optional<int> exitCode() const { return code; }

private:
  std::optional<int> code;
};

} // namespace rondo
