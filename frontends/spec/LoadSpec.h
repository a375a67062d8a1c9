// From a spec file to the typed graph: what rondo-compile and the tests call.
#pragma once

#include "frontends/spec/Hypers.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/SourceMgr.h"

namespace rondo {

// Registers the spec, rondo and func dialects with all that the passes of this folder attach to them.
void registerSpecFrontend(mlir::DialectRegistry &registry);

// Reads and parses the spec at `path` ("-": standard input) after checking size, encoding and nesting. The
// buffer moves into `sources`, so a SourceMgrDiagnosticHandler on it can show lines. Returns null after
// errors, which carry ids (RND1001 to RND1004, RND2102, RND4003) and went to the context's diagnostics. The
// context must have been made from a registry that registerSpecFrontend has seen.
mlir::OwningOpRef<mlir::ModuleOp> parseSpec(llvm::StringRef path, llvm::SourceMgr &sources,
                                            mlir::MLIRContext *context);

// Adds check, specialise and infer, in this order; each is a pass on the module, so printing IR after each
// pass shows the stages that docs/compiler/stages.md names.
void addSpecPasses(mlir::OpPassManager &manager, const SpecSettings &settings);

// Both: the module of the graph, or null after errors.
mlir::OwningOpRef<mlir::ModuleOp> loadSpec(llvm::StringRef path, const SpecSettings &settings,
                                           llvm::SourceMgr &sources, mlir::MLIRContext *context);

} // namespace rondo
