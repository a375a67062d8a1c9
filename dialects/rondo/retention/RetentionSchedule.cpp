// The three schedules of retention and what each needs.
#include "dialects/rondo/OperandBytes.h"
#include "dialects/rondo/Rondo.h"

using namespace mlir;
using namespace rondo;

namespace {
// The sizes that the counts depend on.
struct Sizes {
  double sequences; // B * H independent recurrences
  double tokens, keyWidth, valueWidth;
  bool stateIn, stateOut;

  explicit Sizes(RetentionOp op) {
    auto q = cast<RankedTensorType>(op.getQ().getType());
    auto o = cast<RankedTensorType>(op.getO().getType());
    sequences = static_cast<double>(o.getDimSize(0) * o.getDimSize(2));
    tokens = static_cast<double>(o.getDimSize(1));
    keyWidth = static_cast<double>(q.getDimSize(3));
    valueWidth = static_cast<double>(o.getDimSize(3));
    stateIn = static_cast<bool>(op.getInitialState());
    stateOut = !op.getFinalState().use_empty();
  }
  double widths() const { return keyWidth + valueWidth; }
  double state() const { return keyWidth * valueWidth; }
};
} // namespace

static constexpr double kFloat = 4; // bytes

// Each token reads and writes the whole state: decay and update 3 FLOPs per element, the product with q
// another 2.
static Work recurrentWork(const Sizes &s) {
  double tokens = s.sequences * s.tokens;
  return {.vectorFlops = 5 * s.state() * tokens,
          .workingSetBytes = kFloat * s.state(),
          .reuseBytes = 2 * kFloat * s.state() * tokens};
}

// Scores of all pairs (half of the square) times v, in blocks of `rows` queries, each of which reads the keys
// and values before it once.
static Work parallelWork(const Sizes &s, double rows) {
  double tokens = s.sequences * s.tokens;
  rows = std::min(rows, s.tokens);
  double blocks = s.tokens / rows;
  double states = s.state() * (blocks * int(s.stateIn) + 2 * int(s.stateOut));
  double stateProducts = 2 * s.state() * (int(s.stateIn) + int(s.stateOut));
  return {.matmulFlops = tokens * (s.tokens * s.widths() + stateProducts),
          .workingSetBytes = kFloat * s.tokens * s.widths(),
          .reuseBytes = kFloat * s.sequences * (blocks * (s.tokens / 2) * s.widths() + states)};
}

// Inside a chunk as parallel, between chunks as recurrent: the state is read for o and updated once per
// chunk.
static Work chunkwiseWork(const Sizes &s, double chunk) {
  chunk = std::min(chunk, s.tokens);
  double tokens = s.sequences * s.tokens, chunks = std::ceil(s.tokens / chunk);
  double perChunk = 3 * s.state() + 2 * chunk * (2 * s.widths() + chunk);
  return {.matmulFlops = tokens * (chunk * s.widths() + 4 * s.state()),
          .workingSetBytes = kFloat * (s.state() + chunk * (2 * s.widths() + chunk)),
          .reuseBytes = kFloat * s.sequences * chunks * perChunk};
}

static Work workOf(RetentionOp op, Form form, double rows) {
  Sizes sizes(op);
  Work work = form == Form::Recurrent  ? recurrentWork(sizes)
              : form == Form::Parallel ? parallelWork(sizes, rows)
                                       : chunkwiseWork(sizes, rows);
  work.bytes = bytesOfOperandsAndResults(op);
  return work;
}

Work RetentionOp::getSteadyWork(int64_t chunk) {
  Sizes sizes(*this);
  double steps = 1024; // Any number of whole chunks: all counts are proportional to it.
  sizes.sequences = static_cast<double>(cast<RankedTensorType>(getO().getType()).getDimSize(2));
  sizes.tokens = steps * static_cast<double>(chunk);
  Work work = chunkwiseWork(sizes, static_cast<double>(chunk));
  work.matmulFlops /= sizes.tokens;
  work.vectorFlops /= sizes.tokens;
  work.reuseBytes /= sizes.tokens;
  return work;
}

SmallVector<ScheduleAlternative> RetentionOp::getAlternatives(ArrayRef<int64_t> chunks) {
  SmallVector<ScheduleAlternative> alternatives;
  auto add = [&](Form form, int64_t chunk, double rows) {
    auto schedule = ScheduleAttr::get(getContext(), form, chunk);
    if (!whyNot(schedule))
      alternatives.push_back({schedule, workOf(*this, form, rows)});
  };
  add(Form::Parallel, 0, chunks.empty() ? 1.0 : static_cast<double>(*llvm::max_element(chunks)));
  add(Form::Recurrent, 0, 1);
  for (int64_t chunk : chunks)
    add(Form::Chunkwise, chunk, static_cast<double>(chunk));
  return alternatives;
}

std::optional<std::string> RetentionOp::whyNot(ScheduleAttr schedule) {
  bool chunkwise = schedule.getForm() == Form::Chunkwise;
  if (chunkwise && schedule.getChunk() <= 0)
    return "chunkwise needs a chunk of at least 1";
  if (!chunkwise && schedule.getChunk() != 0)
    return "only chunkwise takes a chunk";
  if (getRowScale() == RowScale::TorchscaleParallel && schedule.getForm() != Form::Parallel)
    return "row_scale torchscale_parallel is defined for the parallel schedule only";
  return std::nullopt;
}

ScheduleAttr RetentionOp::getChosenSchedule() { return getScheduleAttr(); }

void RetentionOp::setChosenSchedule(ScheduleAttr schedule) { setScheduleAttr(schedule); }

Work RetentionOp::getWork() {
  ScheduleAttr schedule = getScheduleAttr();
  if (!schedule) // What any schedule has to do at least.
    return workOf(*this, Form::Recurrent, 1);
  double rows = schedule.getForm() == Form::Chunkwise ? static_cast<double>(schedule.getChunk()) : 64;
  return workOf(*this, schedule.getForm(), rows);
}
