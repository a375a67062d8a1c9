// Structural equality of groups: two groups with equal keys share one kernel.
#pragma once

#include "passes/tile/GroupKernel.h"

#include <vector>

namespace rondo {

// A flat description of all that a kernel depends on: op names, attributes, operand numbers, types, parameter
// layouts, slot counts. Names of parameters and states, locations and discardable attributes are left out.
using GroupKey = std::vector<uintptr_t>;
GroupKey groupKey(const GroupForm &form, const KernelContext &context);

} // namespace rondo
