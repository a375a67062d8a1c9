// Host memory that has a copy elsewhere, on a GPU say: whoever owns it tells before it is looked at or
// changed.
#pragma once

#include "absl/types/span.h"

#include <cstddef>
#include <cstdint>

namespace rondo::rt {

class Mirror {
public:
  virtual ~Mirror() = default;

  // Makes the host's bytes the newest. A failure shows at the next run.
  virtual void beforeRead() = 0;
  // The same, and from now on the copy is outdated.
  virtual void beforeChange() = 0;

  // What can be done to the copy alone, without moving it: bytes of a region become zeros, or those at
  // `from`; or part i of a region, which is cut into as many parts as there are sources, becomes what part
  // sources[i] was. False where the owner has to do it itself, after beforeChange. A failure shows at the
  // next run.
  virtual bool clear(size_t region, uint64_t offset, uint64_t bytes) = 0;
  virtual bool copy(size_t region, uint64_t from, uint64_t to, uint64_t bytes) = 0;
  virtual bool gather(size_t region, absl::Span<const uint64_t> sources) = 0;
};

} // namespace rondo::rt
