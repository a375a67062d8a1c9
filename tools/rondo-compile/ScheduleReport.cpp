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

template <typename Op> std::string placeOf(const Op &op) {
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

// The states of the first entry point that carries any; all others carry the same. Ops that follow each other
// and hold as much share a row.
void addStates(cli::Report &report, const std::vector<ScheduledEntry> &entries) {
  auto entry =
      std::find_if(entries.begin(), entries.end(), [](const auto &each) { return !each.states.empty(); });
  if (entry == entries.end())
    return;
  std::vector<std::string> columns = {"op", "where"};
  for (int64_t length : kStateLengths)
    columns.push_back(absl::StrCat("bytes_at_", length));
  cli::Table &table = report.add("states", columns);
  for (size_t first = 0, end = 0; first < entry->states.size(); first = end) {
    const OpStates &one = entry->states[first];
    for (end = first + 1; end < entry->states.size() && entry->states[end].op == one.op &&
                          entry->states[end].bytes == one.bytes;)
      ++end;
    std::vector<cli::Cell> row = {
        one.op, end == first + 1 ? placeOf(one)
                                 : absl::StrCat(placeOf(one), " to ", placeOf(entry->states[end - 1]))};
    for (int64_t bytes : one.bytes)
      row.emplace_back(static_cast<uint64_t>(bytes));
    table.add(std::move(row));
  }
}

} // namespace

std::string rondo::scheduleReport(const std::vector<ScheduledEntry> &entries, bool json) {
  cli::Report report;
  cli::Table &table =
      report.add("schedules", {"entry", "op", "where", "schedule", "chosen", "MFLOP", "MB", "estimate_us"});
  for (const ScheduledEntry &entry : entries)
    for (const AlikeOps &alike : gather(entry))
      addRows(table, entry.name, alike);
  addStates(report, entries);
  return json ? report.toJson() : report.toText();
}
