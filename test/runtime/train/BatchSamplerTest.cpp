// Packing and order of batches: every token once per epoch, no target across documents, resumable anywhere.
#include "runtime/train/BatchSampler.h"

#include "test/runtime/files/TemporaryFolder.h"
#include "test/runtime/train/TokenData.h"

#include <cstdlib>
#include <iostream>
#include <random>

namespace rondo::rt {
namespace {

class BatchSamplerTest : public TemporaryFolder {
protected:
  // A corpus whose tokens are 0, 1, 2, ... cut into documents of these lengths.
  void makeCorpus(const std::vector<uint64_t> &lengths) {
    TokenFileBytes file;
    file.elementBytes = 4;
    uint64_t total = 0;
    for (uint64_t length : lengths) {
      file.starts.push_back(total);
      total += length;
    }
    for (uint64_t i = 0; i < total; ++i)
      file.values.push_back(static_cast<uint32_t>(i));
    corpus.emplace(*Corpus::open(*listDataFiles({put("t", file.text())}), 1 << 30));
  }
  BatchSampler sampler(const SamplerOptions &options) {
    return *BatchSampler::create(*corpus, DocumentSet(corpus->documentStarts()), options);
  }
  // The corpus's document of a token.
  uint64_t documentOf(int32_t token) {
    return DocumentSet(corpus->documentStarts()).documentAt(static_cast<uint64_t>(token));
  }
  bool isLast(int32_t token) {
    auto starts = corpus->documentStarts();
    return std::binary_search(starts.begin(), starts.end(), static_cast<uint64_t>(token) + 1);
  }
  // Checks what holds for every row: runs of documents, their targets, their ids; returns its number of
  // tokens.
  uint64_t checkRow(const Batch &batch, uint64_t row, uint64_t time) {
    const int32_t *tokens = &batch.tokens[row * time], *targets = &batch.targets[row * time];
    const int32_t *segments = &batch.segmentIds[row * time];
    uint64_t length = time;
    while (length > 0 && targets[length - 1] == -1 && !(isLast(tokens[length - 1])))
      --length; // padding; token 0 ends no document of more than one token
    int32_t segment = 0;
    for (uint64_t t = 0; t < length; ++t) {
      if (t > 0 && isLast(tokens[t - 1]))
        ++segment;
      EXPECT_EQ(segments[t], segment);
      EXPECT_EQ(targets[t], isLast(tokens[t]) ? -1 : tokens[t] + 1);
      if (t > 0 && !isLast(tokens[t - 1])) {
        EXPECT_EQ(tokens[t], tokens[t - 1] + 1);
      }
    }
    for (uint64_t t = length; t < time; ++t) {
      EXPECT_EQ(tokens[t], 0);
      EXPECT_EQ(segments[t], length == 0 ? 0 : segment + 1);
    }
    return length;
  }

  std::optional<Corpus> corpus;
};

DataCursor cursorAt(uint64_t epoch, uint64_t index) {
  return {.epoch = epoch, .index = index, .streams = {}};
}

std::vector<int32_t> rowOf(const std::vector<int32_t> &matrix, uint64_t row, uint64_t time) {
  return {matrix.begin() + row * time, matrix.begin() + (row + 1) * time};
}

TEST_F(BatchSamplerTest, packsDocumentsIntoARow) {
  makeCorpus({3, 2, 4});
  BatchSampler streams = sampler({.batch = 1, .time = 12, .seed = 1, .carry = Carry::Detach});
  DataCursor cursor;
  Batch batch;
  ASSERT_TRUE(streams.next(cursor, batch).ok());
  EXPECT_EQ(checkRow(batch, 0, 12), 9u);
  EXPECT_EQ(batch.targetCount, 6u);
  EXPECT_EQ(cursor, cursorAt(1, 0));
}

// Random lengths, widths and batches: an epoch has each token once, in both orders.
TEST_F(BatchSamplerTest, readsEveryTokenOncePerEpoch) {
  const char *factor = std::getenv("RONDO_CASE_FACTOR");
  const int cases = 40 * (factor ? std::atoi(factor) : 1);
  std::mt19937 random(7);
  auto draw = [&](uint64_t least, uint64_t most) { return least + random() % (most - least + 1); };
  for (int i = 0; i < cases; ++i) {
    std::vector<uint64_t> lengths(draw(1, 12));
    for (uint64_t &length : lengths)
      length = draw(2, 30);
    makeCorpus(lengths);
    SamplerOptions options = {.batch = draw(1, 4), .time = draw(1, 20), .seed = random()};
    for (Carry carry : {Carry::None, Carry::Detach}) {
      options.carry = carry;
      SCOPED_TRACE(testing::Message() << "case " << i << " of seed 7, B = " << options.batch
                                      << ", T = " << options.time << ", carry " << (carry == Carry::Detach));
      uint64_t width = carry == Carry::None ? 1 : options.batch;
      std::vector<int> seen(corpus->tokens());
      DataCursor cursor;
      // One row at a time in the shuffled order, so that an epoch ends with a batch.
      BatchSampler single =
          sampler({.batch = width, .time = options.time, .seed = options.seed, .carry = carry});
      Batch batch;
      while (cursor.epoch == 0) {
        ASSERT_TRUE(single.next(cursor, batch).ok());
        if (cursor.epoch > 0 && cursor.index > 0)
          break; // the rest of the epoch had no targets: this batch is the next one's
        for (uint64_t row = 0; row < width; ++row) {
          uint64_t length = checkRow(batch, row, options.time);
          for (uint64_t t = 0; t < length; ++t)
            ++seen[batch.tokens[row * options.time + t]];
        }
      }
      for (size_t token = 0; token < seen.size(); ++token)
        // What passes over batches without targets may leave out the last token of a document.
        EXPECT_TRUE(seen[token] == 1 || (seen[token] == 0 && isLast(static_cast<int32_t>(token)))) << token;
    }
  }
}

TEST_F(BatchSamplerTest, isAFunctionOfSeedEpochAndIndex) {
  makeCorpus({50, 30, 70, 20, 10, 45, 33, 61, 5});
  for (Carry carry : {Carry::None, Carry::Detach}) {
    SamplerOptions options = {.batch = 2, .time = 8, .seed = 5, .carry = carry};
    BatchSampler first = sampler(options), second = sampler(options);
    DataCursor cursor;
    std::vector<Batch> batches(60);
    std::vector<DataCursor> cursors;
    for (Batch &batch : batches) {
      cursors.push_back(cursor);
      ASSERT_TRUE(first.next(cursor, batch).ok());
    }
    EXPECT_GT(cursor.epoch, 1u);
    for (size_t i : {59, 3, 17, 0}) { // from any place, in any order
      Batch again;
      DataCursor from = cursors[i];
      ASSERT_TRUE(second.next(from, again).ok());
      EXPECT_EQ(again.tokens, batches[i].tokens);
      EXPECT_EQ(again.fresh, batches[i].fresh);
    }
    options.seed = 6;
    BatchSampler other = sampler(options);
    Batch different;
    DataCursor start;
    ASSERT_TRUE(other.next(start, different).ok());
    EXPECT_NE(different.tokens, batches[0].tokens);
  }
}

TEST_F(BatchSamplerTest, ordersEpochsDifferently) {
  makeCorpus({400});
  BatchSampler batches = sampler({.batch = 1, .time = 10, .seed = 1});
  Batch one, two;
  DataCursor first, second = cursorAt(1, 0);
  ASSERT_TRUE(batches.next(first, one).ok());
  ASSERT_TRUE(batches.next(second, two).ok());
  EXPECT_NE(one.tokens, two.tokens);
}

TEST_F(BatchSamplerTest, givesSmallBatchesTheRowsOfALargeOne) {
  makeCorpus({50, 30, 70});
  BatchSampler large = sampler({.batch = 6, .time = 8, .seed = 3}),
               small = sampler({.batch = 2, .time = 8, .seed = 3});
  DataCursor largeCursor, smallCursor;
  for (int step = 0; step < 10; ++step) {
    Batch whole, part;
    ASSERT_TRUE(large.next(largeCursor, whole).ok());
    for (int i = 0; i < 3; ++i) {
      ASSERT_TRUE(small.next(smallCursor, part).ok());
      for (uint64_t row : {0, 1})
        EXPECT_EQ(rowOf(part.tokens, row, 8), rowOf(whole.tokens, 2 * i + row, 8));
    }
    EXPECT_EQ(smallCursor, largeCursor);
  }
}

TEST_F(BatchSamplerTest, continuesStreamsRowByRow) {
  makeCorpus({40, 24, 32, 5, 3, 16});
  BatchSampler batches = sampler({.batch = 2, .time = 4, .seed = 9, .carry = Carry::Detach});
  ASSERT_EQ(batches.indicesPerEpoch(), 15u);
  DataCursor cursor;
  Batch before, batch;
  int starts = 0;
  for (int step = 0; step < 8 * 15; ++step) {
    bool newEpoch = cursor.index == 0;
    ASSERT_TRUE(batches.next(cursor, batch).ok());
    for (uint64_t row = 0; row < 2; ++row) {
      int32_t last = newEpoch ? 0 : before.tokens[row * 4 + 3], first = batch.tokens[row * 4];
      EXPECT_EQ(batch.fresh[row], newEpoch || isLast(last));
      starts += !newEpoch && batch.fresh[row];
      if (!batch.fresh[row]) {
        EXPECT_EQ(first, last + 1);
        EXPECT_EQ(before.targets[row * 4 + 3], first);
      }
    }
    before = batch;
  }
  EXPECT_GE(starts, 1) << "no document begins with a row: the test shows less than it should";
}

TEST_F(BatchSamplerTest, repeatsShortData) {
  makeCorpus({3});
  BatchSampler batches = sampler({.batch = 4, .time = 8, .seed = 1});
  DataCursor cursor;
  Batch batch;
  ASSERT_TRUE(batches.next(cursor, batch).ok());
  EXPECT_EQ(cursor, cursorAt(4, 0));
  EXPECT_GE(batch.targetCount, 4u);
}

TEST_F(BatchSamplerTest, passesOverBatchesWithoutTargets) {
  makeCorpus({2, 2, 2});
  BatchSampler batches = sampler({.batch = 1, .time = 1, .seed = 1});
  DataCursor cursor;
  for (int i = 0; i < 30; ++i) {
    Batch batch;
    ASSERT_TRUE(batches.next(cursor, batch).ok());
    EXPECT_EQ(batch.targetCount, 1u);
    EXPECT_EQ(batch.targets[0], batch.tokens[0] + 1);
  }
}

TEST_F(BatchSamplerTest, beginsTheNextEpochAfterACursorOfOtherData) {
  makeCorpus({30});
  BatchSampler batches = sampler({.batch = 1, .time = 8, .seed = 1});
  DataCursor foreign = cursorAt(2, 1000), start = cursorAt(3, 0);
  Batch one, two;
  ASSERT_TRUE(batches.next(foreign, one).ok());
  ASSERT_TRUE(batches.next(start, two).ok());
  EXPECT_EQ(one.tokens, two.tokens);
  EXPECT_EQ(foreign, start);
}

TEST_F(BatchSamplerTest, needsSomethingToPredict) {
  makeCorpus({1, 1});
  EXPECT_EQ(errorIdOf(BatchSampler::create(*corpus, DocumentSet(corpus->documentStarts()), {}).status()),
            ErrorId::NoData);
  EXPECT_EQ(errorIdOf(BatchSampler::create(*corpus, DocumentSet(), {}).status()), ErrorId::NoData);
}

TEST_F(BatchSamplerTest, saysWhenDataHasChanged) {
  makeCorpus({300});
  BatchSampler batches = sampler({.batch = 1, .time = 8, .seed = 1});
  put("t", "gone");
  DataCursor cursor;
  Batch batch;
  EXPECT_EQ(errorIdOf(batches.next(cursor, batch)), ErrorId::TokensTruncated);
}

} // namespace
} // namespace rondo::rt
