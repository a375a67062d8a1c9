// Diagnostics of the compiler as the person who runs it sees them, and the exit code that follows from them.
#include "tools/rondo-compile/DiagnosticLog.h"

#include "runtime/format/Errors.h"

using namespace mlir;
using namespace rondo;

// The exit code of the id that ends `message`: "... [RND2106]".
static std::optional<int> exitCodeOf(StringRef message) {
  size_t start = message.rfind("[RND");
  if (start == StringRef::npos || !message.consume_back("]"))
    return std::nullopt;
  uint16_t number = 0;
  if (message.drop_front(start + 4).getAsInteger(10, number))
    return std::nullopt;
  const ErrorInfo *info = findError(number);
  return info ? std::optional<int>(info->exitCode) : std::nullopt;
}

DiagnosticLog::DiagnosticLog(llvm::SourceMgr &sources, MLIRContext *context)
    : SourceMgrDiagnosticHandler(sources, context) {
  setHandler([this](Diagnostic &diagnostic) {
    if (!code && diagnostic.getSeverity() == DiagnosticSeverity::Error)
      code = exitCodeOf(diagnostic.str());
    emitDiagnostic(diagnostic);
  });
}
