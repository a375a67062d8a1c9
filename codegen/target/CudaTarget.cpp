// The table of GPU architectures that Rondo knows.
#include "codegen/target/CudaTarget.h"

#include <cstdlib>

namespace rondo::target {
namespace {

// Rates are those of one multiprocessor, as a core's are for CPUs: f32 multiply-adds without tensor cores at
// 70 % of 128 lanes, shared memory at 128 bytes a cycle, and its share of the device's memory bandwidth.
struct Architecture {
  std::string_view name;
  std::string_view llvmCpu;
  std::string_view features; // PTX version
  int64_t sharedBytes;
  double gigahertz, memoryBandwidth;
};

constexpr int64_t kibi = 1 << 10;
constexpr Architecture architectures[] = {
    {"cuda:sm_80", "sm_80", "+ptx70", 163 * kibi, 1.41, 1.5e12 / 108},
    {"cuda:sm_90a", "sm_90a", "+ptx81", 227 * kibi, 1.7, 4.3e12 / 132},
    {"cuda:sm_100", "sm_100", "+ptx86", 227 * kibi, 1.8, 7.0e12 / 148},
};

Target describe(const Architecture &architecture) {
  Target target;
  target.name = architecture.name;
  target.backend = Backend::Cuda;
  target.cpu = architecture.llvmCpu;
  target.llvmFeatures = architecture.features;
  target.vectorLanes = 1;
  target.vectorRegisters = 255;
  target.sharedBytes = architecture.sharedBytes;
  target.hasWarpgroups = architecture.llvmCpu == "sm_90a";
  target.matmulFlops = 0.7 * 256 * architecture.gigahertz * 1e9;
  target.vectorFlops = 0.5 * 256 * architecture.gigahertz * 1e9;
  target.cacheBytes = static_cast<double>(architecture.sharedBytes);
  target.cacheBandwidth = 128 * architecture.gigahertz * 1e9;
  target.memoryBandwidth = architecture.memoryBandwidth;
  // Products are one dot over the whole contraction: sums stay in registers.
  target.sizes = {.rows = 64,
                  .columns = 128,
                  .depth = 0,
                  .packsWeights = false,
                  .panel = 8,
                  .vocabularyColumns = 128,
                  .valueColumns = 64,
                  .maxChunk = 64,
                  .gradientRows = 64,
                  .gradientDepth = 1 << 30,
                  .gradientBatch = 1 << 30,
                  .attentionSpan = 128,
                  .attentionQueries = 64,
                  .attentionKeys = 64,
                  .workgroups = 264};
  return target;
}

} // namespace

std::optional<Target> findCudaTarget(std::string_view name) {
  for (const Architecture &architecture : architectures)
    if (architecture.name == name)
      return describe(architecture);
  return std::nullopt;
}

std::vector<std::string_view> cudaTargetNames() {
  std::vector<std::string_view> names;
  for (const Architecture &architecture : architectures)
    names.push_back(architecture.name);
  return names;
}

// 90 of "sm_90a", 0 of anything else.
static int numberOf(std::string_view architecture) {
  return architecture.substr(0, 3) == "sm_" ? std::atoi(std::string(architecture.substr(3)).c_str()) : 0;
}

bool runsCodeFor(const Target &target, std::string_view architecture) {
  int wanted = numberOf(architecture);
  if (target.backend != Backend::Cuda || wanted == 0)
    return false;
  bool isExact = architecture.back() == 'a';
  return isExact ? target.cpu == architecture : numberOf(target.cpu) >= wanted;
}

bool sharesMachineCode(const Target &target, std::string_view architecture) {
  return runsCodeFor(target, architecture) && numberOf(target.cpu) / 10 == numberOf(architecture) / 10;
}

} // namespace rondo::target
