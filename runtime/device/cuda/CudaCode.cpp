// Loads modules and sizes launches.
#include "runtime/device/cuda/CudaCode.h"

#include "absl/strings/str_cat.h"
#include "runtime/device/cuda/CudaCommands.h"
#include "runtime/files/CheckedMath.h"

#include <algorithm>

namespace rondo::rt::cuda {

absl::Status Machine::enter() const {
  RONDO_RETURN_IF_ERROR(driver->status());
  return driver->check((*driver)->contextSet(context), "making the GPU's context current");
}

absl::Status Machine::wait(std::string_view what) const {
  return driver->check((*driver)->streamWait(stream), what);
}

CudaCode::~CudaCode() {
  // Of a lost device nothing can be given back, and every call would only say so again.
  if (!machine_.enter().ok())
    return;
  for (const LoadedKernel &kernel : kernels_)
    if (kernel.module)
      (*machine_.driver)->moduleUnload(kernel.module);
  if (scratch_)
    (*machine_.driver)->memoryFree(scratch_);
}

// The architecture of "cuda:sm_90a": number 90, exact.
static std::pair<int, bool> architectureOf(std::string_view target) {
  size_t at = target.find("sm_");
  std::string number(at == std::string_view::npos ? "" : target.substr(at + 3));
  return {std::atoi(number.c_str()), !number.empty() && number.back() == 'a'};
}

absl::Status CudaCode::load(const format::Package &package) {
  RONDO_RETURN_IF_ERROR(machine_.enter());
  std::string target = package.target()->str();
  auto [wanted, isExact] = architectureOf(target);
  int found = 10 * machine_.major + machine_.minor;
  if (target.rfind("cuda:", 0) != 0 || (isExact ? wanted != found : wanted > found))
    return makeError(ErrorId::TargetMismatch, absl::StrCat("expected code for a GPU of architecture sm_",
                                                           found, ", found code for ", target));
  uint64_t scratch = 0;
  for (const format::Kernel *kernel : *package.kernels()) {
    // Machine code runs on its own architecture and later ones of the same generation.
    RONDO_RETURN_IF_ERROR(loadModule(*kernel, wanted / 10 == machine_.major));
    const LoadedKernel &loaded = kernels_.back();
    std::optional<uint64_t> bytes = checkedMul(loaded.scratchBytes, loaded.mostBlocks);
    if (!bytes)
      return makeError(ErrorId::OutOfMemory, "the scratch of a kernel overflows");
    scratch = std::max(scratch, *bytes);
  }
  if (scratch == 0)
    return absl::OkStatus();
  return machine_.driver->check((*machine_.driver)->memoryAllocate(&scratch_, scratch),
                                "the scratch of kernels");
}

absl::Status CudaCode::loadModule(const format::Kernel &kernel, bool takesCubin) {
  Driver &driver = *machine_.driver;
  LoadedKernel loaded;
  loaded.name = kernel.name()->str();
  loaded.entry = kernel.grid() ? kernel.entry()->str() : loaded.name;
  if (kernel.grid()) {
    loaded.grid.assign(kernel.grid()->begin(), kernel.grid()->end());
    for (const format::KernelParameter *parameter : *kernel.parameters())
      loaded.parameters.push_back(*parameter);
  }
  loaded.threads = kernel.threads();
  loaded.sharedBytes = kernel.shared_bytes();
  loaded.scratchBytes = kernel.scratch_bytes();
  kernels_.push_back(loaded);
  LoadedKernel &place = kernels_.back();

  bool isCubin = takesCubin && kernel.cubin() && kernel.cubin()->size() != 0;
  std::string text; // the driver reads up to a zero byte
  if (!isCubin)
    text.assign(reinterpret_cast<const char *>(kernel.ptx()->data()), kernel.ptx()->size());
  const void *code = isCubin ? static_cast<const void *>(kernel.cubin()->data()) : text.c_str();
  char log[4096] = "";
  int names[] = {kErrorLog, kErrorLogBytes};
  void *values[] = {log, reinterpret_cast<void *>(sizeof(log))};
  Result result = driver->moduleLoad(&place.module, code, 2, names, values);
  if (result == kInvalidPtx || result == kUnsupportedPtxVersion || result == kNoBinaryForGpu)
    return makeError(ErrorId::TargetMismatch,
                     absl::StrCat("the GPU's driver does not take kernel '", place.name,
                                  "': ", driver.textOf(result), *log ? ": " : "", log));
  RONDO_RETURN_IF_ERROR(driver.check(result, absl::StrCat("loading kernel '", place.name, "'")));
  RONDO_RETURN_IF_ERROR(
      driver.check(driver->moduleFunction(&place.function, place.module, place.entry.c_str()),
                   absl::StrCat("finding kernel '", place.entry, "' in its module")));
  return prepare(place);
}

absl::Status CudaCode::prepare(LoadedKernel &kernel) {
  Driver &driver = *machine_.driver;
  constexpr unsigned kWithoutAsking = 48 << 10; // of shared memory
  if (kernel.sharedBytes > static_cast<unsigned>(machine_.sharedPerBlock))
    return makeError(ErrorId::TargetMismatch,
                     absl::StrCat("expected a GPU with ", kernel.sharedBytes,
                                  " bytes of shared memory for kernel '", kernel.name, "', found ",
                                  machine_.sharedPerBlock));
  if (kernel.sharedBytes > kWithoutAsking)
    RONDO_RETURN_IF_ERROR(driver.check(
        driver->functionSet(kernel.function, kMaxDynamicShared, static_cast<int>(kernel.sharedBytes)),
        absl::StrCat("asking for the shared memory of kernel '", kernel.name, "'")));
  if (kernel.scratchBytes == 0)
    return absl::OkStatus();
  if (!kernel.grid.empty()) { // each of its blocks counts on its own part
    kernel.mostBlocks = 1;
    for (unsigned extent : kernel.grid)
      kernel.mostBlocks *= extent; // checked with the package
    return absl::OkStatus();
  }
  int blocks = 0;
  RONDO_RETURN_IF_ERROR(
      driver.check(driver->blocksPerMultiprocessor(&blocks, kernel.function, static_cast<int>(kernel.threads),
                                                   kernel.sharedBytes),
                   absl::StrCat("counting the blocks of kernel '", kernel.name, "'")));
  kernel.mostBlocks = std::max(1, blocks * machine_.multiprocessors);
  return absl::OkStatus();
}

std::vector<uint64_t> CudaCode::parametersOf(const LoadedKernel &kernel,
                                             const std::vector<Pointer> &arguments) const {
  std::vector<uint64_t> parameters;
  if (kernel.grid.empty()) {
    parameters.assign(arguments.begin(), arguments.end());
    parameters.push_back(kernel.scratchBytes == 0 ? 0 : scratch_);
    parameters.push_back(0); // the profiler's
    return parameters;
  }
  for (const format::KernelParameter &parameter : kernel.parameters) {
    switch (parameter.kind()) {
    case format::ParameterKind::Argument:
      parameters.push_back(arguments[parameter.value()]);
      break;
    case format::ParameterKind::Number:
      parameters.push_back(parameter.value());
      break;
    case format::ParameterKind::Scratch:
      parameters.push_back(scratch_);
      break;
    case format::ParameterKind::Null:
      parameters.push_back(0);
      break;
    }
  }
  return parameters;
}

absl::StatusOr<std::unique_ptr<CommandList>> CudaCode::record(const format::Entry &entry,
                                                              const BoundBuffers &buffers) {
  auto list = std::make_unique<CudaCommands>(machine_, buffers.uploads, buffers.downloads);
  for (const format::Command *command : *entry.commands()) {
    const LoadedKernel &kernel = kernels_[command->kernel()];
    std::vector<Pointer> arguments;
    for (const format::Binding *binding : *command->bindings())
      arguments.push_back(reinterpret_cast<Pointer>(boundAddress(entry, buffers, *binding)));
    std::vector<uint64_t> parameters = parametersOf(kernel, arguments);
    list->add(kernel, command->workgroups(), std::move(arguments), std::move(parameters));
  }
  RONDO_RETURN_IF_ERROR(list->record());
  return absl::StatusOr<std::unique_ptr<CommandList>>(std::move(list));
}

} // namespace rondo::rt::cuda
