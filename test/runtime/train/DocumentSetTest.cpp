// Orders and splits of documents.
#include "runtime/train/DocumentSet.h"

#include "gtest/gtest.h"

#include <algorithm>
#include <map>
#include <numeric>

namespace rondo::rt {
namespace {

DocumentSet ofLengths(const std::vector<uint64_t> &lengths) {
  std::vector<uint64_t> starts = {0};
  for (uint64_t length : lengths)
    starts.push_back(starts.back() + length);
  return DocumentSet(starts);
}

// First token to length.
std::map<uint64_t, uint64_t> contents(const DocumentSet &set) {
  std::map<uint64_t, uint64_t> all;
  for (uint64_t i = 0; i < set.documents(); ++i)
    all[set.document(i).first] = set.document(i).tokens;
  return all;
}

TEST(DocumentSet, findsDocumentsByPosition) {
  DocumentSet set = ofLengths({3, 1, 2});
  std::vector<uint64_t> found;
  for (uint64_t position = 0; position < set.tokens(); ++position)
    found.push_back(set.documentAt(position));
  EXPECT_EQ(found, (std::vector<uint64_t>{0, 0, 0, 1, 2, 2}));
  EXPECT_EQ(set.targets(), 3u);
}

TEST(DocumentSet, shufflesWithoutLoss) {
  std::vector<uint64_t> lengths(100);
  std::iota(lengths.begin(), lengths.end(), 1);
  DocumentSet set = ofLengths(lengths), shuffled = set.shuffled(1, 2);
  EXPECT_EQ(contents(shuffled), contents(set));
  EXPECT_NE(shuffled.document(0).first + shuffled.document(1).first, set.document(1).first);
  EXPECT_EQ(set.shuffled(1, 2).document(5).first, shuffled.document(5).first);
  EXPECT_NE(contents(set.shuffled(1, 3)).begin(), contents(shuffled).begin());
}

TEST(HoldOut, takesWholeSmallDocuments) {
  DocumentSet all = ofLengths(std::vector<uint64_t>(100, 50));
  HeldOut split = holdOut(all, 0);
  EXPECT_EQ(split.validation.tokens(), 250u);
  EXPECT_EQ(split.training.tokens() + split.validation.tokens(), all.tokens());
  std::map<uint64_t, uint64_t> both = contents(split.training);
  both.merge(contents(split.validation));
  EXPECT_EQ(both, contents(all));
}

TEST(HoldOut, leavesLargeDocumentsInTraining) {
  HeldOut split = holdOut(ofLengths({100000, 3000, 3000, 100000}), 0);
  EXPECT_EQ(split.validation.tokens(), 12000u / 2);
  EXPECT_EQ(contents(split.validation), (std::map<uint64_t, uint64_t>{{100000, 3000}, {103000, 3000}}));
}

TEST(HoldOut, cutsTheEndOfTheLargestWhereNoneIsSmall) {
  HeldOut split = holdOut(ofLengths({400, 600}), 0);
  EXPECT_EQ(contents(split.training), (std::map<uint64_t, uint64_t>{{0, 400}, {400, 550}}));
  EXPECT_EQ(contents(split.validation), (std::map<uint64_t, uint64_t>{{950, 50}}));
  EXPECT_EQ(contents(holdOut(ofLengths({1000}), 0).validation), (std::map<uint64_t, uint64_t>{{950, 50}}));
}

TEST(HoldOut, keepsToItsLimit) {
  EXPECT_EQ(contents(holdOut(ofLengths({1000}), 8).validation), (std::map<uint64_t, uint64_t>{{992, 8}}));
}

TEST(HoldOut, holdsNothingOutOfLittle) {
  HeldOut split = holdOut(ofLengths({30}), 0);
  EXPECT_EQ(split.validation.documents(), 0u);
  EXPECT_EQ(split.training.tokens(), 30u);
}

} // namespace
} // namespace rondo::rt
