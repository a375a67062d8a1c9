// The table of CPUs that Rondo knows, and which of them the machine at hand is.
#include "codegen/target/Target.h"

#include "codegen/target/CudaTarget.h"
#include "codegen/target/HostCpu.h"

#include <algorithm>

namespace rondo::target {
namespace {

// /proc/cpuinfo's names of what each level's code may use, each level adding to the one before.
constexpr std::string_view v3Flags[] = {"abm", "avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "movbe"};
constexpr std::string_view v4Flags[] = {"avx512bw", "avx512cd", "avx512dq", "avx512f", "avx512vl"};
constexpr std::string_view zen4Flags[] = {
    "avx512_bf16", "avx512_bitalg", "avx512_vbmi2", "avx512_vnni", "avx512_vpopcntdq",
    "avx512ifma",  "avx512vbmi",    "gfni",         "vaes",        "vpclmulqdq"};
constexpr std::string_view zen5Flags[] = {"avx512_vp2intersect", "avx_vnni"};

// Rates are those of one core at about 3.5 GHz. Zen 4 starts one 512-bit FMA a cycle, Zen 5 two.
struct Machine {
  std::string_view name;
  std::string_view llvmCpu;
  int levels; // how many of the flag lists above
  int64_t lanes, registers;
  double matmulFlops, vectorFlops, cacheBytes, cacheBandwidth, memoryBandwidth;
};

constexpr double mebi = 1 << 20;
constexpr Machine machines[] = {
    {"cpu:znver5", "znver5", 4, 16, 32, 200e9, 75e9, 1 * mebi, 160e9, 28e9},
    {"cpu:znver4", "znver4", 3, 16, 32, 108e9, 35e9, 1 * mebi, 105e9, 25e9},
    {"cpu:x86-64-v4", "x86-64-v4", 2, 16, 32, 108e9, 35e9, 1 * mebi, 105e9, 20e9},
    {"cpu:x86-64-v3", "x86-64-v3", 1, 8, 16, 65e9, 25e9, 0.5 * mebi, 80e9, 20e9},
};

std::vector<std::string> requiredFlags(int levels) {
  std::vector<std::string> flags;
  auto add = [&](const auto &list) { flags.insert(flags.end(), std::begin(list), std::end(list)); };
  add(v3Flags);
  if (levels >= 2)
    add(v4Flags);
  if (levels >= 3)
    add(zen4Flags);
  if (levels >= 4)
    add(zen5Flags);
  std::sort(flags.begin(), flags.end());
  return flags;
}

Target describe(const Machine &machine) {
  Target target;
  target.name = machine.name;
  target.cpu = machine.llvmCpu;
  target.requiredCpuFlags = requiredFlags(machine.levels);
  target.vectorLanes = machine.lanes;
  target.vectorRegisters = machine.registers;
  target.matmulFlops = machine.matmulFlops;
  target.vectorFlops = machine.vectorFlops;
  target.cacheBytes = machine.cacheBytes;
  target.cacheBandwidth = machine.cacheBandwidth;
  target.memoryBandwidth = machine.memoryBandwidth;
  target.sizes = {.rows = 64,
                  .columns = 256,
                  .depth = 0,
                  .packsWeights = true,
                  .panel = 32,
                  .vocabularyColumns = 256,
                  .valueColumns = 0,
                  .maxChunk = 128,
                  .gradientRows = 256,
                  .gradientDepth = 128,
                  .gradientBatch = 256,
                  .attentionSpan = 1024,
                  .attentionQueries = 128,
                  .attentionKeys = 128,
                  .workgroups = 8};
  return target;
}

// The most capable machine of the table whose flags the host has all of.
const Machine *hostMachine() {
  HostCpu host = hostCpu();
  for (const Machine &machine : machines) {
    std::vector<std::string> required = requiredFlags(machine.levels);
    if (std::includes(host.flags.begin(), host.flags.end(), required.begin(), required.end()))
      return &machine;
  }
  return nullptr;
}

} // namespace

static std::optional<Target> findCpu(std::string_view name) {
  if (name == "cpu") {
    const Machine *machine = hostMachine();
    return machine ? std::optional(describe(*machine)) : std::nullopt;
  }
  for (const Machine &machine : machines)
    if (machine.name == name)
      return describe(machine);
  return std::nullopt;
}

// Code of `cpu` cut and scheduled as if it were for `gpu`.
static Target disguise(Target cpu, const Target &gpu) {
  cpu.name += "@" + gpu.name;
  cpu.sizes = gpu.sizes;
  cpu.matmulFlops = gpu.matmulFlops;
  cpu.vectorFlops = gpu.vectorFlops;
  cpu.cacheBytes = gpu.cacheBytes;
  cpu.cacheBandwidth = gpu.cacheBandwidth;
  cpu.memoryBandwidth = gpu.memoryBandwidth;
  return cpu;
}

std::optional<Target> findTarget(std::string_view name) {
  if (std::optional<Target> gpu = findCudaTarget(name))
    return gpu;
  size_t at = name.find('@');
  std::optional<Target> cpu = findCpu(name.substr(0, at));
  if (!cpu || at == std::string_view::npos)
    return cpu;
  std::optional<Target> gpu = findCudaTarget(name.substr(at + 1));
  return gpu ? std::optional(disguise(std::move(*cpu), *gpu)) : std::nullopt;
}

std::vector<std::string_view> targetNames() {
  std::vector<std::string_view> names = {"cpu"};
  for (const Machine &machine : machines)
    names.push_back(machine.name);
  for (std::string_view name : cudaTargetNames())
    names.push_back(name);
  return names;
}

} // namespace rondo::target
