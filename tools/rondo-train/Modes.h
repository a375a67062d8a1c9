// What rondo-train does beside training.
#pragma once

#include "runtime/package/Package.h"
#include "tools/rondo-train/Options.h"

namespace rondo::train {

// Prints what training with this package takes, without allocating it. RND4005 and RND2001 as training
// itself.
absl::Status dryRun(const rt::Package &package, const Options &options, cli::Format format);

} // namespace rondo::train
