// What is asked for on the command line: kinds and sizes of entry points.
#pragma once

#include "dialects/rondo/RondoAttrs.h"
#include "mlir/IR/Location.h"

namespace rondo {

enum class LogitsRows { Last, All, None };

struct EntryRequest {
  EntryKind kind;
  int64_t batch = 1;
  int64_t time = 0;
  int64_t slots = 0; // 0 where no states are carried
  LogitsRows logits = LogitsRows::Last;

  llvm::StringRef name() const { return stringifyEntryKind(kind); }
  // Ends in a loss that is differentiated; states are carried, but no gradient flows through them.
  bool trains() const {
    return kind == EntryKind::Grad || kind == EntryKind::Accumulate || kind == EntryKind::Train;
  }
  bool carriesStates() const { return takesLength() || kind == EntryKind::Decode || trains(); }
  bool takesLength() const { return kind == EntryKind::Score || kind == EntryKind::Prefill; }
  // Walks the sequence in stretches, so every op must be able to; training takes an op that cannot as it is.
  bool needsStretches() const { return takesLength() || kind == EntryKind::Decode; }
  // Made from the parameters alone.
  bool hasNoGraph() const { return kind == EntryKind::Update; }
};

// Parses "forward:B=2,T=64;decode:B=1". Reports RND2001 at `loc` for anything else, for sizes out of range
// and for a kind asked for twice.
llvm::FailureOr<llvm::SmallVector<EntryRequest>> parseEntryRequests(llvm::StringRef text, mlir::Location loc);

} // namespace rondo
