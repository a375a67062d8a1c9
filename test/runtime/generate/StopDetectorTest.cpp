// Stop tokens and strings, also those that arrive in pieces.
#include "runtime/generate/StopDetector.h"

#include <gtest/gtest.h>

namespace rondo::rt {
namespace {

// Feeds bytes one by one; returns what is shown.
std::string feed(StopDetector &detector, std::string_view text) {
  std::string shown;
  for (char c : text)
    shown += detector.append(c, std::string_view(&c, 1));
  return shown;
}

TEST(StopDetector, showsEverythingWithoutStops) {
  StopDetector detector({}, {""}, 1);
  EXPECT_EQ(feed(detector, "abc"), "abc");
  EXPECT_FALSE(detector.stopped());
}

TEST(StopDetector, stopsAtATokenAndShowsWhatWasHeld) {
  StopDetector detector({'!'}, {"bcd"}, 1);
  EXPECT_EQ(feed(detector, "abc!x"), "abc");
  EXPECT_TRUE(detector.stopped());
  EXPECT_EQ(detector.finish(), "");
}

TEST(StopDetector, hidesAStopStringThatComesInPieces) {
  StopDetector detector({}, {"END", "##"}, 1);
  EXPECT_EQ(feed(detector, "textEN"), "text");
  EXPECT_EQ(feed(detector, "EEND more"), "ENE");
  EXPECT_TRUE(detector.stopped());
}

TEST(StopDetector, handsOutWhatItHeldBack) {
  StopDetector detector({}, {"END"}, 1);
  EXPECT_EQ(feed(detector, "xE"), "x");
  EXPECT_EQ(detector.finish(), "E");
}

TEST(StopDetector, stopsInsideALongToken) {
  StopDetector detector({}, {"b"}, 8);
  EXPECT_EQ(detector.append(1, "aabaa"), "aa");
  EXPECT_TRUE(detector.stopped());
}

} // namespace
} // namespace rondo::rt
