// Graphs in text become tile kernels.
#include "bench/cpu/GraphKernels.h"

#include "codegen/cpu/CompileKernels.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "passes/fuse/Passes.h"
#include "passes/plan/Passes.h"
#include "passes/tile/Passes.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace rondo::bench {

static DialectRegistry dialects() {
  DialectRegistry registry;
  registry.insert<RondoDialect, tile::TileDialect, func::FuncDialect>();
  codegen::registerCpuDialects(registry);
  return registry;
}

GraphKernels::GraphKernels(const std::string &graph)
    : context_(dialects(), MLIRContext::Threading::DISABLED),
      module_(parseSourceString<ModuleOp>(graph, &context_)) {
  PassManager passes(&context_);
  passes.addPass(createFormGroups());
  passes.addPass(createAssignLayouts());
  passes.addPass(createPlanMemory());
  passes.addPass(createBuildKernels());
  if (module_ && failed(passes.run(*module_)))
    module_ = nullptr;
}

std::string GraphKernels::textOf(tile::KernelOp kernel) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  kernel->print(stream, OpPrintingFlags().useLocalScope());
  stream << "\n";
  return text;
}

} // namespace rondo::bench
