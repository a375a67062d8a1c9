// How the compiler reports an error of the table in runtime/format/Errors.def.
#pragma once

#include "mlir/IR/Diagnostics.h"
#include "runtime/format/Errors.h"

namespace rondo {

// Emits `message [RNDnnnn]` with the note `help: ...`, and fails.
inline llvm::LogicalResult reportError(mlir::Location loc, ErrorId id, const llvm::Twine &message,
                                       const llvm::Twine &help) {
  mlir::InFlightDiagnostic error = mlir::emitError(loc)
                                   << message << " [RND" << static_cast<unsigned>(id) << ']';
  error.attachNote() << "help: " << help;
  return error;
}

} // namespace rondo
