// Compiles, maps and calls kernels.
#include "bench/cpu/KernelRunner.h"

#include "codegen/cpu/CompileKernels.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <sys/mman.h>

namespace rondo::bench {

AlignedFloats::AlignedFloats(size_t size, float value)
    : size_(size),
      data_(static_cast<float *>(std::aligned_alloc(64, (size * sizeof(float) + 127) / 64 * 64))) {
  std::fill_n(data_.get(), size, value);
}

void AlignedFloats::Free::operator()(float *pointer) const { std::free(pointer); }

std::string fillIn(std::string text, std::vector<std::pair<std::string, int64_t>> numbers) {
  std::sort(numbers.begin(), numbers.end(),
            [](const auto &a, const auto &b) { return a.first.size() > b.first.size(); });
  for (const auto &[name, number] : numbers)
    for (size_t at; (at = text.find("$" + name)) != std::string::npos;)
      text.replace(at, name.size() + 1, std::to_string(number));
  return text;
}

KernelRunner::KernelRunner(const std::string &moduleText, const target::Target &target) {
  mlir::DialectRegistry registry;
  codegen::registerCpuDialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  auto module = mlir::parseSourceString<mlir::ModuleOp>(moduleText, &context);
  if (!module)
    return;
  auto start = std::chrono::steady_clock::now();
  mlir::FailureOr<codegen::CpuImage> image =
      codegen::compileKernels(*module, target, [](auto stage, auto lowered) {
        if (const char *wanted = std::getenv("RONDO_DUMP_STAGE"); wanted && stage == wanted)
          lowered.dump();
      });
  if (mlir::failed(image))
    return;
  compileSeconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  image_ = std::move(*image);
  load();
}

void KernelRunner::load() {
  void *memory =
      mmap(nullptr, image_.memoryBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    return;
  base_ = static_cast<uint8_t *>(memory);
  for (const codegen::ImageSegment &segment : image_.segments)
    std::memcpy(base_ + segment.address, image_.data.data() + segment.dataOffset, segment.dataBytes);
  for (const codegen::ImageRelocation &relocation : image_.relocations) {
    uint64_t value = reinterpret_cast<uint64_t>(base_) + relocation.addend;
    std::memcpy(base_ + relocation.address, &value, sizeof(value));
  }
  for (const codegen::ImageSegment &segment : image_.segments) {
    int access = segment.access == codegen::SegmentAccess::ReadExecute ? PROT_READ | PROT_EXEC : PROT_READ;
    mprotect(base_ + segment.address, segment.memoryBytes, access);
  }
  for (const codegen::CompiledKernel &kernel : image_.kernels)
    scratch_.emplace_back(kernel.scratchBytes / sizeof(float), __builtin_nanf(""));
}

KernelRunner::~KernelRunner() {
  if (base_)
    munmap(base_, image_.memoryBytes);
}

void KernelRunner::run(const std::vector<void *> &buffers, int64_t begin, int64_t end, size_t index) {
  auto kernel = reinterpret_cast<rondo_kernel_fn>(base_ + image_.kernels[index].address);
  kernel(buffers.data(), scratch_[index].data(), begin, end);
}

} // namespace rondo::bench
