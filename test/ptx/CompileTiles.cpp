// The PTX of the tile kernels in a file: compile-tiles FILE TARGET FOLDER writes FOLDER/KERNEL.ptx and prints
// a line "KERNEL SHARED_BYTES SCRATCH_BYTES" for each.
#include "codegen/nvptx/CompileCudaKernels.h"
#include "codegen/target/Target.h"

#include "mlir/IR/DialectRegistry.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/raw_ostream.h"
#include <filesystem>
#include <fstream>

int main(int argc, char **argv) {
  std::optional<rondo::target::Target> target = argc == 4 ? rondo::target::findTarget(argv[2]) : std::nullopt;
  if (!target || target->backend != rondo::target::Backend::Cuda) {
    llvm::errs() << "usage: compile-tiles FILE TARGET FOLDER\n";
    return 2;
  }
  mlir::DialectRegistry registry;
  rondo::codegen::registerCudaDialects(registry);
  mlir::MLIRContext context(registry);
  mlir::OwningOpRef<mlir::ModuleOp> module = mlir::parseSourceFile<mlir::ModuleOp>(argv[1], &context);
  if (!module)
    return 1;
  mlir::FailureOr<rondo::codegen::CudaKernels> code = rondo::codegen::compileCudaKernels(*module, *target);
  if (failed(code))
    return 1;
  for (const rondo::codegen::CudaKernel &kernel : code->kernels) {
    std::ofstream(std::filesystem::path(argv[3]) / (kernel.symbol + ".ptx")) << kernel.ptx;
    llvm::outs() << kernel.symbol << ' ' << kernel.sharedBytes << ' ' << kernel.scratchBytes << '\n';
  }
  return 0;
}
