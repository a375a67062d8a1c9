// Host memory that has a copy elsewhere, on a GPU say: whoever owns it tells before it is looked at or
// changed.
#pragma once

namespace rondo::rt {

class Mirror {
public:
  virtual ~Mirror() = default;

  // Makes the host's bytes the newest. A failure shows at the next run.
  virtual void beforeRead() = 0;
  // The same, and from now on the copy is outdated.
  virtual void beforeChange() = 0;
};

} // namespace rondo::rt
