// What is wrong in packages for GPUs, and in packages for CPUs that hold what only GPUs have.
#include "runtime/package/Package.h"

#include "codegen/package/PackageWriter.h"
#include "runtime/format/CudaKernelAbi.h"
#include "test/runtime/sample/SamplePackage.h"

#include "gtest/gtest.h"

#include <functional>

namespace rondo::rt {
namespace {

using codegen::PackageSpec;

absl::Status readSpec(const PackageSpec &spec) {
  std::string bytes = codegen::writePackage(spec);
  return Package::fromBytes({reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size()}, "m.rondo")
      .status();
}

struct CudaCase {
  const char *name;
  ErrorId id;
  std::function<void(PackageSpec &, PackageSpec::Kernel &)> damage;
};
void PrintTo(const CudaCase &fault, std::ostream *out) { *out << fault.name; }
auto caseName = [](const testing::TestParamInfo<CudaCase> &info) { return std::string(info.param.name); };

class MalformedCudaPackage : public testing::TestWithParam<CudaCase> {};

TEST_P(MalformedCudaPackage, isRefused) {
  PackageSpec spec = test::cudaPackageSpec(test::samplePackageSpec());
  GetParam().damage(spec, spec.kernels[1]);
  absl::Status status = readSpec(spec);
  EXPECT_EQ(errorIdOf(status), GetParam().id) << formatError(status);
  EXPECT_EQ(placeOf(status), "m.rondo");
}

const CudaCase kCudaCases[] = {
    {"image", ErrorId::BadSize, [](auto &s, auto &) { s.image = test::samplePackageSpec().image; }},
    {"imageMemory", ErrorId::BadSize, [](auto &s, auto &) { s.image.memoryBytes = 4096; }},
    {"address", ErrorId::BadSize, [](auto &, auto &k) { k.address = 64; }},
    {"noPtx", ErrorId::BadSize, [](auto &, auto &k) { k.ptx.clear(); }},
    {"zeroByte", ErrorId::BadSize, [](auto &, auto &k) { k.ptx += '\0'; }},
    {"noThreads", ErrorId::BadSize, [](auto &, auto &k) { k.threads = 0; }},
    {"partOfAWarp", ErrorId::BadSize, [](auto &, auto &k) { k.threads = 48; }},
    {"manyThreads", ErrorId::BadSize, [](auto &, auto &k) { k.threads = RONDO_CUDA_MAX_THREADS + 32; }},
    {"muchSharedMemory", ErrorId::BadSize,
     [](auto &, auto &k) { k.sharedBytes = RONDO_CUDA_MAX_SHARED_BYTES + 1; }},
    {"muchScratch", ErrorId::BadSize, [](auto &, auto &k) { k.scratchBytes = ~uint64_t(0); }},
    {"digitFirst", ErrorId::BadName, [](auto &, auto &k) { k.name = "1st"; }},
    {"dash", ErrorId::BadName, [](auto &, auto &k) { k.name = "scale-1"; }},
    {"percent", ErrorId::BadName, [](auto &, auto &k) { k.name = "%tid"; }},
    {"loneUnderscore", ErrorId::BadName, [](auto &, auto &k) { k.name = "_"; }},
    {"letterOfAnotherScript", ErrorId::BadName, [](auto &, auto &k) { k.name = "sk\xC3\xA5la"; }},
};
INSTANTIATE_TEST_SUITE_P(All, MalformedCudaPackage, testing::ValuesIn(kCudaCases), caseName);

// Of a kernel from elsewhere.
void launchElsewhere(PackageSpec &spec, PackageSpec::Kernel &kernel) {
  using Kind = PackageSpec::ParameterKind;
  uint32_t blocks = 0;
  for (const PackageSpec::Entry &entry : spec.entries)
    for (const PackageSpec::Command &command : entry.commands)
      if (&spec.kernels[command.kernel] == &kernel)
        blocks = static_cast<uint32_t>(command.workgroups);
  kernel.entry = "gate";
  kernel.grid = {blocks, 1};
  kernel.parameters = {{Kind::Argument, 1}, {Kind::Number, 7}, {Kind::Scratch}, {Kind::Null}};
}

class MalformedExternKernel : public testing::TestWithParam<CudaCase> {};

TEST_P(MalformedExternKernel, isRefused) {
  PackageSpec spec = test::cudaPackageSpec(test::samplePackageSpec());
  launchElsewhere(spec, spec.kernels[1]);
  EXPECT_TRUE(readSpec(spec).ok()) << formatError(readSpec(spec));
  GetParam().damage(spec, spec.kernels[1]);
  absl::Status status = readSpec(spec);
  EXPECT_EQ(errorIdOf(status), GetParam().id) << formatError(status);
}

const CudaCase kExternCases[] = {
    {"noEntry", ErrorId::BadName, [](auto &, auto &k) { k.entry.clear(); }},
    {"entryOfDigits", ErrorId::BadName, [](auto &, auto &k) { k.entry = "1st"; }},
    {"emptyExtent", ErrorId::BadSize, [](auto &, auto &k) { k.grid[1] = 0; }},
    {"wideExtent", ErrorId::BadSize, [](auto &, auto &k) { k.grid[1] = 1 << 16; }},
    {"fourExtents", ErrorId::TooComplex, [](auto &, auto &k) { k.grid = {1, 1, 1, 1}; }},
    {"otherWorkgroups", ErrorId::SignatureMismatch, [](auto &, auto &k) { k.grid[0] += 1; }},
    {"noSuchArgument", ErrorId::BadIndex,
     [](auto &, auto &k) { k.parameters[0].value = k.arguments.size(); }},
    {"noSuchKind", ErrorId::BadEnum,
     [](auto &, auto &k) { k.parameters[0].kind = static_cast<PackageSpec::ParameterKind>(9); }},
    {"noSuchType", ErrorId::BadEnum,
     [](auto &, auto &k) { k.parameters[1].type = static_cast<PackageSpec::DType>(99); }},
};
INSTANTIATE_TEST_SUITE_P(All, MalformedExternKernel, testing::ValuesIn(kExternCases), caseName);

class CudaFieldOfCpuPackage : public testing::TestWithParam<CudaCase> {};

TEST_P(CudaFieldOfCpuPackage, isRefused) {
  PackageSpec spec = test::samplePackageSpec();
  GetParam().damage(spec, spec.kernels[1]);
  EXPECT_EQ(errorIdOf(readSpec(spec)), GetParam().id);
}

const CudaCase kCpuCases[] = {
    {"ptx", ErrorId::SignatureMismatch, [](auto &, auto &k) { k.ptx = ".version 8.1"; }},
    {"cubin", ErrorId::SignatureMismatch, [](auto &, auto &k) { k.cubin = {1}; }},
    {"threads", ErrorId::SignatureMismatch, [](auto &, auto &k) { k.threads = 32; }},
    {"shared", ErrorId::SignatureMismatch, [](auto &, auto &k) { k.sharedBytes = 1; }},
    {"grid", ErrorId::SignatureMismatch, [](auto &, auto &k) { k.grid = {1}; }},
    {"noImage", ErrorId::SectionBounds, [](auto &s, auto &) { s.image = {}; }},
};
INSTANTIATE_TEST_SUITE_P(All, CudaFieldOfCpuPackage, testing::ValuesIn(kCpuCases), caseName);

TEST(CudaPackage, needsNoMachineCode) {
  PackageSpec spec = test::cudaPackageSpec(test::trainingPackageSpec());
  for (PackageSpec::Kernel &kernel : spec.kernels)
    kernel.cubin.clear();
  EXPECT_TRUE(readSpec(spec).ok());
}

TEST(CudaPackage, mayAskForAllThatATargetHas) {
  PackageSpec spec = test::cudaPackageSpec(test::samplePackageSpec());
  spec.kernels[0].threads = RONDO_CUDA_MAX_THREADS;
  spec.kernels[0].sharedBytes = RONDO_CUDA_MAX_SHARED_BYTES;
  spec.kernels[0].name = "$tile_0";
  EXPECT_TRUE(readSpec(spec).ok());
}

} // namespace
} // namespace rondo::rt
