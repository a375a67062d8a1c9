// Fuzz target of the spec front end: the input is a spec file, taken as far as the typed graph.
#include "frontends/spec/LoadSpec.h"
#include "mlir/IR/MLIRContext.h"
#include "test/fuzz/MemoryFile.h"

using namespace mlir;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  DialectRegistry registry;
  rondo::registerSpecFrontend(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  // Diagnostics are expected and not for anyone's eyes.
  context.getDiagEngine().registerHandler([](Diagnostic &) { return success(); });
  llvm::SourceMgr sources;
  OwningOpRef<ModuleOp> graph = rondo::loadSpec(rondo::rt::memoryFile(data, size), {}, sources, &context);
  return 0;
}
