// The patterns of --ignore.
#include "runtime/parameters/Glob.h"

#include <gtest/gtest.h>
#include <string>

namespace rondo::rt {
namespace {

TEST(Glob, matchesStarsAndQuestionMarks) {
  EXPECT_TRUE(globMatches("a.b", "a.b"));
  EXPECT_TRUE(globMatches("*", ""));
  EXPECT_TRUE(globMatches("*.bias", "layers.0.bias"));
  EXPECT_TRUE(globMatches("layers.?.*", "layers.3.x.y"));
  EXPECT_TRUE(globMatches("*ab*ab", "ababxab"));
  EXPECT_FALSE(globMatches("", "a"));
  EXPECT_FALSE(globMatches("a", "ab"));
  EXPECT_FALSE(globMatches("*.bias", "layers.0.weight"));
  EXPECT_FALSE(globMatches("layers.?.*", "layers.12.x"));
}

TEST(Glob, isQuickOnHostileNames) {
  std::string pattern;
  for (int i = 0; i < 50; ++i)
    pattern += "*a";
  EXPECT_FALSE(globMatches(pattern + "b", std::string(20'000, 'a')));
}

} // namespace
} // namespace rondo::rt
