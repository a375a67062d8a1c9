// Tiles over the tokens of a batch.
#include "dialects/rondo/loss/ScoreRows.h"

#include "dialects/rondo/interfaces/TileArithmetic.h"
#include "dialects/rondo/interfaces/Tiling.h"

#include <algorithm>

using namespace mlir;
using namespace rondo;

ScoreRows::ScoreRows(Value tokens, int64_t rows) {
  auto type = cast<RankedTensorType>(tokens.getType());
  batch = type.getDimSize(0);
  time = type.getDimSize(1);
  times = std::min(time, rows);
  batches = times == time ? std::clamp<int64_t>(rows / time, 1, batch) : 1;
}

ScoreRows ScoreRows::forGrid(Value tokens, int64_t most) {
  constexpr int64_t lanes = 16; // rows that a vector holds
  int64_t rows = cast<RankedTensorType>(tokens.getType()).getNumElements();
  return ScoreRows(tokens, std::clamp(rows / kWorkers / lanes * lanes, lanes, most));
}

SmallVector<int64_t> ScoreRows::grid() const { return {tileCount(batch, batches), tileCount(time, times)}; }

void ScoreRows::emitTile(KernelBuilder &kernel, ValueRange ids,
                         function_ref<void(const ScoreTile &)> emit) const {
  OpBuilder &builder = kernel.builder();
  forTile(builder, kernel.loc(), ids[0], batch, batches, [&](Value firstBatch, int64_t someBatches) {
    forTile(builder, kernel.loc(), ids[1], time, times, [&](Value firstTime, int64_t someTimes) {
      emit(ScoreTile{firstBatch, firstTime, someBatches, someTimes});
    });
  });
}

Value ScoreRows::emitLoops(KernelBuilder &kernel, Value initial,
                           function_ref<Value(const ScoreTile &, Value)> emit) const {
  TileArithmetic tile(kernel.builder(), kernel.loc());
  Value carried = initial;
  auto loop = [&](int64_t count, function_ref<ScoreTile(Value)> tileOf) {
    if (count == 0)
      return;
    auto op = scf::ForOp::create(kernel.builder(), kernel.loc(), tile.index(0), tile.index(count),
                                 tile.index(1), ValueRange{carried});
    OpBuilder::InsertionGuard guard(kernel.builder());
    kernel.builder().setInsertionPointToStart(op.getBody());
    Value next = emit(tileOf(op.getInductionVar()), op.getRegionIterArg(0));
    scf::YieldOp::create(kernel.builder(), kernel.loc(), next);
    carried = op.getResult(0);
  };
  int64_t perBatch = time / times, groups = batch / batches;
  loop(groups * perBatch, [&](Value number) {
    Value group = tile.dividedBy(number, perBatch);
    Value part = tile.sub(number, tile.times(group, perBatch));
    return ScoreTile{tile.times(group, batches), tile.times(part, times), batches, times};
  });
  if (int64_t rest = time % times)
    loop(batch, [&](Value row) { return ScoreTile{row, tile.index(perBatch * times), 1, rest}; });
  if (int64_t rest = batch % batches)
    loop(1, [&](Value) { return ScoreTile{tile.index(groups * batches), tile.index(0), rest, time}; });
  return carried;
}

Value ScoreRows::loadVector(KernelBuilder &kernel, Value graph, const ScoreTile &at) {
  TileArithmetic tile(kernel.builder(), kernel.loc());
  Value rectangle = kernel.operand(graph, rondo::Region{at.batch, at.time, at.batches, at.times});
  return tile.reshape(rectangle, {at.rows()});
}

Value ScoreRows::loadRows(KernelBuilder &kernel, Value graph, const ScoreTile &at) const {
  TileArithmetic tile(kernel.builder(), kernel.loc());
  int64_t columns = sequenceView(cast<RankedTensorType>(graph.getType())).columns;
  return kernel.operand(graph, rondo::Region{firstRow(kernel, at), tile.index(0), at.rows(), columns});
}

Value ScoreRows::firstRow(KernelBuilder &kernel, const ScoreTile &at) const {
  TileArithmetic tile(kernel.builder(), kernel.loc());
  return tile.add(tile.times(at.batch, time), at.time);
}
