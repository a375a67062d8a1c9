// The loader of machine code, the check of processor features, and command lists.
#include "runtime/device/cpu/CpuDevice.h"

#include "codegen/package/PackageWriter.h"
#include "runtime/device/cpu/CpuFeatures.h"
#include "runtime/device/cpu/ImageLoader.h"
#include "test/runtime/sample/SamplePackage.h"

#include "gtest/gtest.h"

#include <cstring>
#include <fstream>

namespace rondo::rt {
namespace {

Package packageOf(const codegen::PackageSpec &spec) {
  std::string bytes = codegen::writePackage(spec);
  absl::StatusOr<Package> package =
      Package::fromBytes({reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size()}, "m.rondo");
  EXPECT_TRUE(package.ok()) << formatError(package.status());
  return *std::move(package);
}

__attribute__((no_sanitize("function"))) void call(rondo_kernel_fn kernel, void *const *buffers) {
  kernel(buffers, nullptr, 0, 1);
}

// A kernel `jmp *pointer(%rip)` whose pointer, in a relocated page behind it, leads to one that writes its
// image's own address: relocations and addresses are right.
TEST(LoadedImage, appliesRelocations) {
  codegen::PackageSpec spec = test::samplePackageSpec();
  std::vector<uint8_t> jump = {0xFF, 0x25, 0xFA, 0x0F, 0x00, 0x00};                // jmp *[0x1000]
  std::vector<uint8_t> target = {0x48, 0x8B, 0x07, 0xC7, 0x00, 42, 0, 0, 0, 0xC3}; // *(int *)buffers[0] = 42
  spec.image = {};
  spec.image.data = jump;
  spec.image.data.resize(16);
  spec.image.data.insert(spec.image.data.end(), target.begin(), target.end());
  spec.image.segments = {
      {0, 4096, 0, spec.image.data.size(), codegen::PackageSpec::SegmentAccess::ReadExecute},
      {4096, 8, 0, 0, codegen::PackageSpec::SegmentAccess::ReadWrite}};
  spec.image.relocations = {{4096, 16}};
  spec.image.memoryBytes = 8192;
  for (auto &kernel : spec.kernels)
    kernel.address = 0;
  Package package = packageOf(spec);
  absl::StatusOr<LoadedImage> image = LoadedImage::load(*package.root().image());
  ASSERT_TRUE(image.ok()) << formatError(image.status());
  int value = 0;
  void *buffers[] = {&value};
  call(image->kernel(0), buffers);
  EXPECT_EQ(value, 42);
}

// After loading, no page of the process is writable and executable, and the image's data is read-only.
TEST(LoadedImage, neverWritableAndExecutable) {
  Package package = packageOf(test::samplePackageSpec());
  absl::StatusOr<LoadedImage> image = LoadedImage::load(*package.root().image());
  ASSERT_TRUE(image.ok());
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);)
    EXPECT_EQ(line.find(" rwx"), std::string::npos) << line;
}

TEST(CpuFeatures, findsFlags) {
  EXPECT_EQ(cpuFlags("processor\t: 0\nflags\t\t: fpu sse2 avx\nbugs: x\n"), " fpu sse2 avx");
  EXPECT_EQ(cpuFlags("nothing here"), "");
}

TEST(CpuFeatures, missingFeatureIsNamed) {
  codegen::PackageSpec spec = test::samplePackageSpec();
  spec.cpuFeatures = {"sse2", "avx512f", "avx"};
  Package package = packageOf(spec);
  EXPECT_TRUE(checkCpuFeatures(package.root(), "sse2 avx avx512f").ok());
  absl::Status status = checkCpuFeatures(package.root(), "sse2 avx512fx avx512 avx");
  EXPECT_EQ(errorIdOf(status), ErrorId::TargetMismatch);
  EXPECT_EQ(status.message(),
            "expected a processor that runs code for cpu:x86-64, found one without avx512f");
}

TEST(CpuFeatures, codeForOtherMachines) {
  codegen::PackageSpec spec = test::samplePackageSpec();
  spec.target = "riscv:rv64";
  EXPECT_EQ(errorIdOf(createCpuDevice(1)->load(packageOf(spec)).status()), ErrorId::TargetMismatch);
  absl::Status status = createCpuDevice(1)->load(packageOf(test::cudaPackageSpec(spec))).status();
  EXPECT_EQ(errorIdOf(status), ErrorId::TargetMismatch);
  EXPECT_NE(helpOf(status).find("--device cuda"), std::string::npos) << formatError(status);
}

// The sample's forward pass, bound by hand: the same bits on one thread and on three.
TEST(CpuDevice, runsCommandLists) {
  codegen::PackageSpec spec = test::samplePackageSpec();
  for (auto &command : spec.entries[0].commands)
    command.flops = 1 << 30; // enough for every worker to get a share
  Package package = packageOf(spec);
  const format::Entry &forward = *package.findEntry("forward");
  for (unsigned threads : {1u, 3u}) {
    std::unique_ptr<Device> device = createCpuDevice(threads);
    auto code = device->load(package);
    ASSERT_TRUE(code.ok()) << formatError(code.status());
    std::vector<std::unique_ptr<DeviceMemory>> memory; // scale, bias, tokens, logits, arena
    for (uint64_t bytes : {4, 1024, 64, 16384, 64})
      memory.push_back(*device->allocate(bytes));
    float scale = 2;
    std::vector<int32_t> tokens(16, 1);
    ASSERT_TRUE(device->upload(*memory[0], 0, {reinterpret_cast<uint8_t *>(&scale), 4}).ok());
    ASSERT_TRUE(device->upload(*memory[2], 0, {reinterpret_cast<uint8_t *>(tokens.data()), 64}).ok());
    BoundBuffers buffers;
    buffers.parameters = {memory[0]->address(), memory[1]->address()};
    buffers.inputs = {memory[2]->address()};
    buffers.outputs = {memory[3]->address()};
    buffers.arena = memory[4]->address();
    auto list = (*code)->record(forward, buffers);
    ASSERT_TRUE(list.ok());
    std::vector<uint64_t> times(forward.commands()->size());
    ASSERT_TRUE((*list)->run(absl::MakeSpan(times)).ok());
    std::vector<float> logits(4096);
    ASSERT_TRUE(device->download({reinterpret_cast<uint8_t *>(logits.data()), 16384}, *memory[3], 0).ok());
    for (int t = 0; t < 16; ++t)
      EXPECT_EQ(logits[256 * t + 2 * (t % 8 + 1)], 0) << threads << " threads, token " << t;
  }
}

} // namespace
} // namespace rondo::rt
