// What the cost model compares for one op, as data and as text.
#include "passes/schedule/ScheduleTable.h"

#include "llvm/Support/Format.h"

using namespace mlir;
using namespace rondo;

static Work perBatchRow(Work work, double batch) {
  for (double *count : {&work.matmulFlops, &work.vectorFlops, &work.bytes, &work.reuseBytes})
    *count /= batch;
  return work;
}

static int64_t chooseChunk(ScheduledOpInterface op, ArrayRef<int64_t> chunks, const target::Target &target) {
  int64_t chosen = 0;
  double least = 0;
  for (int64_t chunk : chunks) {
    if (op.whyNot(ScheduleAttr::get(op->getContext(), Form::Chunkwise, chunk)))
      continue;
    double seconds = target::estimateSeconds(op.getSteadyWork(chunk), target);
    if (chosen == 0 || seconds < least) {
      chosen = chunk;
      least = seconds;
    }
  }
  return chosen;
}

ScheduleTable rondo::compareSchedules(ScheduledOpInterface op, const target::Target &target) {
  std::vector<int64_t> chunks = target::chunkSizes(target);
  auto batch = static_cast<double>(cast<RankedTensorType>(op->getResult(0).getType()).getDimSize(0));
  ScheduleTable table{op, {}, chooseChunk(op, chunks, target)};
  for (const ScheduleAlternative &alternative : op.getAlternatives(chunks)) {
    Work work = perBatchRow(alternative.work, batch);
    table.rows.push_back({alternative.schedule, work, target::estimateSeconds(work, target)});
  }
  return table;
}

const ScheduleRow *ScheduleTable::best() const {
  const ScheduleRow *least = nullptr;
  for (const ScheduleRow &row : rows) {
    if (row.schedule.getForm() == Form::Chunkwise && row.schedule.getChunk() != chunk)
      continue;
    if (!least || row.seconds < least->seconds)
      least = &row;
  }
  return least;
}

static std::string nameOf(ScheduleAttr schedule) {
  std::string name = stringifyForm(schedule.getForm()).str();
  return schedule.getChunk() ? name + ":" + std::to_string(schedule.getChunk()) : name;
}

std::string ScheduleTable::text() const {
  std::string result;
  llvm::raw_string_ostream out(result);
  ScheduleAttr chosen = ScheduledOpInterface(op).getChosenSchedule();
  llvm::interleave(
      rows, out,
      [&](const ScheduleRow &row) {
        out << nameOf(row.schedule) << (row.schedule == chosen ? "*" : "")
            << llvm::format(" %.3g MFLOP %.3g MB %.3g us", row.work.flops() / 1e6, row.work.bytes / 1e6,
                            row.seconds * 1e6);
      },
      "; ");
  return result;
}
