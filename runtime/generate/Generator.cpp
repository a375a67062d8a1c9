// Picks entries, cuts prompts into stretches, keeps the logits of the last token.
#include "runtime/generate/Generator.h"

#include "absl/strings/str_cat.h"

#include <algorithm>

namespace rondo::rt {
namespace {

// The index of the output called "logits", or -1.
int logitsIndex(const format::Entry &entry) {
  for (uint32_t i = 0; i < entry.outputs()->size(); ++i)
    if (entry.outputs()->Get(i)->name()->string_view() == "logits")
      return static_cast<int>(i);
  return -1;
}

TensorView integers(absl::Span<const int32_t> values, absl::Span<const uint64_t> shape) {
  return {format::DType::I32,
          shape,
          {reinterpret_cast<const uint8_t *>(values.data()), values.size() * sizeof(int32_t)}};
}

} // namespace

absl::StatusOr<Generator> Generator::create(Session &session, uint64_t slot, const SamplerOptions &options) {
  Generator generator(session, slot);
  RONDO_RETURN_IF_ERROR(generator.findEntries());
  if (session.states().slots() != 0)
    RONDO_RETURN_IF_ERROR(session.states().checkUsable(slot));
  RONDO_ASSIGN_OR_RETURN(Sampler sampler, Sampler::create(options, generator.vocabulary_));
  generator.sampler_.push_back(std::move(sampler));
  return absl::StatusOr<Generator>(std::move(generator));
}

absl::Status Generator::findEntries() {
  for (const format::Entry *entry : *session_->package().root().entries()) {
    bool decodes =
        entry->kind() == format::EntryKind::Decode && entry->batch() == 1 && logitsIndex(*entry) >= 0;
    bool prefills = entry->kind() == format::EntryKind::Prefill;
    if (decodes && !decode_) {
      RONDO_ASSIGN_OR_RETURN(decode_, session_->executor(*entry));
    } else if (prefills && !prefill_) {
      RONDO_ASSIGN_OR_RETURN(prefill_, session_->executor(*entry));
    }
  }
  prefillHasLogits_ = prefill_ && logitsIndex(prefill_->entry()) >= 0;
  if (!decode_ && !prefillHasLogits_)
    return makeError(ErrorId::EntryMissing,
                     "expected decode:B=1 or a prefill with logits to generate with, found neither",
                     {session_->package().path()});
  const format::Entry &withLogits = decode_ ? decode_->entry() : prefill_->entry();
  const flatbuffers::Vector<uint64_t> &shape = *withLogits.outputs()->Get(logitsIndex(withLogits))->shape();
  vocabulary_ = shape.Get(shape.size() - 1);
  if (!prefill_)
    return absl::OkStatus();
  const format::Entry &entry = prefill_->entry();
  stretch_ = entry.time();
  tokens_.assign(entry.batch() * stretch_, 0);
  lengths_.assign(entry.batch(), 0);
  slots_.push_back(slot_);
  for (int32_t other = 0; slots_.size() < entry.batch(); ++other)
    if (other != slot_)
      slots_.push_back(other);
  return absl::OkStatus();
}

absl::Status Generator::feed(absl::Span<const int32_t> tokens) {
  while (!tokens.empty()) {
    // Prefill without logits leaves the last token to decode.
    size_t rest = tokens.size() - (prefillHasLogits_ ? 0 : 1);
    bool single = decode_ && tokens.size() == 1;
    if (single || !prefill_) {
      RONDO_RETURN_IF_ERROR(decode(tokens.front()));
      tokens.remove_prefix(1);
    } else {
      size_t count = std::min<size_t>(rest, stretch_);
      RONDO_RETURN_IF_ERROR(prefill(tokens.first(count)));
      tokens.remove_prefix(count);
    }
  }
  return absl::OkStatus();
}

absl::Status Generator::prefill(absl::Span<const int32_t> tokens) {
  const uint64_t batch = lengths_.size();
  const uint64_t tokenShape[] = {batch, stretch_};
  const uint64_t rowShape[] = {batch};
  std::copy(tokens.begin(), tokens.end(), tokens_.begin());
  lengths_.front() = static_cast<int32_t>(tokens.size());
  Inputs &inputs = prefill_->inputs();
  RONDO_RETURN_IF_ERROR(inputs.set("tokens", integers(tokens_, tokenShape)));
  RONDO_RETURN_IF_ERROR(inputs.set("length", integers(lengths_, rowShape)));
  if (session_->states().slots() != 0)
    RONDO_RETURN_IF_ERROR(inputs.set("slot", integers(slots_, rowShape)));
  RONDO_RETURN_IF_ERROR(session_->run(*prefill_));
  if (prefillHasLogits_)
    keepLogits(*prefill_, tokens.size() - 1);
  return absl::OkStatus();
}

absl::Status Generator::decode(int32_t token) {
  const uint64_t tokenShape[] = {1, 1};
  const uint64_t rowShape[] = {1};
  Inputs &inputs = decode_->inputs();
  RONDO_RETURN_IF_ERROR(inputs.set("tokens", integers({&token, 1}, tokenShape)));
  if (session_->states().slots() != 0)
    RONDO_RETURN_IF_ERROR(inputs.set("slot", integers({&slot_, 1}, rowShape)));
  RONDO_RETURN_IF_ERROR(session_->run(*decode_));
  keepLogits(*decode_, 0);
  return absl::OkStatus();
}

// Entries give the logits of all steps or of the last alone; ours is the first row.
void Generator::keepLogits(const Executor &executor, uint64_t step) {
  TensorView logits = executor.output(static_cast<size_t>(logitsIndex(executor.entry())));
  uint64_t steps = logits.shape.size() == 3 ? logits.shape[1] : 1;
  const auto *first = reinterpret_cast<const float *>(logits.bytes.data());
  logits_ = {first + std::min(step, steps - 1) * vocabulary_, vocabulary_};
}

absl::StatusOr<int32_t> Generator::draw() {
  if (logits_.empty())
    return makeError(ErrorId::InputCount, "expected at least one token to continue from, found none");
  uint64_t step =
      static_cast<uint64_t>(session_->states().slots() == 0 ? 0 : session_->states().position(slot_));
  return sampler_.front().sample(logits_, 0, step);
}

} // namespace rondo::rt
