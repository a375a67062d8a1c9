// Prints which schedules were chosen, and what they were compared with.
#pragma once

#include "passes/pipeline/ScheduleRecord.h"

namespace rondo {

// Tables for people or JSON for programs. Ops of one entry point that were compared alike share their rows.
// The second table tells what the states of a sequence hold at some lengths, in bytes.
std::string scheduleReport(const std::vector<ScheduledEntry> &entries, bool json);

} // namespace rondo
