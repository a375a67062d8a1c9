// The cost model: counted work against a target's rates. Compares schedules; does not predict times. Free of
// LLVM.
#pragma once

#include "codegen/target/Target.h"
#include "codegen/target/Work.h"

#include <vector>

namespace rondo::target {

// Seconds that one worker needs for `work`.
double estimateSeconds(const Work &work, const Target &target);

// The chunk sizes worth comparing on `target`: powers of two up to its largest chunk.
std::vector<int64_t> chunkSizes(const Target &target);

} // namespace rondo::target
