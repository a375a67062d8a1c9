// What happens to a module on its way through the stages: how long each takes and, if asked for, its text
// after each.
#include "passes/pipeline/StageLog.h"

#include "mlir/Pass/PassInstrumentation.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace rondo;

namespace {

// Tells the log about passes that ran on the whole module.
struct StageInstrumentation : PassInstrumentation {
  explicit StageInstrumentation(StageLog &log) : log(log) {}
  void runAfterPass(Pass *pass, Operation *op) override {
    StringRef stage = pass->getArgument();
    if (auto module = dyn_cast<ModuleOp>(op); module && !stage.empty())
      log.finishStage(stage, module);
  }
  StageLog &log;
};

} // namespace

void StageLog::observe(PassManager &manager) {
  restart();
  manager.addInstrumentation(std::make_unique<StageInstrumentation>(*this));
}

void StageLog::finishStage(StringRef stage, ModuleOp module) {
  stage.consume_front("rondo-");
  std::chrono::duration<double, std::milli> taken = std::chrono::steady_clock::now() - started;
  stageTimes.push_back({stage.str(), taken.count()});
  if (!folder.empty()) {
    SmallString<128> path(folder);
    std::string number = std::to_string(stageTimes.size());
    std::string name = (number.size() < 2 ? "0" : "") + number + "-" + stage.str() + ".mlir";
    llvm::sys::path::append(path, name);
    std::error_code error = llvm::sys::fs::create_directories(folder);
    llvm::raw_fd_ostream file(path, error);
    if (!error)
      module.print(file, OpPrintingFlags().enableDebugInfo(true, false));
    if ((error || file.has_error()) && unwritten.empty())
      unwritten = path.str();
    file.clear_error();
  }
  restart();
}
