// The GPU device on a stand-in for the driver: what it computes, what it checks, and each call failing in
// turn.
#include "runtime/device/cuda/CudaDevice.h"

#include "codegen/package/PackageWriter.h"
#include "runtime/device/cuda/DriverApi.h"
#include "test/runtime/device/cuda/FakeDriver.h"
#include "test/runtime/sample/SamplePackage.h"

#include "gtest/gtest.h"

#include <cstdlib>

namespace rondo::rt {
namespace {

constexpr int kLaunchFailed = 719;

Package packageOf(const codegen::PackageSpec &spec) {
  std::string bytes = codegen::writePackage(spec);
  auto package = Package::fromBytes({reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size()}, "p");
  EXPECT_TRUE(package.ok()) << formatError(package.status());
  return *std::move(package);
}

// The sample's forward pass, bound by hand.
struct Forward {
  absl::Status run(Device &device, const Package &package, bool timed = false) {
    const format::Entry &entry = *package.findEntry("forward");
    RONDO_ASSIGN_OR_RETURN(std::unique_ptr<DeviceCode> code, device.load(package));
    std::vector<std::unique_ptr<DeviceMemory>> memory; // scale, bias, tokens, logits, arena
    for (uint64_t bytes : {4, 1024, 64, 16384, 64}) {
      RONDO_ASSIGN_OR_RETURN(std::unique_ptr<DeviceMemory> block, device.allocate(bytes));
      memory.push_back(std::move(block));
    }
    float scale = 2;
    std::vector<int32_t> tokens(16, 1);
    RONDO_RETURN_IF_ERROR(device.upload(*memory[0], 0, {reinterpret_cast<uint8_t *>(&scale), 4}));
    RONDO_RETURN_IF_ERROR(device.upload(*memory[2], 0, {reinterpret_cast<uint8_t *>(tokens.data()), 64}));
    BoundBuffers buffers;
    buffers.parameters = {memory[0]->address(), memory[1]->address()};
    buffers.inputs = {memory[2]->address()};
    buffers.outputs = {memory[3]->address()};
    buffers.arena = memory[4]->address();
    RONDO_ASSIGN_OR_RETURN(std::unique_ptr<CommandList> list, code->record(entry, buffers));
    times.resize(timed ? entry.commands()->size() : 0);
    RONDO_RETURN_IF_ERROR(list->run(absl::MakeSpan(times)));
    RONDO_RETURN_IF_ERROR(list->runCommand(0));
    argument.resize(16);
    RONDO_RETURN_IF_ERROR(
        list->readArgument(0, 2, {reinterpret_cast<uint8_t *>(argument.data()), 16 * sizeof(float)}));
    return device.download({reinterpret_cast<uint8_t *>(logits.data()), 16384}, *memory[3], 0);
  }

  std::vector<float> logits = std::vector<float>(4096), argument;
  std::vector<uint64_t> times;
};

class CudaDeviceTest : public testing::Test {
protected:
  void SetUp() override {
    ::setenv("RONDO_CUDA_DRIVER", RONDO_FAKE_DRIVER, 1);
    fakeReset(1, 90);
  }
  void TearDown() override { EXPECT_STREQ(fakeViolations(), ""); }

  Package package = packageOf(test::cudaPackageSpec(test::samplePackageSpec()));
};

TEST_F(CudaDeviceTest, runsCommandLists) {
  for (bool timed : {false, true}) {
    Forward forward;
    {
      auto device = createCudaDevice(0);
      ASSERT_TRUE(device.ok()) << formatError(device.status());
      EXPECT_EQ((*device)->name(), "cuda, Fake GPU, sm_90");
      absl::Status status = forward.run(**device, package, timed);
      ASSERT_TRUE(status.ok()) << formatError(status);
    }
    for (int t = 0; t < 16; ++t) {
      EXPECT_EQ(forward.logits[256 * t + 2 * (t % 8 + 1)], 0) << "token " << t;
      EXPECT_EQ(forward.argument[t], 2);
    }
    for (uint64_t time : forward.times)
      EXPECT_EQ(time, 500000u);
    EXPECT_EQ(fakeLiveObjects(), 0);
  }
}

// Without times the commands of an entry are one call.
TEST_F(CudaDeviceTest, aListIsOneLaunch) {
  auto device = createCudaDevice(0);
  ASSERT_TRUE(Forward().run(**device, package).ok());
  EXPECT_EQ(fakeCalls("cuGraphLaunch"), 1);
  EXPECT_EQ(fakeCalls("cuLaunchKernel"), 3); // two while recording, one alone
}

// The forward pass by a kernel as Triton would have compiled it: its own entry, order of parameters, numbers
// and grid, and scratch for every block. The stand-in holds each against what the kernel expects.
TEST_F(CudaDeviceTest, launchesKernelsFromElsewhere) {
  codegen::PackageSpec spec = test::cudaPackageSpec(test::samplePackageSpec());
  const format::Entry &entry = *package.findEntry("forward");
  codegen::PackageSpec::Kernel &kernel = spec.kernels[entry.commands()->Get(1)->kernel()];
  using Kind = codegen::PackageSpec::ParameterKind;
  kernel.entry = "forward_elsewhere";
  kernel.cubin.clear();
  kernel.ptx = ".visible .entry forward_elsewhere() { ret; }";
  kernel.scratchBytes = 64;
  kernel.grid = {1, 2};
  kernel.parameters = {
      {Kind::Argument, 2}, {Kind::Number, 4096, codegen::PackageSpec::DType::I32},       {Kind::Argument, 0},
      {Kind::Argument, 1}, {Kind::Number, 0x3f000000, codegen::PackageSpec::DType::F32}, {Kind::Scratch},
      {Kind::Null}};
  Forward forward;
  absl::Status status = forward.run(**createCudaDevice(0), packageOf(spec));
  ASSERT_TRUE(status.ok()) << formatError(status);
  for (int t = 0; t < 16; ++t)
    EXPECT_EQ(forward.logits[256 * t + 2 * (t % 8 + 1)], 0) << "token " << t;
  EXPECT_EQ(fakeLiveObjects(), 0);
}

TEST_F(CudaDeviceTest, takesMachineCodeOnlyWhereItRuns) {
  ASSERT_TRUE(Forward().run(**createCudaDevice(0), package).ok());
  EXPECT_EQ(std::string(fakeLastModuleCode()).rfind("cubin of", 0), 0u) << fakeLastModuleCode();
  codegen::PackageSpec spec = test::cudaPackageSpec(test::samplePackageSpec());
  spec.target = "cuda:sm_80"; // by the driver's compiler on what is newer
  ASSERT_TRUE(Forward().run(**createCudaDevice(0), packageOf(spec)).ok());
  EXPECT_NE(std::string(fakeLastModuleCode()).find(".visible .entry"), std::string::npos)
      << fakeLastModuleCode();
}

TEST_F(CudaDeviceTest, refusesCodeForOtherGpus) {
  fakeReset(1, 80);
  absl::Status status = (*createCudaDevice(0))->load(package).status();
  EXPECT_EQ(errorIdOf(status), ErrorId::TargetMismatch);
  EXPECT_EQ(status.message(), "expected code for a GPU of architecture sm_80, found code for cuda:sm_90a");
  fakeReset(1, 100);
  EXPECT_EQ(errorIdOf((*createCudaDevice(0))->load(package).status()), ErrorId::TargetMismatch);
  fakeReset(1, 90);
  EXPECT_EQ(errorIdOf((*createCudaDevice(0))->load(packageOf(test::samplePackageSpec())).status()),
            ErrorId::TargetMismatch);
}

TEST_F(CudaDeviceTest, namesWhatIsMissing) {
  EXPECT_EQ(errorIdOf(createCudaDevice(1).status()), ErrorId::NoGpu);
  fakeMemoryLimit(8000000000);
  EXPECT_EQ(listCudaDevices()->at(0), "Fake GPU, sm_90, 16.0 GB, 8.0 GB free");
  fakeReset(0, 90);
  EXPECT_EQ(errorIdOf(createCudaDevice(0).status()), ErrorId::NoGpu);
  ::setenv("RONDO_CUDA_DRIVER", "/nowhere/libcuda.so", 1);
  absl::Status status = createCudaDevice(0).status();
  EXPECT_EQ(errorIdOf(status), ErrorId::NoGpu);
  EXPECT_NE(std::string(status.message()).find("/nowhere/libcuda.so cannot be opened"), std::string::npos);
  EXPECT_EQ(exitCodeOf(status), 4);
}

TEST_F(CudaDeviceTest, memoryThatDoesNotSuffice) {
  auto device = createCudaDevice(0);
  fakeMemoryLimit(1000);
  EXPECT_EQ(errorIdOf((*device)->allocate(1001).status()), ErrorId::OutOfMemory);
  EXPECT_TRUE((*device)->allocate(1000).ok()); // it is not lost by that
  EXPECT_TRUE((*device)->allocate(0).ok());
}

// A lost device stays lost: the same error every time, nothing is called any more, nothing hangs or crashes.
TEST_F(CudaDeviceTest, aLostDeviceStaysLost) {
  auto device = createCudaDevice(0);
  fakeFail("cuGraphLaunch", 1, kLaunchFailed);
  absl::Status first = Forward().run(**device, package);
  EXPECT_EQ(errorIdOf(first), ErrorId::DeviceLost);
  EXPECT_EQ(first.message(), "running commands failed: CUDA_ERROR_FAKE (719)");
  int calls = fakeCalls("cuMemAlloc_v2");
  for (const absl::Status &again : {(*device)->allocate(8).status(), Forward().run(**device, package)}) {
    EXPECT_EQ(errorIdOf(again), ErrorId::DeviceLost);
    EXPECT_EQ(again.message(), first.message());
  }
  EXPECT_EQ(fakeCalls("cuMemAlloc_v2"), calls);
}

// Each call of a whole run fails once, the first time, and then the last time it is made.
TEST_F(CudaDeviceTest, everyCallMayFail) {
  ASSERT_TRUE(Forward().run(**createCudaDevice(0), package, true).ok());
  std::vector<std::pair<const char *, int>> counts;
#define RONDO_COUNT(member, symbol, parameters) counts.push_back({#symbol, fakeCalls(#symbol)});
  RONDO_CUDA_CALLS(RONDO_COUNT)
#undef RONDO_COUNT
  for (auto [symbol, count] : counts) {
    bool isCleaning = std::string(symbol).find("Destroy") != std::string::npos ||
                      std::string(symbol).find("Unload") != std::string::npos ||
                      std::string(symbol).find("Free") != std::string::npos ||
                      std::string(symbol).find("Release") != std::string::npos;
    for (int nth = 1; nth <= count; nth += std::max(1, count - 1)) {
      fakeReset(1, 90);
      fakeFail(symbol, nth, kLaunchFailed);
      absl::Status status;
      {
        auto device = createCudaDevice(0);
        status = device.ok() ? Forward().run(**device, package, true) : device.status();
      }
      // What fails while things are given back is nobody's loss any more; so is the last change of contexts.
      if (!isCleaning && std::string(symbol) != "cuCtxSetCurrent")
        EXPECT_FALSE(status.ok()) << symbol << ", call " << nth;
      if (!status.ok())
        EXPECT_EQ(exitCodeOf(status), 4) << formatError(status);
      EXPECT_STREQ(fakeViolations(), "") << symbol << ", call " << nth;
    }
  }
}

} // namespace
} // namespace rondo::rt
