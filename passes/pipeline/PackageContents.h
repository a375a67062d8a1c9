// From the module that the last pass leaves to what its package says.
#pragma once

#include "codegen/cpu/CpuImage.h"
#include "codegen/nvptx/CudaKernels.h"
#include "codegen/package/PackageSpec.h"
#include "codegen/target/Target.h"
#include "mlir/IR/BuiltinOps.h"
#include "passes/pipeline/ScheduleRecord.h"

#include <variant>

namespace rondo {

// What the command line knows and the module does not.
struct CompileRecord {
  std::string tool;     // "rondo 0.1.0"
  std::string specText; // for its hash
  std::string flags;    // as given
  std::vector<ScheduledEntry> schedules;
};

// The machine code of a module's kernels: one image, or a module per kernel.
using KernelCode = std::variant<codegen::CpuImage, codegen::CudaKernels>;

// Describes `module`, whose entry points are lists of rondo.dispatch, with the machine code of its kernels.
// Fails with a diagnostic if the module is not in that form.
mlir::FailureOr<codegen::PackageSpec> packageContents(mlir::ModuleOp module, const KernelCode &code,
                                                      const target::Target &target,
                                                      const CompileRecord &record);

} // namespace rondo
