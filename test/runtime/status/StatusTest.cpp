// Ids, places, notes and exit codes survive the way through absl::Status.
#include "runtime/status/Status.h"

#include <gtest/gtest.h>

namespace rondo::rt {
namespace {

TEST(Status, carriesIdAndExitCode) {
  absl::Status status = makeError(ErrorId::HeaderTooSmall, "expected 8 bytes, found 3");
  EXPECT_EQ(errorIdOf(status), ErrorId::HeaderTooSmall);
  EXPECT_EQ(exitCodeOf(status), 3);
  EXPECT_EQ(exitCodeOf(makeError(ErrorId::OutOfMemory, "x")), 4);
  EXPECT_EQ(exitCodeOf(absl::OkStatus()), 0);
}

TEST(Status, foreignStatusIsABug) {
  EXPECT_EQ(errorIdOf(absl::UnknownError("x")), std::nullopt);
  EXPECT_EQ(exitCodeOf(absl::UnknownError("x")), 6);
}

TEST(Status, formatsPlaceNotesAndHelp) {
  absl::Status status = makeError(ErrorId::WeightMissing, "expected 2 more weights", {"w.safetensors"});
  status = withNote(withNote(status, "a.weight"), "b.weight");
  EXPECT_EQ(formatError(withHelp(status, "train longer")),
            "w.safetensors: error: expected 2 more weights [RND3210]\n"
            "note: a.weight\n"
            "note: b.weight\n"
            "help: train longer\n");
  EXPECT_EQ(formatError(absl::OkStatus()), "");
}

TEST(Status, helpComesFromTheTable) {
  EXPECT_EQ(formatError(makeError(ErrorId::CheckFailed, "no", {"m.mlir", 3, 7})),
            "m.mlir:3:7: error: no [RND5001]\nhelp: The message says which and by how much.\n");
}

TEST(Status, firstPlaceWins) {
  absl::Status status = withPlace(makeError(ErrorId::Internal, "x", {"inner"}), {"outer"});
  EXPECT_EQ(placeOf(status), "inner");
  EXPECT_TRUE(withPlace(absl::OkStatus(), {"outer"}).ok());
}

absl::StatusOr<int> half(int value) {
  if (value % 2)
    return makeError(ErrorId::Usage, "odd");
  return value / 2;
}

absl::StatusOr<int> quarter(int value) {
  RONDO_ASSIGN_OR_RETURN(int once, half(value));
  RONDO_ASSIGN_OR_RETURN(int twice, half(once));
  RONDO_RETURN_IF_ERROR(absl::OkStatus());
  return twice;
}

TEST(Status, macrosPassErrorsOn) {
  EXPECT_EQ(*quarter(12), 3);
  EXPECT_EQ(errorIdOf(quarter(6).status()), ErrorId::Usage);
}

} // namespace
} // namespace rondo::rt
