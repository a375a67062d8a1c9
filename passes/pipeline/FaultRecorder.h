// Keeps on disk the module that the running stage was given, for the case that the stage does not come back.
#pragma once

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"

#include <string>

namespace rondo {

// Writes `folder`/before-STAGE.mlir when a stage begins and removes the file of the stage before, so that a
// process that ends in a stage, however it ends, leaves that stage's input. Where the stage is a pass, the
// file carries it as MLIR's reproducers do, and `rondo-opt --run-reproducer FILE` runs it. An empty folder
// records nothing. Printing a module before every pass costs time: this is for runs that are known to fail.
class FaultRecorder {
public:
  explicit FaultRecorder(std::string folder) : folder(std::move(folder)) {}

  // Makes every pass of `manager` on a module a stage, named by its flag. The recorder must outlive the
  // manager.
  void observe(mlir::PassManager &manager);
  // Begins a stage that is no pass.
  void enterStage(llvm::StringRef stage, mlir::ModuleOp module);
  // Begins `pass`, one of `manager`, on `module`.
  void enterPass(mlir::PassManager &manager, mlir::Pass *pass, mlir::ModuleOp module);

private:
  std::string replaceFile(llvm::StringRef stage);

  std::string folder, file;
};

} // namespace rondo
