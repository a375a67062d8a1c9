// What the cost model compares for one op, as data: what the pass chooses by and --explain-schedule prints.
#pragma once

#include "codegen/target/CostModel.h"
#include "dialects/rondo/Rondo.h"

namespace rondo {

struct ScheduleRow {
  ScheduleAttr schedule;
  Work work; // of one batch row
  double seconds;
};

struct ScheduleTable {
  ScheduledOpInterface op;
  std::vector<ScheduleRow> rows; // every form, and chunkwise with every chunk of the target
  int64_t chunk; // the one that auto and plain `chunkwise` use; 0 if the op has no chunkwise form

  // The quickest row, chunkwise counting with `chunk` only; null if the op can run under no schedule.
  const ScheduleRow *best() const;
  // "parallel 0.8 MFLOP 0.1 MB 7.5 us; recurrent ...", the chosen one marked with "*".
  std::string text() const;
};

ScheduleTable compareSchedules(ScheduledOpInterface op, const target::Target &target);

} // namespace rondo
