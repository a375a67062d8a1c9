// Generation, token by token: walks prompts of any length through a package's prefill and decode entries and
// draws what comes next.
#pragma once

#include "runtime/exec/Session.h"
#include "runtime/generate/Sampler.h"

#include <vector>

namespace rondo::rt {

// Works on one slot of a session that must outlive it and that nobody else runs meanwhile. Other slots stay
// as they are.
class Generator {
public:
  // RND4005 if the package can neither decode one sequence nor prefill.
  static absl::StatusOr<Generator> create(Session &session, uint64_t slot, const SamplerOptions &options);

  uint64_t vocabulary() const { return vocabulary_; }

  // Continues the slot's sequence by `tokens`: in stretches through prefill where there is one, the rest one
  // by one. After the first call, single tokens allocate nothing.
  absl::Status feed(absl::Span<const int32_t> tokens);

  // Draws the token that follows what was fed; does not feed it. RND2201 if nothing was fed.
  absl::StatusOr<int32_t> draw();

private:
  explicit Generator(Session &session, uint64_t slot)
      : session_(&session), slot_(static_cast<int32_t>(slot)) {}
  absl::Status findEntries();
  absl::Status prefill(absl::Span<const int32_t> tokens);
  absl::Status decode(int32_t token);
  void keepLogits(const Executor &executor, uint64_t step);

  Session *session_;
  int32_t slot_;
  Executor *prefill_ = nullptr; // null: decode alone
  Executor *decode_ = nullptr;  // null: prefill with length 1
  uint64_t stretch_ = 0;        // T of prefill
  bool prefillHasLogits_ = false;
  uint64_t vocabulary_ = 0;
  std::vector<Sampler> sampler_;   // one, made when the vocabulary is known
  absl::Span<const float> logits_; // after the last token fed; in the executor's output
  std::vector<int32_t> tokens_;    // of one prefill call: B rows of T, the first is ours
  std::vector<int32_t> lengths_;   // zero but for the first row
  std::vector<int32_t> slots_;     // ours, then others, which length 0 leaves alone
};

} // namespace rondo::rt
