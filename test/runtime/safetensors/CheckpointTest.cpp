// Files, folders and shard indices; paths that try to leave the folder.
#include "runtime/safetensors/Checkpoint.h"
#include "runtime/safetensors/ShardIndex.h"
#include "test/runtime/files/TemporaryFolder.h"
#include "test/runtime/safetensors/FileText.h"

namespace rondo::rt::safetensors {
namespace {

constexpr const char *kIndex = "model.safetensors.index.json";

class Checkpoints : public TemporaryFolder {
protected:
  // A file with one U8 tensor of 4 elements.
  void putShard(const std::string &file, const std::string &tensor) const {
    put(file, fileText("{\"" + tensor + "\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}", 4));
  }
  std::optional<ErrorId> idOfIndex(const std::string &json) const {
    put(kIndex, json);
    return errorIdOf(Checkpoint::open(folder).status());
  }
};

TEST_F(Checkpoints, opensOneFile) {
  putShard("w.safetensors", "a");
  absl::StatusOr<Checkpoint> checkpoint = Checkpoint::open(path("w.safetensors"));
  ASSERT_TRUE(checkpoint.ok());
  EXPECT_EQ(checkpoint->tensors().size(), 1u);
  EXPECT_EQ(checkpoint->find("a").info->elements(), 4u);
  EXPECT_EQ(checkpoint->find("b").info, nullptr);
}

TEST_F(Checkpoints, opensShards) {
  putShard("1.safetensors", "b");
  putShard("2.safetensors", "a");
  put(kIndex,
      R"({"metadata":{"total_size":8,"deep":[[{}],null]},"weight_map":{"a":"2.safetensors","b":"1.safetensors"}})");
  absl::StatusOr<Checkpoint> checkpoint = Checkpoint::open(folder);
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  ASSERT_EQ(checkpoint->tensors().size(), 2u);
  EXPECT_EQ(checkpoint->tensors()[0].info->name, "a");
  EXPECT_EQ(checkpoint->find("a").file->path(), path("2.safetensors"));
}

TEST_F(Checkpoints, opensAFolderWithOneFile) {
  EXPECT_EQ(errorIdOf(Checkpoint::open(folder).status()), ErrorId::FileMissing);
  putShard("only.safetensors", "a");
  EXPECT_TRUE(Checkpoint::open(folder).ok());
  putShard("second.safetensors", "b");
  EXPECT_EQ(errorIdOf(Checkpoint::open(folder).status()), ErrorId::FileMissing);
}

TEST_F(Checkpoints, refusesMalformedIndices) {
  putShard("s.safetensors", "a");
  for (const char *json : {
           "",
           "[]",
           "4",
           "{",
           "{}",
           "{\"weight_map\":[]}",
           "{\"weight_map\":4}",
           "{\"weight_map\":{\"a\":4}}",
           "{\"weight_map\":{\"a\":{}}}",
           "{\"weight_map\":{\"a\":[]}}",
           "{\"weight_map\":{\"a\":\"s.safetensors\",\"a\":\"s.safetensors\"}}",
           "{\"weight_map\":{},\"weight_map\":{}}",
           "{\"weight_map\":{\"b\":\"s.safetensors\"}}", // the shard holds another tensor
           "{\"weight_map\":{\"\xFF\":\"s.safetensors\"}}",
       })
    EXPECT_EQ(idOfIndex(json), ErrorId::BadIndexFile) << json;
}

TEST_F(Checkpoints, refusesATensorInTwoShards) {
  putShard("1.safetensors", "a");
  put("2.safetensors", fileText(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                                R"("b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
                                2));
  EXPECT_EQ(idOfIndex(R"({"weight_map":{"a":"1.safetensors","b":"2.safetensors"}})"), ErrorId::DuplicateKey);
}

TEST_F(Checkpoints, refusesPathsThatLeaveTheFolder) {
  for (const char *name :
       {"../s.safetensors", "/etc/passwd", "sub/s.safetensors", "..", ".", "", "a\\\\b", "s\\u0000"})
    EXPECT_EQ(idOfIndex("{\"weight_map\":{\"a\":\"" + std::string(name) + "\"}}"), ErrorId::PathEscape)
        << name;
}

TEST_F(Checkpoints, refusesShardsThatAreNoPlainFiles) {
  std::filesystem::create_directory(path("inner"));
  putShard("inner/s.safetensors", "a");
  std::string index = R"({"weight_map":{"a":"s.safetensors"}})";
  EXPECT_EQ(idOfIndex(index), ErrorId::FileMissing);
  std::filesystem::create_symlink("inner/s.safetensors", path("s.safetensors"));
  EXPECT_EQ(idOfIndex(index), ErrorId::PathEscape);
  std::filesystem::remove(path("s.safetensors"));
  std::filesystem::create_hard_link(path("inner/s.safetensors"), path("s.safetensors"));
  EXPECT_EQ(idOfIndex(index), ErrorId::NotRegularFile);
  std::filesystem::remove(path("s.safetensors"));
  std::filesystem::create_directory(path("s.safetensors"));
  EXPECT_EQ(idOfIndex(index), ErrorId::NotRegularFile);
}

// The cache of Hugging Face: snapshots/REVISION/FILE -> ../../blobs/HASH.
class Snapshots : public Checkpoints {
protected:
  void SetUp() override {
    Checkpoints::SetUp();
    for (const char *name : {"m", "m/blobs", "m/snapshots", "m/snapshots/rev"})
      std::filesystem::create_directory(path(name));
    putShard("m/blobs/0123abcd", "a");
    put(snapshot + kIndex, R"({"weight_map":{"a":"s.safetensors"}})");
  }
  void link(const std::string &target) {
    std::filesystem::remove(path(snapshot + "s.safetensors"));
    std::filesystem::create_symlink(target, path(snapshot + "s.safetensors"));
  }
  std::optional<ErrorId> idOfLink(const std::string &target) {
    link(target);
    return errorIdOf(Checkpoint::open(path("m/snapshots/rev")).status());
  }
  const std::string snapshot = "m/snapshots/rev/";
};

TEST_F(Snapshots, opensBlobsOfTheSameModel) {
  link("../../blobs/0123abcd");
  absl::StatusOr<Checkpoint> checkpoint = Checkpoint::open(path("m/snapshots/rev"));
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  EXPECT_EQ(checkpoint->find("a").info->elements(), 4u);
  std::filesystem::create_directory_symlink("m/snapshots/rev", path("mine")); // the user may name links
  EXPECT_TRUE(Checkpoint::open(path("mine")).ok());
}

TEST_F(Snapshots, refusesLinksToAnythingElse) {
  putShard("outside", "a");
  putShard("m/blobs/sub", "a");
  for (const char *target : {"../../../outside", "../../blobs/../../outside", "../../blobs/..",
                             "../../blobs/", "../blobs/0123abcd", "/etc/passwd"})
    EXPECT_EQ(idOfLink(target), ErrorId::PathEscape) << target;
  EXPECT_EQ(idOfLink(path("outside")), ErrorId::PathEscape);
  EXPECT_EQ(idOfLink("../../blobs/missing"), ErrorId::FileMissing);
  std::filesystem::create_symlink("../../outside", path("m/blobs/link"));
  EXPECT_EQ(idOfLink("../../blobs/link"), ErrorId::PathEscape);
  std::filesystem::create_hard_link(path("outside"), path("m/blobs/twin"));
  EXPECT_EQ(idOfLink("../../blobs/twin"), ErrorId::NotRegularFile);
}

TEST_F(Snapshots, refusesOtherLayouts) {
  link("../../blobs/0123abcd");
  std::filesystem::rename(path("m/snapshots"), path("m/revisions"));
  EXPECT_EQ(errorIdOf(Checkpoint::open(path("m/revisions/rev")).status()), ErrorId::PathEscape);
  std::filesystem::rename(path("m/revisions"), path("m/snapshots"));
  std::filesystem::rename(path("m/blobs"), path("elsewhere"));
  std::filesystem::create_directory_symlink("../elsewhere", path("m/blobs"));
  EXPECT_EQ(errorIdOf(Checkpoint::open(path("m/snapshots/rev")).status()), ErrorId::PathEscape);
}

} // namespace
} // namespace rondo::rt::safetensors
