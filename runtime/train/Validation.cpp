// Walks documents through `score`, a lane per row.
#include "runtime/train/Validation.h"

#include "runtime/train/StateCopy.h"

#include "absl/strings/str_cat.h"

#include <algorithm>

namespace rondo::rt {
namespace {

TensorView integers(const std::vector<int32_t> &values, absl::Span<const uint64_t> shape) {
  return {format::DType::I32,
          shape,
          {reinterpret_cast<const uint8_t *>(values.data()), values.size() * sizeof(int32_t)}};
}

// The first `limit` tokens; documents with nothing to predict are left out.
DocumentSet firstTokens(const DocumentSet &all, uint64_t limit) {
  DocumentSet first;
  for (uint64_t i = 0; i < all.documents(); ++i) {
    DocumentSet::Document document = all.document(i);
    if (limit != 0)
      document.tokens = std::min(document.tokens, limit - first.tokens());
    if (document.tokens >= 2)
      first.add(document);
    if (limit != 0 && first.tokens() + 2 > limit)
      break;
  }
  return first;
}

} // namespace

absl::StatusOr<std::unique_ptr<Validation>> Validation::create(Session &session, Corpus &corpus,
                                                               const DocumentSet &documents, uint64_t limit) {
  const format::Entry *entry = session.package().findEntry(format::EntryKind::Score);
  if (!entry)
    return std::unique_ptr<Validation>();
  std::unique_ptr<Validation> validation(new Validation(session, corpus, firstTokens(documents, limit)));
  if (validation->documents_.documents() == 0)
    return makeError(ErrorId::NoData,
                     "expected validation data with a document of at least two tokens, found none");
  RONDO_ASSIGN_OR_RETURN(validation->executor_, session.executor(*entry));
  RONDO_ASSIGN_OR_RETURN(TensorView output, validation->executor_->output("log_prob"));
  if (output.dtype != format::DType::F32 ||
      output.bytes.size() != entry->batch() * entry->time() * sizeof(float))
    return makeError(ErrorId::Internal, "expected output 'log_prob' to be f32 [B, T]");
  validation->lanes_.resize(entry->batch());
  validation->lengths_.resize(entry->batch());
  validation->tokens_.resize(entry->batch() * entry->time());
  validation->targets_.resize(entry->batch() * entry->time());
  validation->piece_.resize(entry->time() + 1);
  return absl::StatusOr<std::unique_ptr<Validation>>(std::move(validation));
}

absl::StatusOr<ValidationScore> Validation::score() {
  StateCopy before;
  uint64_t slots = executor_->entry().states()->size() != 0 ? lanes_.size() : 0;
  before.take(session_->states(), slots);
  next_ = 0;
  std::fill(lanes_.begin(), lanes_.end(), Lane());
  ValidationScore score;
  for (;;) {
    RONDO_ASSIGN_OR_RETURN(bool more, fill());
    if (!more)
      break;
    RONDO_RETURN_IF_ERROR(run());
    collect(score);
  }
  before.putBack(session_->states());
  return score;
}

// The next stretch of every lane; false if all documents are done.
absl::StatusOr<bool> Validation::fill() {
  std::fill(tokens_.begin(), tokens_.end(), 0);
  std::fill(targets_.begin(), targets_.end(), 0);
  bool any = false;
  for (uint64_t row = 0; row < lanes_.size(); ++row) {
    Lane &lane = lanes_[row];
    lengths_[row] = 0;
    lane.targets = 0;
    if (!lane.busy && next_ < documents_.documents()) {
      lane = Lane();
      lane.document = next_++;
      lane.busy = true;
      if (executor_->entry().states()->size() != 0)
        RONDO_RETURN_IF_ERROR(session_->states().reset(row));
    }
    if (lane.busy)
      RONDO_RETURN_IF_ERROR(fillLane(row));
    any |= lane.busy;
  }
  return any;
}

absl::Status Validation::fillLane(uint64_t row) {
  Lane &lane = lanes_[row];
  const uint64_t time = executor_->entry().time();
  DocumentSet::Document document = documents_.document(lane.document);
  uint64_t rest = document.tokens - lane.done, count = std::min(time, rest);
  // A document that outgrows the model's caches goes on as a sequence of its own.
  if (std::optional<uint64_t> capacity = session_->capacity(executor_->entry())) {
    count = std::min(count, *capacity);
    if (static_cast<uint64_t>(session_->states().position(row)) + count > *capacity)
      RONDO_RETURN_IF_ERROR(session_->states().reset(row));
  }
  auto piece = absl::MakeSpan(piece_).first(count + (rest > count));
  RONDO_RETURN_IF_ERROR(corpus_->read(document.first + lane.done, piece));
  std::copy_n(piece.begin(), count, tokens_.begin() + static_cast<ptrdiff_t>(row * time));
  std::copy(piece.begin() + 1, piece.end(), targets_.begin() + static_cast<ptrdiff_t>(row * time));
  lengths_[row] = static_cast<int32_t>(count);
  lane.targets = piece.size() - 1;
  return absl::OkStatus();
}

absl::Status Validation::run() {
  const uint64_t matrix[] = {lanes_.size(), executor_->entry().time()}, rows[] = {lanes_.size()};
  RONDO_RETURN_IF_ERROR(executor_->inputs().set("tokens", integers(tokens_, matrix)));
  RONDO_RETURN_IF_ERROR(executor_->inputs().set("targets", integers(targets_, matrix)));
  RONDO_RETURN_IF_ERROR(executor_->inputs().set("length", integers(lengths_, rows)));
  return session_->run(*executor_);
}

void Validation::collect(ValidationScore &score) {
  const auto *logProb = reinterpret_cast<const float *>(executor_->output("log_prob")->bytes.data());
  const uint64_t time = executor_->entry().time();
  for (uint64_t row = 0; row < lanes_.size(); ++row) {
    Lane &lane = lanes_[row];
    for (uint64_t t = 0; t < lane.targets; ++t)
      score.nats -= static_cast<double>(logProb[row * time + t]);
    score.targets += lane.targets;
    lane.done += static_cast<uint64_t>(lengths_[row]);
    lane.busy = lane.busy && lane.done < documents_.document(lane.document).tokens;
  }
}

} // namespace rondo::rt
