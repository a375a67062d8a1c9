// Values for the inputs of an entry point that is run for its time alone.
#pragma once

#include "runtime/exec/Executor.h"

namespace rondo::bench {

// Sets every required input: numbers spread over [-1, 1), integers over their range, the same in every run.
absl::Status fillInputs(rt::Executor &executor);

} // namespace rondo::bench
