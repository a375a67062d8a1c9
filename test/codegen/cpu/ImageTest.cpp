// What the image promises: equal input gives equal bytes, access rights are separate, register tiles stay in
// registers.
#include "test/codegen/cpu/KernelCase.h"

using namespace rondo;
using namespace rondo::test;

namespace {

std::string product(const char *name) {
  std::string text = R"(
tile.kernel @NAME(%x: memref<64x256xf32>, %w: memref<64x256xf32, affine_map<(n, k) -> (n floordiv 32, k, n mod 32)>>,
                  %y: memref<64x64xf32>) writes [false, false, true] grid [1] ids(%i) {
  %c0 = arith.constant 0 : index
  %a = tile.load %x[%c0, %c0] : memref<64x256xf32> -> tensor<64x256xf32>
  %b = tile.load %w[%c0, %c0] : memref<64x256xf32, affine_map<(n, k) -> (n floordiv 32, k, n mod 32)>> -> tensor<64x256xf32>
  %d = tile.dot %a, %b {transpose_b} : tensor<64x256xf32>, tensor<64x256xf32> -> tensor<64x64xf32>
  tile.store %d, %y[%c0, %c0] : tensor<64x64xf32>, memref<64x64xf32>
  tile.return
})";
  return text.replace(text.find("NAME"), 4, name);
}

// Kernels are compiled by several threads: neither their order nor a byte follows from who ends first.
TEST(Image, EqualInputGivesEqualBytes) {
  const std::vector<const char *> names = {"first", "second", "third", "fourth", "fifth", "sixth"};
  std::string text;
  for (const char *name : names)
    text += product(name);
  bench::KernelRunner one(text, hostTarget());
  ASSERT_TRUE(one.ok());
  ASSERT_EQ(one.image().kernels.size(), names.size());
  for (size_t i = 0; i < names.size(); ++i)
    EXPECT_EQ(one.image().kernels[i].symbol, names[i]);
  for (int repetition = 0; repetition < 5; ++repetition) {
    bench::KernelRunner other(text, hostTarget());
    ASSERT_EQ(one.image().data, other.image().data);
    for (size_t i = 0; i < names.size(); ++i)
      ASSERT_EQ(one.image().kernels[i].address, other.image().kernels[i].address);
  }
}

TEST(Image, SegmentsArePagesWithoutWriteAndExecute) {
  bench::KernelRunner kernel(product("p"), hostTarget());
  ASSERT_TRUE(kernel.ok());
  uint64_t end = 0;
  for (const codegen::ImageSegment &segment : kernel.image().segments) {
    EXPECT_EQ(segment.address % 4096, 0u);
    EXPECT_GE(segment.address, end);
    EXPECT_NE(segment.access, codegen::SegmentAccess::ReadWrite);
    EXPECT_LE(segment.dataOffset + segment.dataBytes, kernel.image().data.size());
    end = segment.address + segment.memoryBytes;
  }
  EXPECT_EQ(kernel.image().memoryBytes, end);
  EXPECT_TRUE(kernel.image().relocations.empty());
}

TEST(Image, ModuleWithoutKernels) {
  bench::KernelRunner kernel("module {}", hostTarget());
  EXPECT_TRUE(kernel.image().kernels.empty());
}

// EVEX moves between a zmm register and the stack: 62 .. 48 .. 11/10/28/29/6f/7f with a base of rsp, not r12.
TEST(Image, RegisterTilesDoNotSpill) {
  bench::KernelRunner kernel(product("p"), *target::findTarget("cpu:znver4"));
  const std::vector<uint8_t> &code = kernel.image().data;
  int spills = 0;
  for (size_t i = 0; i + 6 < code.size(); ++i) {
    bool isWide = code[i] == 0x62 && (code[i + 3] & 0x60) == 0x40;
    bool isMove = code[i + 4] == 0x10 || code[i + 4] == 0x11 || code[i + 4] == 0x28 || code[i + 4] == 0x29;
    bool isStack =
        (code[i + 1] & 0x20) && (code[i + 5] & 7) == 4 && (code[i + 5] >> 6) != 3 && code[i + 6] == 0x24;
    spills += isWide && isMove && isStack;
  }
  EXPECT_EQ(spills, 0);
}

} // namespace
