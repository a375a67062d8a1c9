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
  int64_t slots = 0; // 0 for forward, which has no states
  LogitsRows logits = LogitsRows::Last;

  llvm::StringRef name() const { return stringifyEntryKind(kind); }
  bool carriesStates() const { return kind != EntryKind::Forward; }
  bool takesLength() const { return kind == EntryKind::Score || kind == EntryKind::Prefill; }
};

// Parses "forward:B=2,T=64;decode:B=1". Reports RND2001 at `loc` for anything else, for sizes out of range
// and for a kind asked for twice.
llvm::FailureOr<llvm::SmallVector<EntryRequest>> parseEntryRequests(llvm::StringRef text, mlir::Location loc);

} // namespace rondo
