// Reading regular files, refusing others, replacing files atomically, checked arithmetic.
#include "runtime/files/AtomicFile.h"
#include "runtime/files/CheckedMath.h"
#include "runtime/files/InputFile.h"
#include "runtime/files/Utf8.h"
#include "test/runtime/files/TemporaryFolder.h"

#include <sys/stat.h>
#include <unistd.h>

namespace rondo::rt {
namespace {

using Files = TemporaryFolder;

absl::Span<const uint8_t> bytesOf(const std::string &text) {
  return {reinterpret_cast<const uint8_t *>(text.data()), text.size()};
}

TEST_F(Files, readsAtAnyOffset) {
  absl::StatusOr<InputFile> file = InputFile::open(put("a", "0123456789"));
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(file->size(), 10u);
  uint8_t three[3];
  ASSERT_TRUE(file->readAt(7, absl::MakeSpan(three), ErrorId::Truncated).ok());
  EXPECT_EQ(three[2], '9');
  EXPECT_EQ(errorIdOf(file->readAt(8, absl::MakeSpan(three), ErrorId::Truncated)), ErrorId::Truncated);
  EXPECT_EQ(errorIdOf(file->readAll(9, ErrorId::TooLarge, ErrorId::Truncated).status()), ErrorId::TooLarge);
  EXPECT_EQ(file->readAll(10, ErrorId::TooLarge, ErrorId::Truncated)->data()[0], '0');
}

TEST_F(Files, noticesAFileThatShrinks) {
  std::string name = put("a", "0123456789");
  absl::StatusOr<InputFile> file = InputFile::open(name);
  ASSERT_EQ(::truncate(name.c_str(), 4), 0);
  EXPECT_EQ(errorIdOf(file->readAll(10, ErrorId::TooLarge, ErrorId::Truncated).status()), ErrorId::Truncated);
}

TEST_F(Files, refusesWhatIsNoRegularFile) {
  EXPECT_EQ(errorIdOf(InputFile::open(path("none")).status()), ErrorId::FileMissing);
  EXPECT_EQ(errorIdOf(InputFile::open(folder).status()), ErrorId::NotRegularFile);
  EXPECT_EQ(errorIdOf(InputFile::open("/dev/zero").status()), ErrorId::NotRegularFile);
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  EXPECT_EQ(errorIdOf(InputFile::open(path("pipe")).status()), ErrorId::NotRegularFile);
}

TEST_F(Files, followsLinksForPeopleOnly) {
  put("a", "x");
  std::filesystem::create_symlink(path("a"), path("soft"));
  EXPECT_TRUE(InputFile::open(path("soft")).ok());
  EXPECT_EQ(errorIdOf(InputFile::open(path("soft"), PathTrust::FromFile).status()), ErrorId::PathEscape);
  std::filesystem::create_hard_link(path("a"), path("hard"));
  EXPECT_TRUE(InputFile::open(path("hard")).ok());
  EXPECT_EQ(errorIdOf(InputFile::open(path("hard"), PathTrust::FromFile).status()), ErrorId::NotRegularFile);
}

TEST_F(Files, replacesAtomically) {
  std::string name = put("a", "old");
  absl::StatusOr<AtomicFile> file = AtomicFile::create(name);
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE(file->write(bytesOf("new ")).ok());
  ASSERT_TRUE(file->write(bytesOf("text")).ok());
  EXPECT_EQ(get(name), "old");
  ASSERT_TRUE(file->commit().ok());
  EXPECT_EQ(get(name), "new text");
  EXPECT_EQ(entries(), 1u);
}

TEST_F(Files, leavesNothingWhenAbandoned) {
  {
    absl::StatusOr<AtomicFile> file = AtomicFile::create(path("a"));
    ASSERT_TRUE(file->write(bytesOf("half")).ok());
  }
  EXPECT_EQ(entries(), 0u);
}

TEST_F(Files, replacesWhereALinkLeads) {
  put("a", "old");
  std::filesystem::create_symlink(path("a"), path("soft"));
  absl::StatusOr<AtomicFile> file = AtomicFile::create(path("soft"));
  ASSERT_TRUE(file->write(bytesOf("new")).ok());
  ASSERT_TRUE(file->commit().ok());
  EXPECT_EQ(get(path("a")), "new");
  EXPECT_TRUE(std::filesystem::is_symlink(path("soft")));
}

TEST_F(Files, refusesToReplaceDevicesAndFolders) {
  EXPECT_EQ(errorIdOf(AtomicFile::create("/dev/null").status()), ErrorId::WriteFailed);
  EXPECT_EQ(errorIdOf(AtomicFile::create(folder).status()), ErrorId::WriteFailed);
  EXPECT_EQ(errorIdOf(AtomicFile::create(path("no/such/folder")).status()), ErrorId::WriteFailed);
}

TEST(CheckedMath, reportsOverflow) {
  EXPECT_EQ(checkedMul(3, 5), 15u);
  EXPECT_EQ(checkedMul(uint64_t{1} << 32, uint64_t{1} << 32), std::nullopt);
  EXPECT_EQ(checkedAdd(UINT64_MAX, 1), std::nullopt);
  EXPECT_EQ(checkedProduct({2, 3, 4}), 24u);
  EXPECT_EQ(checkedProduct({}), 1u);
  EXPECT_EQ(checkedProduct({UINT64_MAX, 2, 0}), std::nullopt);
  EXPECT_EQ(checkedAlignUp(65, 64), 128u);
  EXPECT_EQ(checkedAlignUp(UINT64_MAX, 64), std::nullopt);
  EXPECT_TRUE(inBounds(4, 4, 8));
  EXPECT_FALSE(inBounds(5, 4, 8));
  EXPECT_FALSE(inBounds(UINT64_MAX, 2, 8));
}

TEST(Utf8, takesWhatUnicodeTakes) {
  for (const char *text : {"", "plain text of more than eight bytes", "\xC3\xA9", "\xE2\x82\xAC",
                           "\xF0\x9F\x8E\xB5 seven", "\xED\x9F\xBF", "\xF4\x8F\xBF\xBF"})
    EXPECT_TRUE(isValidUtf8(text)) << text;
}

TEST(Utf8, findsTheFirstInvalidByte) {
  EXPECT_EQ(validUtf8Prefix("ab\xFFxyz"), 2u);
  EXPECT_EQ(validUtf8Prefix("\xC3"), 0u);             // cut
  EXPECT_EQ(validUtf8Prefix("\xC0\x80"), 0u);         // overlong
  EXPECT_EQ(validUtf8Prefix("a\xED\xA0\x80"), 1u);    // surrogate
  EXPECT_EQ(validUtf8Prefix("\xF4\x90\x80\x80"), 0u); // beyond U+10FFFF
  EXPECT_EQ(validUtf8Prefix("12345678\x80"), 8u);
}

} // namespace
} // namespace rondo::rt
