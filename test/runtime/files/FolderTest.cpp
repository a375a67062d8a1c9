// Folders: made, listed, locked and removed; hashes in pieces; names of temporary files.
#include "runtime/files/Folder.h"
#include "runtime/files/AtomicFile.h"
#include "runtime/files/ContentHash.h"
#include "test/runtime/files/TemporaryFolder.h"

#include <sys/wait.h>
#include <unistd.h>

namespace rondo::rt {
namespace {

namespace fs = std::filesystem;

using Folders = TemporaryFolder;

TEST_F(Folders, areListedByName) {
  put("b", "x");
  fs::create_directory(path("c"));
  fs::create_directory_symlink(path("c"), path("a"));
  std::vector<std::string> shown;
  absl::StatusOr<std::vector<FolderEntry>> entries = listFolder(folder);
  for (const FolderEntry &entry : *entries)
    shown.push_back(entry.name + (entry.isFolder ? "/" : ""));
  EXPECT_EQ(shown, (std::vector<std::string>{"a", "b", "c/"}));
  EXPECT_EQ(errorIdOf(listFolder(path("b")).status()), ErrorId::FileMissing);
}

TEST_F(Folders, areMadeWithThoseAbove) {
  EXPECT_TRUE(makeFolders(path("a/b/c")).ok());
  EXPECT_TRUE(makeFolders(path("a/b/c")).ok());
  EXPECT_TRUE(fs::is_directory(path("a/b/c")));
  EXPECT_EQ(errorIdOf(makeFolder(path("a"))), ErrorId::WriteFailed);
  put("file", "x");
  EXPECT_EQ(errorIdOf(makeFolders(path("file/b"))), ErrorId::WriteFailed);
  fs::path before = fs::current_path();
  fs::current_path(folder);
  EXPECT_TRUE(makeFolders("relative/x").ok());
  fs::current_path(before);
  EXPECT_TRUE(fs::is_directory(path("relative/x")));
}

TEST_F(Folders, areRemovedWithTheirFilesAndNothingElse) {
  EXPECT_TRUE(removeFolder(path("none")).ok());
  fs::create_directory(path("kept"));
  put("kept/file", "x");
  fs::create_directory(path("gone"));
  put("gone/file", "x");
  fs::create_directory_symlink(path("kept"), path("gone/link"));
  EXPECT_TRUE(removeFolder(path("gone")).ok());
  EXPECT_FALSE(fs::exists(path("gone")));
  EXPECT_EQ(get(path("kept/file")), "x");
  fs::create_directories(path("full/inner"));
  EXPECT_EQ(errorIdOf(removeFolder(path("full"))), ErrorId::WriteFailed);
  EXPECT_TRUE(fs::exists(path("full/inner")));
}

// Whether a process of its own can lock the folder; it ends as if it were killed.
bool canBeLocked(const std::string &path) {
  pid_t child = ::fork();
  if (child == 0)
    ::_exit(LockedFolder::open(path).ok() ? 0 : 1);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return status == 0;
}

TEST_F(Folders, areHeldByOneProcess) {
  EXPECT_TRUE(canBeLocked(path("run")));
  EXPECT_TRUE(canBeLocked(path("run"))); // the first has let go of it
  absl::StatusOr<LockedFolder> held = LockedFolder::open(path("run"));
  ASSERT_TRUE(held.ok());
  EXPECT_FALSE(canBeLocked(path("run")));
  absl::StatusOr<LockedFolder> moved = std::move(held);
  EXPECT_FALSE(canBeLocked(path("run")));
  EXPECT_EQ(errorIdOf(LockedFolder::open(path("run")).status()), ErrorId::FolderInUse);
  moved = absl::CancelledError();
  EXPECT_TRUE(canBeLocked(path("run")));
}

TEST(TemporaryNames, areThoseOfAtomicFiles) {
  for (const char *name : {"weights.safetensors.tmp-12-3", "a.tmp-0-0", "a.tmp-1-2.tmp-3-4"})
    EXPECT_TRUE(AtomicFile::isTemporaryName(name)) << name;
  for (const char *name : {"", "a", ".tmp-1-2", "a.tmp-1", "a.tmp-1-", "a.tmp--2", "a.tmp-1-2x", "a.tmp-x-2",
                           "atmp-1-2", "a.tmp-1-2.svg", "12-3", "3"})
    EXPECT_FALSE(AtomicFile::isTemporaryName(name)) << name;
}

// The vectors of xxHash for the empty text; pieces of any size give the same.
TEST(ContentHashes, areXxh3OverPieces) {
  EXPECT_EQ(hashText(contentHash("")), "2d06800538d394c2");
  std::string text;
  for (int i = 0; i < 5000; ++i)
    text += static_cast<char>(i * i % 251);
  const uint8_t *bytes = reinterpret_cast<const uint8_t *>(text.data());
  for (size_t piece : {1, 7, 256, 4999, 5000}) {
    ContentHash hash;
    for (size_t at = 0; at < text.size(); at += piece)
      hash.add({bytes + at, std::min(piece, text.size() - at)});
    EXPECT_EQ(hash.value(), contentHash(text)) << piece;
  }
  EXPECT_EQ(hashText(0xab), "00000000000000ab");
}

} // namespace
} // namespace rondo::rt
