// How retention becomes a kernel: a workgroup per batch row, head and block of value columns, under one of
// three schedules.
#include "dialects/rondo/interfaces/Tiling.h"
#include "dialects/rondo/retention/RetentionKernel.h"

using namespace mlir;
using namespace rondo;

// The parallel schedule also splits the queries, unless a state leaves the kernel: a pool is read by all
// queries and written in place, and both must happen in one workgroup.
static bool splitsQueries(RetentionOp op) {
  bool leavesState =
      !op.getFinalState().use_empty() || (op.getFinalScale() && !op.getFinalScale().use_empty());
  return op.getSchedule() && op.getSchedule()->getForm() == Form::Parallel && !leavesState;
}

int64_t RetentionOp::getRegionColumns(const target::TileSizes &sizes, int64_t granularity) {
  int64_t columns = valueColumns(*this, sizes, granularity);
  return columns % granularity == 0 && retentionSizes(*this).valueWidth % granularity == 0 ? columns : 0;
}

SmallVector<int64_t> RetentionOp::getGrid(const target::TileSizes &sizes, int64_t granularity) {
  RetentionSizes shape = retentionSizes(*this);
  SmallVector<int64_t> grid{shape.batch, shape.heads,
                            tileCount(shape.valueWidth, valueColumns(*this, sizes, granularity))};
  if (splitsQueries(*this))
    grid.push_back(tileCount(shape.time, sizes.rows));
  return grid;
}

LogicalResult RetentionOp::emitKernel(KernelBuilder &kernel, ValueRange ids) {
  std::optional<ScheduleAttr> schedule = getSchedule();
  if (!schedule)
    return emitOpError("expected a schedule, found none").attachNote()
           << "help: run rondo-choose-schedule first";
  Form form = schedule->getForm();
  int64_t block = form == Form::Chunkwise  ? schedule->getChunk()
                  : form == Form::Parallel ? kernel.sizes().rows
                                           : 1;
  int64_t columns = valueColumns(*this, kernel.sizes(), kernel.granularity());
  forTile(kernel.builder(), kernel.loc(), ids[2], retentionSizes(*this).valueWidth, columns,
          [&](Value column, int64_t width) {
            RetentionKernel retention(*this, kernel, {ids[0], ids[1], column, width}, block);
            switch (form) {
            case Form::Chunkwise:
              return emitChunkwise(retention);
            case Form::Recurrent:
              return emitRecurrent(retention);
            case Form::Parallel:
              return emitParallel(retention, splitsQueries(*this) ? ids[3] : Value());
            }
          });
  return success();
}
