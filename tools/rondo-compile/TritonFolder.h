// A package's GPU kernels as files that Triton's launcher can run.
#pragma once

#include "absl/status/status.h"
#include "codegen/package/PackageSpec.h"

#include <string>

namespace rondo {

// What Triton's compiler would say about the kernel in its metadata, as JSON: name, num_warps, shared memory,
// scratch sizes, target; and beside these, under "rondo", the grid of the package's commands, and bytes,
// element type and access of each argument. `target` is that of the package, "cuda:sm_90a".
std::string tritonMetadata(const codegen::PackageSpec::Kernel &kernel, uint64_t workgroups,
                           const std::string &target);

// Writes NAME.ptx, NAME.json and, where the package has it, NAME.cubin of every kernel into `folder`, which
// is made if it is missing; each file appears whole or not at all. Every kernel is used by a command.
absl::Status writeTritonFolder(const codegen::PackageSpec &package, const std::string &folder);

} // namespace rondo
