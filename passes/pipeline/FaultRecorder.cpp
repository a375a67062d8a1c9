// Keeps on disk the module that the running stage was given, for the case that the stage does not come back.
#include "passes/pipeline/FaultRecorder.h"

#include "mlir/Pass/PassInstrumentation.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace rondo;

namespace {

struct FaultInstrumentation : PassInstrumentation {
  FaultInstrumentation(FaultRecorder &recorder, PassManager &manager)
      : recorder(recorder), manager(manager) {}
  void runBeforePass(Pass *pass, Operation *op) override {
    if (auto module = dyn_cast<ModuleOp>(op))
      recorder.enterPass(manager, pass, module);
  }
  FaultRecorder &recorder;
  PassManager &manager;
};

// The names of the passes alone.
std::string withoutOptions(StringRef pipeline) {
  std::string names;
  for (auto [head, rest] = pipeline.split('{');; std::tie(head, rest) = rest.split('}').second.split('{')) {
    names += head;
    if (rest.empty())
      return names;
  }
}

// The flag of a pass without our prefix; for passes on the functions of a module, which have no flag
// together, their pipeline as far as a file name takes it.
std::string stageName(Pass *pass) {
  std::string pipeline = pass->getArgument().str();
  if (pipeline.empty()) {
    llvm::raw_string_ostream stream(pipeline);
    pass->printAsTextualPipeline(stream);
    pipeline = withoutOptions(StringRef(pipeline).split('(').second).substr(0, 60);
    std::replace_if(pipeline.begin(), pipeline.end(), [](char c) { return !llvm::isAlnum(c); }, '-');
  }
  StringRef stage = pipeline;
  stage.consume_front("rondo-");
  return stage.rtrim('-').str();
}

} // namespace

void FaultRecorder::observe(PassManager &manager) {
  if (!folder.empty())
    manager.addInstrumentation(std::make_unique<FaultInstrumentation>(*this, manager));
}

std::string FaultRecorder::replaceFile(StringRef stage) {
  if (!file.empty())
    llvm::sys::fs::remove(file);
  SmallString<128> path(folder);
  llvm::sys::path::append(path, "before-" + stage + ".mlir");
  return file = path.str().str();
}

void FaultRecorder::enterStage(StringRef stage, ModuleOp module) {
  if (folder.empty())
    return;
  std::error_code error;
  llvm::raw_fd_ostream stream(replaceFile(stage), error);
  if (!error)
    module.print(stream);
  stream.clear_error(); // a full disk must not hide the fault that is looked for
}

void FaultRecorder::enterPass(PassManager &manager, Pass *pass, ModuleOp module) {
  auto passes = manager.getPasses();
  auto found = llvm::find_if(passes, [&](Pass &other) { return &other == pass; });
  if (found == passes.end())
    return;
  makeReproducer(ModuleOp::getOperationName(), llvm::make_range(found, std::next(found)), module,
                 replaceFile(stageName(pass)), /*disableThreads=*/true, /*verifyPasses=*/true);
}
