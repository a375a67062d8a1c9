// The steps of rondo-compile: spec, passes, machine code, package.
#include "tools/rondo-compile/Compile.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "codegen/cpu/CompileKernels.h"
#include "codegen/nvptx/CompileCudaKernels.h"
#include "codegen/package/PackageWriter.h"
#include "dialects/tile/Tile.h"
#include "frontends/spec/LoadSpec.h"
#include "mlir/Pass/PassManager.h"
#include "passes/pipeline/FaultRecorder.h"
#include "passes/pipeline/PackageContents.h"
#include "passes/pipeline/Pipeline.h"
#include "passes/pipeline/StageLog.h"
#include "runtime/files/AtomicFile.h"
#include "tools/rondo-compile/DiagnosticLog.h"
#include "tools/rondo-compile/ScheduleReport.h"
#include "tools/rondo-compile/TritonFolder.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace rondo;

namespace {

class Compilation {
public:
  Compilation(const CompileOptions &options, const CompileWatch &watch);
  int run();

private:
  LogicalResult runStages(llvm::function_ref<void(OpPassManager &)> addPasses);
  LogicalResult runPasses();
  FailureOr<KernelCode> compileKernels(llvm::function_ref<void(StringRef, ModuleOp)> finish);
  FailureOr<codegen::PackageSpec> compileModule();
  absl::Status write(const codegen::PackageSpec &package);
  int report(const absl::Status &status);
  void observe(PassManager &manager);
  int failedExitCode() const;
  void reportTimes();

  const CompileOptions &options;
  const CompileWatch &watch;
  target::Target target;
  MLIRContext context;
  llvm::SourceMgr sources;
  DiagnosticLog diagnostics;
  StageLog stages;
  FaultRecorder recorder;
  OwningOpRef<ModuleOp> module;
  std::vector<ScheduledEntry> schedules;
};

DialectRegistry compilerDialects() {
  DialectRegistry registry;
  registerSpecFrontend(registry);
  codegen::registerCpuDialects(registry);
  codegen::registerCudaDialects(registry);
  registry.insert<tile::TileDialect>();
  return registry;
}

Compilation::Compilation(const CompileOptions &options, const CompileWatch &watch)
    : options(options), watch(watch), target(*target::findTarget(options.target)),
      context(compilerDialects(), MLIRContext::Threading::DISABLED), diagnostics(sources, &context),
      stages(options.dumpFolder), recorder(watch.recordFolder) {
  target.tf32 = options.precision == "tf32";
}

// What training and generation need; a model without tokens has only its graph.
std::string defaultEntries(ModuleOp module) {
  if (!module->hasAttr("rondo.vocab"))
    return "forward:B=1,T=128";
  return "forward:B=1,T=128;score:B=1,T=256;prefill:B=1,T=128;decode:B=1;"
         "train:B=4,T=128;accumulate:B=4,T=128;update";
}

void Compilation::observe(PassManager &manager) {
  recorder.observe(manager);
  if (watch.addToPasses)
    watch.addToPasses(manager);
}

LogicalResult Compilation::runStages(llvm::function_ref<void(OpPassManager &)> addPasses) {
  PassManager manager(&context);
  stages.observe(manager);
  addPasses(manager);
  observe(manager);
  return manager.run(*module);
}

LogicalResult Compilation::runPasses() {
  if (failed(runStages(
          [&](OpPassManager &manager) { addSpecPasses(manager, {options.preset, options.hypers}); })))
    return failure();
  std::string entries = options.entries.empty() ? defaultEntries(*module) : llvm::join(options.entries, ";");
  PipelineOptions pipeline{entries, options.schedule, target.name, options.remat,
                           options.precision == "bf16-products"};
  if (failed(runStages([&](OpPassManager &manager) { addGraphPasses(manager, pipeline); })))
    return failure();
  schedules = recordSchedules(*module, target);
  if (options.output.empty())
    return success();
  return runStages([&](OpPassManager &manager) { addKernelPasses(manager, pipeline); });
}

FailureOr<KernelCode> Compilation::compileKernels(llvm::function_ref<void(StringRef, ModuleOp)> finish) {
  auto watchPasses = [&](PassManager &manager) { observe(manager); };
  auto code = [](auto compiled) -> FailureOr<KernelCode> {
    if (failed(compiled))
      return failure();
    return KernelCode(std::move(*compiled));
  };
  if (target.backend == target::Backend::Cuda)
    return code(codegen::compileCudaKernels(*module, target, finish, watchPasses));
  return code(codegen::compileKernels(*module, target, finish, watchPasses));
}

FailureOr<codegen::PackageSpec> Compilation::compileModule() {
  recorder.enterStage("code", *module);
  auto finish = [&](StringRef stage, ModuleOp state) {
    stages.finishStage(stage, state);
    recorder.enterStage("code-after-" + stage.str(), state);
  };
  FailureOr<KernelCode> code = compileKernels(finish);
  if (failed(code))
    return failure();
  stages.finishStage("code", *module);
  recorder.enterStage("package", *module);
  StringRef text = sources.getMemoryBuffer(sources.getMainFileID())->getBuffer();
  return packageContents(*module, *code, target,
                         {"rondo " RONDO_VERSION, text.str(), options.flags(), schedules});
}

absl::Status Compilation::write(const codegen::PackageSpec &package) {
  std::string bytes = codegen::writePackage(package);
  if (bytes.empty())
    return rt::makeError(ErrorId::TooLarge, "the package would be 2 GiB or larger");
  RONDO_ASSIGN_OR_RETURN(rt::AtomicFile file, rt::AtomicFile::create(options.output));
  RONDO_RETURN_IF_ERROR(file.write({reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size()}));
  RONDO_RETURN_IF_ERROR(file.commit());
  if (!options.quiet)
    llvm::errs() << absl::StrFormat("%s: %d entry points, %d kernels, %d bytes\n", options.output,
                                    package.entries.size(), package.kernels.size(), bytes.size());
  return absl::OkStatus();
}

int Compilation::report(const absl::Status &status) {
  llvm::errs() << rt::formatError(status);
  return rt::exitCodeOf(status);
}

// Errors with ids are the spec's or the command line's; a stage that fails without one is a bug of Rondo.
int Compilation::failedExitCode() const {
  return diagnostics.exitCode().value_or(findError(static_cast<int>(ErrorId::Internal))->exitCode);
}

void Compilation::reportTimes() {
  double total = 0;
  for (const StageTime &stage : stages.times()) {
    llvm::errs() << absl::StrFormat("%10.1f ms  %s\n", stage.milliseconds, stage.stage);
    total += stage.milliseconds;
  }
  llvm::errs() << absl::StrFormat("%10.1f ms  total\n", total);
}

int Compilation::run() {
  module = parseSpec(options.spec, sources, &context);
  if (!module || failed(runPasses()))
    return failedExitCode();
  if (options.explainSchedule)
    llvm::outs() << scheduleReport(schedules, options.json);
  if (!options.output.empty()) {
    FailureOr<codegen::PackageSpec> package = compileModule();
    if (failed(package))
      return failedExitCode();
    if (absl::Status status = write(*package); !status.ok())
      return report(status);
    if (!options.tritonFolder.empty())
      if (absl::Status status = writeTritonFolder(*package, options.tritonFolder); !status.ok())
        return report(status);
  }
  if (options.timeReport)
    reportTimes();
  if (!stages.failedFile().empty())
    return report(rt::makeError(ErrorId::WriteFailed, "cannot write the file", {stages.failedFile()}));
  return 0;
}

} // namespace

int rondo::compile(const CompileOptions &options, const CompileWatch &watch) {
  return Compilation(options, watch).run();
}
