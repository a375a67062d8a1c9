// The schedules that a module's sequence ops were given, kept for reports and the package.
#include "passes/pipeline/ScheduleRecord.h"

#include "dialects/rondo/Rondo.h"
#include "passes/pipeline/SpecLocation.h"
#include "passes/schedule/ScheduleTable.h"

using namespace mlir;
using namespace rondo;

static std::string nameOf(ScheduleAttr schedule) {
  std::string name = stringifyForm(schedule.getForm()).str();
  return schedule.getChunk() ? name + ":" + std::to_string(schedule.getChunk()) : name;
}

static ScheduledOp record(ScheduledOpInterface op, const target::Target &target) {
  ScheduleAttr chosen = op.getChosenSchedule();
  ScheduleTable table = compareSchedules(op, target);
  ScheduledOp result{
      specLocation(op->getLoc()), op->getName().getStringRef().str(), nameOf(chosen), table.text(), {}};
  for (const ScheduleRow &row : table.rows)
    result.alternatives.push_back(
        {nameOf(row.schedule), row.schedule == chosen, row.work.flops(), row.work.bytes, row.seconds});
  return result;
}

// What the entry point keeps for its backward pass, beside keeping everything.
static ScheduledOp recordRemat(func::FuncOp entry, DictionaryAttr remat) {
  auto number = [&](StringRef key) { return remat.getAs<IntegerAttr>(key).getInt(); };
  std::string choice = remat.getAs<StringAttr>("choice").str();
  int64_t kept = number("kept_bytes"), all = number("all_bytes");
  ScheduledOp result{specLocation(entry.getLoc()),
                     "rematerialise",
                     choice,
                     "keeps " + std::to_string(kept) + " of " + std::to_string(all) + " bytes",
                     {}};
  if (choice != "none")
    result.alternatives.push_back({"none", false, 0, static_cast<double>(all), 0});
  result.alternatives.push_back({choice, true, 0, static_cast<double>(kept), 0});
  return result;
}

static std::vector<OpStates> recordStates(func::FuncOp function) {
  std::vector<OpStates> all;
  if (function.getOps<ReadStateOp>().empty())
    return all;
  function.walk([&](SequenceOpInterface op) {
    OpStates states{specLocation(op->getLoc()), op->getName().getStringRef().str(), {}};
    for (int64_t length : kStateLengths)
      states.bytes.push_back(op.getStateBytes(length));
    if (states.bytes.back() != 0)
      all.push_back(std::move(states));
  });
  return all;
}

std::vector<ScheduledEntry> rondo::recordSchedules(ModuleOp module, const target::Target &target) {
  std::vector<ScheduledEntry> entries;
  for (auto function : module.getOps<func::FuncOp>()) {
    ScheduledEntry entry{function.getName().str(), {}, recordStates(function)};
    function.walk([&](ScheduledOpInterface op) { entry.ops.push_back(record(op, target)); });
    if (auto remat = function->getAttrOfType<DictionaryAttr>("rondo.remat"))
      entry.ops.push_back(recordRemat(function, remat));
    entries.push_back(std::move(entry));
  }
  return entries;
}
