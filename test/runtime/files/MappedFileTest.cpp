// Mapped files: reading, files that shrink, and systems that refuse what mappings are copied with.
#include "runtime/files/MappedFile.h"
#include "test/runtime/files/TemporaryFolder.h"

#include <cerrno>
#include <sys/uio.h>
#include <unistd.h>

namespace rondo::rt {
namespace {

using MappedFiles = TemporaryFolder;

// What process_vm_readv answers, which the linker sends here: the system if 0.
int refusal = 0;
int copies = 0; // calls so far

TEST_F(MappedFiles, mapsAFile) {
  MappedFile file(*InputFile::open(put("a", "0123456789")));
  ASSERT_TRUE(file.isMapped());
  uint8_t three[3];
  ASSERT_TRUE(file.readAt(7, absl::MakeSpan(three), ErrorId::Truncated).ok());
  EXPECT_EQ(three[2], '9');
  EXPECT_EQ(errorIdOf(file.readAt(8, absl::MakeSpan(three), ErrorId::Truncated)), ErrorId::Truncated);
  EXPECT_EQ(errorIdOf(file.readAt(UINT64_MAX, absl::MakeSpan(three), ErrorId::Truncated)),
            ErrorId::Truncated);
  MappedFile moved(std::move(file));
  EXPECT_TRUE(moved.readAt(0, absl::MakeSpan(three), ErrorId::Truncated).ok());
}

TEST_F(MappedFiles, readsAnEmptyMapping) {
  MappedFile file(*InputFile::open(put("a", "")));
  EXPECT_TRUE(file.readAt(0, {}, ErrorId::Truncated).ok());
  uint8_t one[1];
  EXPECT_EQ(errorIdOf(file.readAt(0, absl::MakeSpan(one), ErrorId::Truncated)), ErrorId::Truncated);
}

// Whole pages go, which a load would answer with a signal, or the end of a page, which reads as zeros.
TEST_F(MappedFiles, noticesAMappedFileThatShrinks) {
  for (off_t left : {0, 100, 4096, 9000}) {
    std::string name = put("a", std::string(100000, 'x'));
    MappedFile file(*InputFile::open(name));
    std::vector<uint8_t> bytes(1000);
    ASSERT_TRUE(file.readAt(8500, absl::MakeSpan(bytes), ErrorId::Truncated).ok()); // the pages are there
    ASSERT_EQ(::truncate(name.c_str(), left), 0);
    EXPECT_EQ(errorIdOf(file.readAt(8500, absl::MakeSpan(bytes), ErrorId::Truncated)), ErrorId::Truncated)
        << left;
    EXPECT_EQ(errorIdOf(file.readAt(90000, absl::MakeSpan(bytes), ErrorId::Truncated)), ErrorId::Truncated)
        << left;
    auto before = absl::MakeSpan(bytes).first(std::min<size_t>(left, 10));
    EXPECT_TRUE(file.readAt(0, before, ErrorId::Truncated).ok()) << left;
    ASSERT_EQ(::unlink(name.c_str()), 0);
  }
}

// Far more than the machine's memory: only the pages that are read take any.
TEST_F(MappedFiles, mapsMoreThanMemory) {
  std::string name = put("a", "begin");
  constexpr uint64_t kBytes = uint64_t{1} << 42;
  if (::truncate(name.c_str(), static_cast<off_t>(kBytes)) != 0)
    GTEST_SKIP() << "the file system has no files of 4 TiB";
  MappedFile file(*InputFile::open(name));
  if (!file.isMapped())
    GTEST_SKIP() << "the address space is limited";
  uint8_t last[8] = {1};
  ASSERT_TRUE(file.readAt(kBytes - 8, absl::MakeSpan(last), ErrorId::Truncated).ok());
  EXPECT_EQ(last[0], 0);
}

// Containers forbid process_vm_readv (EPERM), small systems lack it (ENOSYS).
TEST_F(MappedFiles, areReadInPlaceOfCopiesThatTheSystemRefuses) {
  for (int error : {EPERM, ENOSYS}) {
    std::string name = put("a", "0123456789");
    MappedFile file(*InputFile::open(name));
    ASSERT_TRUE(file.isMapped());
    refusal = error;
    int before = copies;
    uint8_t three[3] = {};
    EXPECT_TRUE(file.readAt(7, absl::MakeSpan(three), ErrorId::Truncated).ok());
    EXPECT_EQ(copies, before + 1);
    EXPECT_EQ(three[2], '9');
    ASSERT_EQ(::truncate(name.c_str(), 8), 0);
    EXPECT_EQ(errorIdOf(file.readAt(7, absl::MakeSpan(three), ErrorId::Truncated)), ErrorId::Truncated);
    refusal = 0;
  }
}

extern "C" {
ssize_t __real_process_vm_readv(pid_t, const iovec *, unsigned long, const iovec *, unsigned long,
                                unsigned long);
ssize_t __wrap_process_vm_readv(pid_t process, const iovec *to, unsigned long toCount, const iovec *from,
                                unsigned long fromCount, unsigned long flags) {
  ++copies;
  if (refusal == 0)
    return __real_process_vm_readv(process, to, toCount, from, fromCount, flags);
  errno = refusal;
  return -1;
}
}

} // namespace
} // namespace rondo::rt
