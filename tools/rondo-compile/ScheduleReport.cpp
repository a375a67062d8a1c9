// Prints which schedules were chosen, and what they were compared with.
#include "tools/rondo-compile/ScheduleReport.h"

#include "absl/strings/str_cat.h"
#include "tools/cli/Report.h"

using namespace rondo;

namespace {

// Ops of an entry point with the same comparison and the same choice.
struct AlikeOps {
  const ScheduledOp *first;
  const ScheduledOp *last;
  int count;
};

std::vector<AlikeOps> gather(const ScheduledEntry &entry) {
  std::vector<AlikeOps> all;
  for (const ScheduledOp &op : entry.ops) {
    auto same = std::find_if(all.begin(), all.end(), [&](const AlikeOps &alike) {
      return alike.first->op == op.op && alike.first->choice == op.choice && alike.first->why == op.why;
    });
    if (same == all.end()) {
      all.push_back({&op, &op, 1});
    } else {
      same->last = &op;
      ++same->count;
    }
  }
  return all;
}

std::string placeOf(const ScheduledOp &op) {
  return op.location.layer.empty() ? absl::StrCat("line ", op.location.line) : op.location.layer;
}

void addRows(cli::Table &table, const std::string &entry, const AlikeOps &alike) {
  std::string ops = alike.count == 1 ? placeOf(*alike.first)
                                     : absl::StrCat(placeOf(*alike.first), " to ", placeOf(*alike.last));
  bool listed = false;
  for (const ScheduleChoice &way : alike.first->alternatives) {
    listed |= way.chosen;
    table.add({entry, alike.first->op, ops, way.schedule, std::string(way.chosen ? "*" : ""), way.flops / 1e6,
               way.bytes / 1e6, way.seconds * 1e6});
  }
  if (!listed) // a chunk that the cost model does not consider
    table.add({entry, alike.first->op, ops, alike.first->choice, std::string("*"), 0.0, 0.0, 0.0});
}

} // namespace

std::string rondo::scheduleReport(const std::vector<ScheduledEntry> &entries, bool json) {
  cli::Report report;
  cli::Table &table =
      report.add("schedules", {"entry", "op", "where", "schedule", "chosen", "MFLOP", "MB", "estimate_us"});
  for (const ScheduledEntry &entry : entries)
    for (const AlikeOps &alike : gather(entry))
      addRows(table, entry.name, alike);
  return json ? report.toJson() : report.toText();
}
