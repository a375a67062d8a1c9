// Rows cut from documents behind one another.
#include "runtime/train/BatchSampler.h"

#include "runtime/random/Permutation.h"
#include "runtime/random/Philox.h"

#include <algorithm>

namespace rondo::rt {
namespace {

// Streams of random numbers; the epoch is added, so they lie far apart.
constexpr uint64_t kRowOrder = uint64_t{1} << 60;
constexpr uint64_t kRotation = uint64_t{2} << 60;
constexpr uint64_t kDocumentOrder = uint64_t{3} << 60;

uint64_t ceilDivide(uint64_t a, uint64_t b) { return a / b + (a % b != 0); }

// Uniform in [0, size) to within 2^-53.
uint64_t rotation(uint64_t seed, uint64_t epoch, uint64_t size) {
  double share = uniform64At(seed, kRotation + epoch, 0);
  return std::min(static_cast<uint64_t>(share * static_cast<double>(size)), size - 1);
}

void beginNextEpoch(DataCursor &cursor) {
  ++cursor.epoch;
  cursor.index = 0;
}

} // namespace

absl::StatusOr<BatchSampler> BatchSampler::create(Corpus &corpus, DocumentSet documents,
                                                  const SamplerOptions &options) {
  if (documents.tokens() == 0 || documents.targets() == 0)
    return makeError(ErrorId::NoData, "expected data with a document of at least two tokens, found none");
  BatchSampler sampler(corpus, std::move(documents), options);
  sampler.piece_.resize(options.time + 1);
  return absl::StatusOr<BatchSampler>(std::move(sampler));
}

uint64_t BatchSampler::streamLength() const { return ceilDivide(documents_.tokens(), options_.batch); }

uint64_t BatchSampler::indicesPerEpoch() const {
  return ceilDivide(options_.carry == Carry::None ? documents_.tokens() : streamLength(), options_.time);
}

absl::Status BatchSampler::next(DataCursor &cursor, Batch &batch) {
  const uint64_t size = options_.batch * options_.time;
  batch.tokens.resize(size);
  batch.targets.resize(size);
  batch.segmentIds.resize(size);
  batch.fresh.resize(options_.batch);
  if (cursor.index >= indicesPerEpoch()) // a cursor of other data
    beginNextEpoch(cursor);
  bool skipped = false;
  do {
    batch.targetCount = 0;
    RONDO_RETURN_IF_ERROR(options_.carry == Carry::None ? fillShuffled(cursor, batch)
                                                        : fillStreams(cursor, batch));
    // What a batch that is passed over would have handed on is lost.
    if (skipped)
      std::fill(batch.fresh.begin(), batch.fresh.end(), 1);
    skipped = true;
  } while (batch.targetCount == 0);
  return absl::OkStatus();
}

absl::Status BatchSampler::fillShuffled(DataCursor &cursor, Batch &batch) {
  const uint64_t rows = indicesPerEpoch(), tokens = documents_.tokens();
  for (uint64_t b = 0; b < options_.batch; ++b) {
    uint64_t row = permutedIndex(options_.seed, kRowOrder + cursor.epoch, rows, cursor.index);
    uint64_t begin = row * options_.time;
    uint64_t start = (begin + rotation(options_.seed, cursor.epoch, tokens)) % tokens;
    RONDO_RETURN_IF_ERROR(fillRow(documents_, start, std::min(options_.time, tokens - begin), b, batch));
    batch.fresh[b] = 1;
    if (++cursor.index == rows)
      beginNextEpoch(cursor);
  }
  return absl::OkStatus();
}

absl::Status BatchSampler::fillStreams(DataCursor &cursor, Batch &batch) {
  if (orderedEpoch_ != cursor.epoch) {
    ordered_ = documents_.shuffled(options_.seed, kDocumentOrder + cursor.epoch);
    orderedEpoch_ = cursor.epoch;
  }
  const uint64_t tokens = ordered_.tokens(), length = streamLength();
  const uint64_t turn = rotation(options_.seed, cursor.epoch, tokens);
  for (uint64_t b = 0; b < options_.batch; ++b) {
    uint64_t end = std::min(tokens, (b + 1) * length);
    uint64_t begin = std::min(end, b * length + cursor.index * options_.time);
    uint64_t start = (begin + turn) % tokens;
    RONDO_RETURN_IF_ERROR(fillRow(ordered_, start, std::min(options_.time, end - begin), b, batch));
    batch.fresh[b] = cursor.index == 0 || begin == end || ordered_.start(ordered_.documentAt(start)) == start;
  }
  if (++cursor.index == indicesPerEpoch())
    beginNextEpoch(cursor);
  return absl::OkStatus();
}

absl::Status BatchSampler::fillRow(const DocumentSet &set, uint64_t position, uint64_t length, uint64_t row,
                                   Batch &batch) {
  const uint64_t time = options_.time;
  int32_t *tokens = batch.tokens.data() + row * time, *targets = batch.targets.data() + row * time;
  int32_t *segments = batch.segmentIds.data() + row * time;
  int32_t segment = 0;
  for (uint64_t done = 0; done < length; ++segment) {
    uint64_t index = set.documentAt(position);
    DocumentSet::Document document = set.document(index);
    uint64_t inside = position - set.start(index);
    uint64_t count = std::min(length - done, document.tokens - inside);
    bool goesOn = inside + count < document.tokens; // then one token more is known
    auto piece = absl::MakeSpan(piece_).first(count + goesOn);
    RONDO_RETURN_IF_ERROR(corpus_->read(document.first + inside, piece));
    std::copy_n(piece.begin(), count, tokens + done);
    std::copy_n(piece.begin() + 1, piece.size() - 1, targets + done);
    if (!goesOn)
      targets[done + count - 1] = -1;
    std::fill_n(segments + done, count, segment);
    batch.targetCount += piece.size() - 1;
    done += count;
    position = (position + count) % set.tokens();
  }
  std::fill(tokens + length, tokens + time, 0);
  std::fill(targets + length, targets + time, -1);
  std::fill(segments + length, segments + time, segment);
  return absl::OkStatus();
}

} // namespace rondo::rt
