// Read-only facts about the machines that Rondo compiles for. Free of LLVM.
#pragma once

#include "codegen/target/TileSizes.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rondo::target {

enum class Backend { Cpu, Cuda };

// Rates are per core (CPU) or per device (GPU), sustained; used to compare schedules, not to predict times.
struct Target {
  std::string name; // "cpu:znver4"
  Backend backend = Backend::Cpu;
  std::string cpu;                           // LLVM's -mcpu name
  std::string llvmFeatures;                  // "+avx512f,..."; for a named cpu empty
  std::vector<std::string> requiredCpuFlags; // what /proc/cpuinfo must list to run the code
  int64_t vectorLanes = 16;                  // f32 lanes of a vector register
  int64_t vectorRegisters = 32;
  int64_t sharedBytes = 0;    // GPUs: shared memory that a block may use
  bool hasWarpgroups = false; // GPUs: Hopper's wgmma and tensor copies
  bool tf32 = false;          // GPUs: products of operands rounded to tf32, on tensor cores
  double matmulFlops = 0;     // f32 FLOP/s of register-tiled products
  double vectorFlops = 0;     // f32 FLOP/s of streaming vector code
  double cacheBytes = 0;      // bytes of the private cache
  double cacheBandwidth = 0;  // byte/s to it
  double memoryBandwidth = 0; // byte/s to memory
  TileSizes sizes;
};

// Parses "cpu" (the machine at hand), "cpu:znver4", "cpu:x86-64-v4", "cpu:x86-64-v3", and GPUs such as
// "cuda:sm_90a". "cpu@cuda:sm_90a" is a CPU whose code has the tile sizes and schedules of that GPU's: what
// the GPU's kernels compute can be compared with. Nullopt for anything else.
std::optional<Target> findTarget(std::string_view name);
// All plain names that findTarget takes, for help and did-you-mean.
std::vector<std::string_view> targetNames();

} // namespace rondo::target
