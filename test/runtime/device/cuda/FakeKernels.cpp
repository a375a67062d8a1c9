// Maps the image of a package for CPUs.
#include "test/runtime/device/cuda/FakeKernels.h"

#include "runtime/format/Package_generated.h"
#include "runtime/format/Prefix.h"

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sys/mman.h>
#include <vector>

namespace format = rondo::rt::format;

extern "C" {
void sample_scale(void *const *, void *, int64_t, int64_t);
void sample_prefill(void *const *, void *, int64_t, int64_t);
void sample_decode(void *const *, void *, int64_t, int64_t);
void sample_forward(void *const *, void *, int64_t, int64_t);
void sample_accumulate(void *const *, void *, int64_t, int64_t);
void sample_update(void *const *, void *, int64_t, int64_t);
}

namespace {

// A package for CPUs whose kernels stand for those of the same names on the GPU. Its image is mapped here
// once more, since Debian's static Abseil, which the runtime's loader needs, cannot be part of a shared
// library.
class CpuKernels {
public:
  explicit CpuKernels(const char *path) {
    std::ifstream file(path, std::ios::binary);
    bytes_.assign(std::istreambuf_iterator<char>(file), {});
    const format::Package &package = *format::GetPackage(bytes_.data() + sizeof(format::Prefix));
    uint8_t *base = mapImage(*package.image());
    for (const format::Entry *entry : *package.entries())
      for (const format::Command *command : *entry->commands()) {
        const format::Kernel &kernel = *package.kernels()->Get(command->kernel());
        kernels[kernel.name()->str()] = {reinterpret_cast<KernelFunction>(base + kernel.address()),
                                         static_cast<int>(kernel.arguments()->size()),
                                         static_cast<int64_t>(command->workgroups()), kernel.scratch_bytes()};
      }
  }

  Kernels kernels;

private:
  static uint8_t *mapImage(const format::Image &image) {
    auto *base =
        static_cast<uint8_t *>(::mmap(nullptr, image.memory_bytes(), PROT_READ | PROT_WRITE | PROT_EXEC,
                                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    for (const format::Segment *segment : *image.segments())
      std::memcpy(base + segment->address(), image.data()->data() + segment->data_offset(),
                  segment->data_bytes());
    for (const format::Relocation *relocation : *image.relocations()) {
      uint64_t value = reinterpret_cast<uint64_t>(base) + relocation->addend();
      std::memcpy(base + relocation->address(), &value, sizeof(value));
    }
    return base;
  }

  std::vector<char> bytes_;
};

const Kernels sampleKernels = {{"scale_16", {sample_scale, 3, 16, 0}},
                               {"scale_1", {sample_scale, 3, 1, 0}},
                               {"prefill", {sample_prefill, 6, 2, 64}},
                               {"decode", {sample_decode, 5, 1, 64}},
                               {"forward", {sample_forward, 3, 2, 0}},
                               {"accumulate", {sample_accumulate, 5, 1, 0}},
                               {"update", {sample_update, 5, 256, 0}},
                               // The forward pass as if Triton had compiled it: forward_elsewhere(logits, n:
                               // i32, sum, bias, factor: f32).
                               {"forward_elsewhere",
                                {sample_forward,
                                 3,
                                 2,
                                 64,
                                 {{KnownKernel::Parameter::Argument, 8, 2},
                                  {KnownKernel::Parameter::Number, 4, 4096},
                                  {KnownKernel::Parameter::Argument, 8, 0},
                                  {KnownKernel::Parameter::Argument, 8, 1},
                                  {KnownKernel::Parameter::Number, 4, 0x3f000000}, // 0.5
                                  {KnownKernel::Parameter::Scratch, 8, 0},
                                  {KnownKernel::Parameter::Null, 8, 0}}}}};

} // namespace

const Kernels &kernels() {
  static const CpuKernels *loaded = [] {
    const char *path = std::getenv("RONDO_FAKE_KERNELS");
    return path ? new CpuKernels(path) : nullptr;
  }();
  return loaded ? loaded->kernels : sampleKernels;
}

bool areSampleKernels() { return &kernels() == &sampleKernels; }
