// What happens to a module on its way through the stages: how long each takes and, if asked for, its text
// after each.
#pragma once

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"

#include <chrono>
#include <string>
#include <vector>

namespace rondo {

struct StageTime {
  std::string stage;
  double milliseconds;
};

class StageLog {
public:
  // Writes the module after every stage to `folder`/NN-stage.mlir; an empty name writes nothing.
  explicit StageLog(std::string folder) : folder(std::move(folder)) {}

  // Makes every pass of `manager` on a module a stage. The log must outlive the manager.
  void observe(mlir::PassManager &manager);
  // Ends a stage that is no pass; its time is that since the last stage ended.
  void finishStage(llvm::StringRef stage, mlir::ModuleOp module);
  // The clock starts anew: what came before belongs to no stage.
  void restart() { started = std::chrono::steady_clock::now(); }

  llvm::ArrayRef<StageTime> times() const { return stageTimes; }
  // The first file that could not be written, empty if all could.
  const std::string &failedFile() const { return unwritten; }

private:
  std::string folder, unwritten;
  std::vector<StageTime> stageTimes;
  std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
};

} // namespace rondo
