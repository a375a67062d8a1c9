// Kernels as Triton leaves them: what is read, and what is refused with which words.
#include "frontends/triton/TritonKernel.h"

#include "gtest/gtest.h"

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <unistd.h>

using namespace rondo;

namespace {

std::string textOf(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// A folder with the kernel's files, perhaps changed.
class KernelFolder {
public:
  KernelFolder()
      : folder(std::filesystem::temp_directory_path() / ("rondo-triton-" + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder);
    write("json", textOf(RONDO_GATE ".json"));
    write("ptx", textOf(RONDO_GATE ".ptx"));
  }
  ~KernelFolder() { std::filesystem::remove_all(folder); }

  std::string path(const std::string &extension) const { return (folder / ("gate." + extension)).string(); }
  void write(const std::string &extension, const std::string &text) const {
    std::ofstream(path(extension), std::ios::binary) << text;
  }
  void replace(const std::string &extension, const std::string &what, const std::string &with) const {
    std::string text = textOf(path(extension));
    size_t at = text.find(what);
    ASSERT_NE(at, std::string::npos) << what;
    write(extension, text.replace(at, what.size(), with));
  }
  llvm::Expected<TritonKernel> read() const { return readTritonKernel(path("json")); }
  std::string error() const {
    llvm::Expected<TritonKernel> kernel = read();
    return kernel ? "" : llvm::toString(kernel.takeError());
  }

private:
  std::filesystem::path folder;
};

} // namespace

TEST(TritonKernel, SaysHowItIsLaunched) {
  KernelFolder folder;
  llvm::Expected<TritonKernel> kernel = folder.read();
  ASSERT_TRUE(static_cast<bool>(kernel)) << llvm::toString(kernel.takeError());
  EXPECT_EQ(kernel->name, "gate");
  EXPECT_EQ(kernel->architecture, "sm_80");
  EXPECT_EQ(kernel->threads, 128u);
  EXPECT_EQ(kernel->sharedBytes, 0);
  EXPECT_EQ(kernel->trailing, 2u);
  EXPECT_TRUE(kernel->cubin.empty());
  ASSERT_EQ(kernel->parameters.size(), 4u);
  for (int i = 0; i < 3; ++i)
    EXPECT_TRUE(kernel->parameters[i].isAddress && kernel->parameters[i].bits == 64) << i;
  EXPECT_TRUE(kernel->parameters[3].bits == 32 && !kernel->parameters[3].isFloat);
}

TEST(TritonKernel, TakesMachineCodeThatLiesBesideIt) {
  KernelFolder folder;
  folder.write("cubin", std::string("\177ELF\0code", 9));
  llvm::Expected<TritonKernel> kernel = folder.read();
  ASSERT_TRUE(static_cast<bool>(kernel)) << llvm::toString(kernel.takeError());
  EXPECT_EQ(kernel->cubin, std::string("\177ELF\0code", 9));
}

// Up to 3.2 Triton's kernels took no scratch, up to 3.3 none of the profiler.
TEST(TritonKernel, OlderOnesHaveFewerScratchParameters) {
  KernelFolder folder;
  folder.replace("json", "\"profile_scratch_size\"", "\"other\"");
  folder.replace("ptx", ",\n\t.param .u64 .ptr .global .align 1 gate_param_5", "");
  llvm::Expected<TritonKernel> kernel = folder.read();
  ASSERT_TRUE(static_cast<bool>(kernel)) << llvm::toString(kernel.takeError());
  EXPECT_EQ(kernel->trailing, 1u);
  EXPECT_EQ(kernel->parameters.size(), 4u);
}

TEST(TritonKernel, SharedMemoryAndScratchComeFromTheMetadata) {
  KernelFolder folder;
  folder.replace("json", "\"shared\": 0", "\"shared\": 65536");
  folder.replace("json", "\"global_scratch_size\": 0", "\"global_scratch_size\": 256");
  llvm::Expected<TritonKernel> kernel = folder.read();
  ASSERT_TRUE(static_cast<bool>(kernel)) << llvm::toString(kernel.takeError());
  EXPECT_EQ(kernel->sharedBytes, 65536);
  EXPECT_EQ(kernel->scratchBytes, 256);
}

struct Refused {
  const char *name, *extension, *what, *with, *message;
};

class RefusedTritonKernel : public testing::TestWithParam<Refused> {};

TEST_P(RefusedTritonKernel, SaysWhy) {
  KernelFolder folder;
  const Refused &change = GetParam();
  folder.replace(change.extension, change.what, change.with);
  EXPECT_NE(folder.error().find(change.message), std::string::npos) << folder.error();
}

constexpr Refused kRefused[] = {
    {"NoJson", "json", "{", "[", "expected JSON as metadata"},
    {"NoName", "json", "\"name\": \"gate\"", "\"name\": \"\"", "expected the kernel's 'name', found none"},
    {"OtherName", "json", "\"name\": \"gate\"", "\"name\": \"gat\"",
     "expected the entry 'gat', found none of this name"},
    {"ManyWarps", "json", "\"num_warps\": 4", "\"num_warps\": 64",
     "expected a whole number from 1 to 32 as 'num_warps', found 64"},
    {"NoWarps", "json", "\"num_warps\": 4", "\"warps\": 4", "as 'num_warps', found none"},
    {"OtherWarps", "json", "\"num_warps\": 4", "\"num_warps\": 8",
     "expected PTX for the 256 threads of 'num_warps', found 128"},
    {"Clusters", "json", "\"num_ctas\": 1", "\"num_ctas\": 2",
     "expected a kernel without clusters ('num_ctas' 1), found 2"},
    {"Cooperative", "json", "\"launch_cooperative_grid\": false", "\"launch_cooperative_grid\": true",
     "expected a kernel without 'launch_cooperative_grid', found it set"},
    {"Descriptors", "json", "\"tensordesc_meta\": []", "\"tensordesc_meta\": [{}]",
     "expected a kernel without tensor descriptors, found 1"},
    {"NegativeShared", "json", "\"shared\": 0", "\"shared\": -1", "as 'shared', found -1"},
    {"MuchShared", "json", "\"shared\": 0", "\"shared\": 232449",
     "from 0 to 232448 as 'shared', found 232449"},
    {"ManyScratch", "json", "\"global_scratch_size\": 0", "\"global_scratch_size\": 99999999999",
     "as 'global_scratch_size', found 99999999999"},
    {"ProfilerScratch", "json", "\"profile_scratch_size\": 0", "\"profile_scratch_size\": 8",
     "as 'profile_scratch_size', found 8"},
    {"NoTarget", "ptx", ".target sm_80", ".target", "expected '.target sm_NUMBER'"},
    {"WideParameter", "ptx", ".param .u32 gate_param_3", ".param .align 64 .b8 gate_param_3[128]",
     "expected a parameter of 8 to 64 bits"},
    {"FewParameters", "ptx",
     ",\n\t.param .u64 .ptr .global .align 1 gate_param_4,\n\t.param .u64 .ptr .global .align 1 gate_param_5",
     "", "expected PTX with 2 addresses of scratch behind its other parameters, found 0"},
    {"NoThreads", "ptx", ".reqntid 128", ".reqntid many",
     "expected a number of threads behind '.reqntid', found 'many'"},
};
INSTANTIATE_TEST_SUITE_P(All, RefusedTritonKernel, testing::ValuesIn(kRefused),
                         [](const auto &info) { return std::string(info.param.name); });

TEST(TritonKernel, EveryPrefixOfItsFilesEndsInWords) {
  for (const char *extension : {"json", "ptx"}) {
    KernelFolder folder;
    std::string text = textOf(folder.path(extension));
    for (size_t bytes = 0; bytes + 2 < text.size(); bytes += 7) {
      folder.write(extension, text.substr(0, bytes));
      llvm::Expected<TritonKernel> kernel = folder.read();
      if (!kernel)
        EXPECT_FALSE(llvm::toString(kernel.takeError()).empty());
    }
  }
}
