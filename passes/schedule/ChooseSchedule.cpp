// Chooses how each sequence op walks its sequence.
#include "dialects/rondo/ErrorReport.h"
#include "passes/schedule/Passes.h"
#include "passes/schedule/ScheduleTable.h"

using namespace mlir;
using namespace rondo;

namespace rondo {
#define GEN_PASS_DEF_CHOOSESCHEDULE
#include "passes/schedule/ChooseSchedule.h.inc"
} // namespace rondo

namespace {
// The `schedule` option: nothing for auto, else a form and, for chunkwise, perhaps a chunk.
struct ScheduleRequest {
  std::optional<Form> form;
  int64_t chunk = 0; // 0: the model's
};
} // namespace

static FailureOr<ScheduleRequest> parseRequest(StringRef text, const target::Target &target, Location loc) {
  if (text == "auto")
    return ScheduleRequest{};
  auto [name, chunkText] = text.split(':');
  ScheduleRequest request{symbolizeForm(name)};
  bool takesChunk = request.form == Form::Chunkwise && text.contains(':');
  if (!request.form || (text.contains(':') && !takesChunk) ||
      (takesChunk && (chunkText.getAsInteger(10, request.chunk) || request.chunk < 1)))
    return reportError(loc, ErrorId::Usage,
                       "expected schedule auto, parallel, recurrent, chunkwise or chunkwise:C, found '" +
                           text + "'",
                       "leave it out to let the cost model choose");
  if (request.chunk > target.sizes.maxChunk)
    return reportError(loc, ErrorId::ScheduleRequest,
                       "expected a chunk up to " + Twine(target.sizes.maxChunk) + " on " + target.name +
                           ", found " + Twine(request.chunk),
                       "leave the chunk out to let the cost model choose");
  return request;
}

// The schedule that is asked for, or the quickest; null if the op can run under none.
static ScheduleAttr pick(const ScheduleTable &table, const ScheduleRequest &request) {
  if (!request.form) {
    const ScheduleRow *best = table.best();
    return best ? best->schedule : ScheduleAttr();
  }
  int64_t chunk = request.form != Form::Chunkwise ? 0
                  : request.chunk                 ? request.chunk
                                                  : std::max<int64_t>(table.chunk, 1);
  return ScheduleAttr::get(ScheduledOpInterface(table.op)->getContext(), *request.form, chunk);
}

static LogicalResult chooseSchedule(ScheduledOpInterface op, const ScheduleRequest &request,
                                    const target::Target &target, bool explain) {
  ScheduleTable table = compareSchedules(op, target);
  ScheduleAttr schedule = pick(table, request);
  if (!schedule)
    return reportError(op.getLoc(), ErrorId::ScheduleRequest,
                       "'" + op->getName().getStringRef() + "' can run under no schedule",
                       "change its row scale");
  if (std::optional<std::string> reason = op.whyNot(schedule))
    return reportError(op.getLoc(), ErrorId::ScheduleRequest,
                       "'" + op->getName().getStringRef() + "' cannot run under schedule " +
                           stringifyForm(schedule.getForm()) + ": " + *reason,
                       "leave --schedule out to let the cost model choose");
  op.setChosenSchedule(schedule);
  if (explain)
    op->emitRemark() << table.text();
  return success();
}

namespace {

struct ChooseSchedule : rondo::impl::ChooseScheduleBase<ChooseSchedule> {
  using ChooseScheduleBase::ChooseScheduleBase;

  void runOnOperation() override {
    std::optional<target::Target> machine = target::findTarget(target);
    if (!machine) {
      (void)reportError(getOperation().getLoc(), ErrorId::Usage, "unknown target '" + Twine(target) + "'",
                        "targets are " + llvm::join(target::targetNames(), ", "));
      return signalPassFailure();
    }
    FailureOr<ScheduleRequest> request = parseRequest(schedule, *machine, getOperation().getLoc());
    if (failed(request))
      return signalPassFailure();
    WalkResult walk = getOperation().walk([&](ScheduledOpInterface op) {
      bool done = succeeded(chooseSchedule(op, *request, *machine, explain));
      return done ? WalkResult::advance() : WalkResult::interrupt();
    });
    if (walk.wasInterrupted())
      signalPassFailure();
  }
};

} // namespace
