// NVIDIA's GPUs as targets. Free of LLVM.
#pragma once

#include "codegen/target/Target.h"

namespace rondo::target {

// "cuda:sm_80", "cuda:sm_90a", "cuda:sm_100"; nullopt for anything else.
std::optional<Target> findCudaTarget(std::string_view name);
std::vector<std::string_view> cudaTargetNames();

} // namespace rondo::target
