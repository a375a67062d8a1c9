// Data on disk: which files belong to it, what they hold, what is refused.
#include "runtime/train/Corpus.h"

#include "test/runtime/files/TemporaryFolder.h"
#include "test/runtime/train/TokenData.h"

#include <sys/resource.h>
#include <sys/stat.h>

namespace rondo::rt {
namespace {

class CorpusTest : public TemporaryFolder {
protected:
  absl::StatusOr<Corpus> open(const std::vector<std::string> &paths, uint64_t vocabulary = 256) {
    RONDO_ASSIGN_OR_RETURN(std::vector<DataFile> files, listDataFiles(paths));
    return Corpus::open(files, vocabulary);
  }
  std::vector<int32_t> all(Corpus &corpus) {
    std::vector<int32_t> tokens(corpus.tokens());
    absl::Status status = corpus.read(0, absl::MakeSpan(tokens));
    EXPECT_TRUE(status.ok()) << formatError(status);
    return tokens;
  }
  // The error of a token file.
  absl::Status errorOf(const TokenFileBytes &file) { return open({put("t", file.text())}, 1000).status(); }
};

TEST_F(CorpusTest, walksFoldersInOrderAndSkipsLinks) {
  std::filesystem::create_directories(path("d/sub"));
  put("d/b", "B");
  put("d/a", "A");
  put("d/sub/c", "C");
  std::filesystem::create_symlink(path("d/a"), path("d/again"));
  std::filesystem::create_directory_symlink(path("d"), path("d/sub/loop"));
  ASSERT_EQ(mkfifo(path("d/pipe").c_str(), 0600), 0);
  absl::StatusOr<Corpus> corpus = open({path("d")});
  ASSERT_TRUE(corpus.ok()) << formatError(corpus.status());
  EXPECT_EQ(all(*corpus), (std::vector<int32_t>{'A', 'B', 'C'}));
  EXPECT_EQ(corpus->documents(), 3u);
}

TEST_F(CorpusTest, followsALinkThatIsNamed) {
  put("a", "text");
  std::filesystem::create_symlink(path("a"), path("link"));
  EXPECT_EQ(open({path("link")})->tokens(), 4u);
}

TEST_F(CorpusTest, refusesWhatIsNoData) {
  EXPECT_EQ(errorIdOf(open({path("missing")}).status()), ErrorId::FileMissing);
  EXPECT_EQ(errorIdOf(open({"/dev/null"}).status()), ErrorId::NotRegularFile);
}

TEST_F(CorpusTest, findsSharedFilesUnderOtherNames) {
  put("a", "text");
  put("b", "text");
  std::filesystem::create_hard_link(path("a"), path("c"));
  std::vector<DataFile> files = *listDataFiles({folder});
  EXPECT_EQ(removeShared(files, *listDataFiles({path("c")})), 2u);
  ASSERT_EQ(files.size(), 1u);
  EXPECT_EQ(files[0].path, path("b"));
}

TEST_F(CorpusTest, readsBytesAsTheyAre) {
  absl::StatusOr<Corpus> corpus = open({put("a", std::string("\0\xFFz", 3)), put("b", "")});
  EXPECT_EQ(all(*corpus), (std::vector<int32_t>{0, 255, 'z'}));
  EXPECT_EQ(corpus->documents(), 1u); // an empty file is none
  EXPECT_TRUE(corpus->hasText());
}

TEST_F(CorpusTest, readsTokensOfEveryWidth) {
  for (uint32_t width : {1, 2, 4}) {
    TokenFileBytes file;
    file.elementBytes = width;
    file.starts = {0, 2};
    file.values = {7, 255, 3};
    if (width > 1)
      file.values[1] = width == 2 ? 65535 : 70000;
    absl::StatusOr<Corpus> corpus = open({put("t", file.text())}, 1 << 20);
    ASSERT_TRUE(corpus.ok()) << formatError(corpus.status());
    EXPECT_EQ(all(*corpus), (std::vector<int32_t>(file.values.begin(), file.values.end())));
    EXPECT_EQ(corpus->documentStarts(), (std::vector<uint64_t>{0, 2, 3}));
    EXPECT_FALSE(corpus->hasText());
  }
}

TEST_F(CorpusTest, readsAcrossFiles) {
  TokenFileBytes file;
  file.starts = {0, 1};
  file.values = {10, 11, 12};
  absl::StatusOr<Corpus> corpus = open({put("a", "ab"), put("t", file.text()), put("z", "yz")});
  EXPECT_EQ(all(*corpus), (std::vector<int32_t>{'a', 'b', 10, 11, 12, 'y', 'z'}));
  EXPECT_EQ(corpus->documentStarts(), (std::vector<uint64_t>{0, 2, 3, 5, 7}));
  std::vector<int32_t> part(3);
  ASSERT_TRUE(corpus->read(4, absl::MakeSpan(part)).ok());
  EXPECT_EQ(part, (std::vector<int32_t>{12, 'y', 'z'}));
}

// More files than are kept open, read back and forth.
TEST_F(CorpusTest, readsMoreFilesThanMayBeOpen) {
  std::filesystem::create_directory(path("d"));
  constexpr int kFiles = 300;
  for (int i = 0; i < kFiles; ++i)
    put("d/" + std::to_string(1000 + i), std::string(1, static_cast<char>(i % 250)));
  absl::StatusOr<Corpus> corpus = open({path("d")});
  for (int step : {1, 7, 299})
    for (int i = 0, at = 0; i < kFiles; ++i, at = (at + step) % kFiles) {
      int32_t token = -1;
      ASSERT_TRUE(corpus->read(at, {&token, 1}).ok());
      EXPECT_EQ(token, at % 250);
    }
}

TEST_F(CorpusTest, namesTheTokenBeyondTheVocabulary) {
  absl::Status status = open({put("a", "abc\x7F")}, 127).status();
  EXPECT_EQ(errorIdOf(status), ErrorId::TokenRange);
  EXPECT_EQ(placeOf(status), path("a"));
  EXPECT_EQ(status.message(), "expected tokens below the vocabulary of 127, found 127 at byte 3");
  TokenFileBytes file;
  file.starts = {0};
  file.values = {1, 2, 300};
  EXPECT_EQ(open({put("t", file.text())}, 300).status().message(),
            "expected tokens below the vocabulary of 300, found 300 at byte 44");
  file.elementBytes = 4;
  file.values = {0xFFFFFFFF};
  EXPECT_EQ(errorIdOf(open({put("t", file.text())}, UINT64_MAX).status()), ErrorId::TokenRange);
}

TEST_F(CorpusTest, hashesTokensAndDocumentsNotNames) {
  put("a", "one text");
  put("b", "one text");
  put("c", "one");
  put("d", " text");
  uint64_t hash = open({path("a")})->hash();
  EXPECT_EQ(open({path("b")})->hash(), hash);
  EXPECT_NE(open({path("c"), path("d")})->hash(), hash);
  EXPECT_NE(open({path("c")})->hash(), hash);
}

TEST_F(CorpusTest, noticesFilesThatChangeLater) {
  absl::StatusOr<Corpus> corpus = open({put("a", "long text")});
  put("a", "short");
  int32_t token;
  EXPECT_EQ(errorIdOf(corpus->read(0, {&token, 1})), ErrorId::TokensTruncated); // not open yet: another size
  put("a", "long text");
  ASSERT_TRUE(corpus->read(0, {&token, 1}).ok());
  put("a", "short");
  EXPECT_EQ(errorIdOf(corpus->read(8, {&token, 1})), ErrorId::TokensTruncated); // open: its end is gone
}

TEST_F(CorpusTest, noticesPagesThatGoLater) {
  absl::StatusOr<Corpus> corpus = open({put("a", std::string(100000, 'x'))});
  std::vector<int32_t> tokens(1000);
  ASSERT_TRUE(corpus->read(90000, absl::MakeSpan(tokens)).ok());
  std::filesystem::resize_file(path("a"), 10000);
  EXPECT_EQ(errorIdOf(corpus->read(90000, absl::MakeSpan(tokens))), ErrorId::TokensTruncated);
  EXPECT_TRUE(corpus->read(0, absl::MakeSpan(tokens)).ok());
}

// The pass over the data at the start, which hashes it, keeps none of it.
TEST_F(CorpusTest, opensMoreThanItMayHold) {
  constexpr int64_t kBytes = 256 << 20;
  std::filesystem::resize_file(put("a", ""), kBytes);
  struct rusage start = {}, end = {};
  getrusage(RUSAGE_SELF, &start);
  absl::StatusOr<Corpus> corpus = open({path("a")});
  getrusage(RUSAGE_SELF, &end);
  ASSERT_TRUE(corpus.ok()) << formatError(corpus.status());
  EXPECT_EQ(corpus->tokens(), static_cast<uint64_t>(kBytes));
  EXPECT_LT(end.ru_maxrss - start.ru_maxrss, (kBytes >> 10) / 8); // KiB
}

TEST_F(CorpusTest, refusesMalformedTokenFiles) {
  TokenFileBytes good;
  good.starts = {0, 2};
  good.values = {1, 2, 3};
  ASSERT_TRUE(errorOf(good).ok());

  auto with = [&](auto change) {
    TokenFileBytes file = good;
    change(file);
    return errorIdOf(errorOf(file));
  };
  EXPECT_EQ(with([](TokenFileBytes &f) { f.version = 2; }), ErrorId::TokensVersion);
  for (uint32_t width : {0u, 3u, 8u, 0xFFFFFFFFu})
    EXPECT_EQ(with([&](TokenFileBytes &f) { f.elementBytes = width, f.values = {}, f.tokens = 3; }),
              ErrorId::TokensElement);
  for (uint64_t count : {uint64_t{4}, uint64_t{1} << 63, UINT64_MAX}) {
    EXPECT_EQ(with([&](TokenFileBytes &f) { f.tokens = count; }), ErrorId::TokensTruncated);
    EXPECT_EQ(with([&](TokenFileBytes &f) { f.documents = count; }), ErrorId::TokensTruncated);
  }
  EXPECT_EQ(with([](TokenFileBytes &f) { f.tokens = 2; }), ErrorId::TokensTrailing);
  EXPECT_EQ(with([](TokenFileBytes &f) { f.documents = 1; }), ErrorId::TokensTrailing);
  EXPECT_EQ(with([](TokenFileBytes &f) { f.starts = {}; }), ErrorId::TokensIndex);
  EXPECT_EQ(with([](TokenFileBytes &f) { f.values = {}; }), ErrorId::TokensIndex);
  using Starts = std::vector<uint64_t>;
  for (const Starts &starts :
       {Starts{1, 2}, Starts{0, 0}, Starts{0, 2, 1}, Starts{0, 3}, Starts{0, UINT64_MAX}})
    EXPECT_EQ(with([&](TokenFileBytes &f) { f.starts = starts; }), ErrorId::TokensIndex);
}

TEST_F(CorpusTest, refusesTokenFilesCutAnywhere) {
  TokenFileBytes file;
  file.starts = {0, 2};
  file.values = {1, 2, 3};
  std::string text = file.text();
  for (size_t length = kTokenFileMagic.size(); length < text.size(); ++length)
    EXPECT_EQ(errorIdOf(open({put("t", text.substr(0, length))}).status()), ErrorId::TokensTruncated)
        << length;
  EXPECT_TRUE(open({put("t", text.substr(0, 7))})->hasText()); // less than the magic number is text
}

TEST_F(CorpusTest, takesAnEmptyTokenFile) {
  absl::StatusOr<Corpus> corpus = open({put("t", TokenFileBytes().text())});
  ASSERT_TRUE(corpus.ok()) << formatError(corpus.status());
  EXPECT_EQ(corpus->tokens(), 0u);
}

} // namespace
} // namespace rondo::rt
