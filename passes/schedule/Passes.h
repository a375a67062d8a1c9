// Passes of the schedule stage.
#pragma once

#include "mlir/Pass/Pass.h"

#include <string>

namespace rondo {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/schedule/ChooseSchedule.h.inc"

inline void registerSchedulePasses() { registerChooseSchedule(); }

} // namespace rondo
