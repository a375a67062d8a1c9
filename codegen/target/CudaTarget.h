// NVIDIA's GPUs as targets. Free of LLVM.
#pragma once

#include "codegen/target/Target.h"

namespace rondo::target {

// "cuda:sm_80", "cuda:sm_90a", "cuda:sm_100"; nullopt for anything else.
std::optional<Target> findCudaTarget(std::string_view name);
std::vector<std::string_view> cudaTargetNames();

// Whether `target` runs PTX for an architecture: "sm_80" runs there and on all later ones, "sm_90a" there
// alone.
bool runsCodeFor(const Target &target, std::string_view architecture);
// Whether machine code for `architecture` runs there too: both are of one generation.
bool sharesMachineCode(const Target &target, std::string_view architecture);

} // namespace rondo::target
