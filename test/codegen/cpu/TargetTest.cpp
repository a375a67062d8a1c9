// The table of targets and the reader of /proc/cpuinfo.
#include "codegen/target/Target.h"
#include "codegen/target/HostCpu.h"
#include "gtest/gtest.h"

using namespace rondo::target;

namespace {

TEST(Target, NamesAreFound) {
  for (std::string_view name : targetNames())
    EXPECT_TRUE(findTarget(name).has_value()) << name;
  EXPECT_FALSE(findTarget("cpu:z80").has_value());
  EXPECT_EQ(findTarget("cpu:x86-64-v3")->vectorLanes, 8);
  EXPECT_EQ(findTarget("cpu:znver4")->vectorLanes, 16);
}

TEST(Target, ReadsTheFirstProcessor) {
  HostCpu cpu = parseCpuInfo("processor\t: 0\nvendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t\t: 17\n"
                             "flags\t\t: fma avx2\nempty\t:\n\nprocessor\t: 1\nflags\t\t: other\n");
  EXPECT_EQ(cpu.vendor, "AuthenticAMD");
  EXPECT_EQ(cpu.family, 25);
  EXPECT_EQ(cpu.model, 17);
  EXPECT_EQ(cpu.flags, (std::vector<std::string>{"avx2", "fma"}));
}

} // namespace
