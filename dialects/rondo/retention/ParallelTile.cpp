// The parallel schedule of retention: every tile of queries against every tile of keys before it, or with the
// adjoint direction after it.
#include "dialects/rondo/retention/RetentionKernel.h"

#include "dialects/rondo/interfaces/Tiling.h"

using namespace mlir;
using namespace rondo;

namespace {

// One tile of queries.
class QueryTile {
public:
  QueryTile(RetentionKernel &kernel, const Stretch &stretch, Value number, const RetentionCarry &first)
      : kernel(kernel), tile(kernel.tile), stretch(stretch), number(number), first(first),
        queries(kernel.queries(stretch)), sums(kernel.decay.sums(stretch)) {}

  void emit() { kernel.op.getDirection() == Direction::Adjoint ? emitAdjoint() : emitForward(); }

private:
  // What the blocks of keys so far give; `gap` reaches from the next one to this tile.
  struct Running {
    Value output, magnitudes;
    DecayGap gap;
  };

  void emitForward() {
    DecayGap gap = gapBefore();
    Running running{readFirstState(gap), Value(), gap};
    if (kernel.op.getRowScale() == RowScale::TorchscaleParallel)
      running.magnitudes = tile.floats(0, {stretch.rows});
    running = overKeyBlocks(running);
    running = addKeys(running, kernel.keys(stretch), kernel.values(stretch), nullptr);
    kernel.finish(scaled(running), stretch);
  }

  // From the tile's own keys to the last ones, then to the state behind them.
  void emitAdjoint() {
    Running running{Value(), Value(), kernel.decay.noGap()};
    running = addKeys(running, kernel.keys(stretch), kernel.values(stretch), nullptr);
    int64_t whole = kernel.sizes.time / kernel.block, rest = kernel.sizes.time % kernel.block;
    bool isRest = stretch.rows != kernel.block;
    if (!isRest && whole > 1)
      running = loop(running, tile.add(number, tile.index(1)), tile.index(whole),
                     [&](Value index, const Running &before) {
                       return addLaterKeys(
                           before, kernel.stretch(tile.times(index, kernel.block), kernel.block), index);
                     });
    if (!isRest && rest)
      running =
          addLaterKeys(running, kernel.stretch(tile.index(whole * kernel.block), rest), tile.index(whole));
    if (kernel.op.getInitialState()) {
      running.gap.rows = rowsAfter();
      Value read = kernel.read(queries, first.state);
      running.output = tile.addF(running.output, kernel.decay.weighRead(read, stretch, sums, &running.gap));
    }
    kernel.finish(running.output, stretch);
  }

  // Valid rows behind this tile.
  Value rowsAfter() {
    Value end = tile.add(stretch.first, tile.index(stretch.rows)), count = kernel.length();
    return count ? tile.clamp(tile.sub(count, end), 0, kernel.sizes.time)
                 : tile.sub(tile.index(kernel.sizes.time), end);
  }

  Running addLaterKeys(const Running &before, const Stretch &block, Value index) {
    DecaySums keySums = kernel.decay.sums(block);
    Running next = before;
    next.gap.blocks = tile.sub(tile.sub(index, number), tile.index(1));
    next = addKeys(next, kernel.keys(block), kernel.values(block), &keySums);
    next.gap = kernel.decay.widen(next.gap, keySums);
    return next;
  }

  bool hasSums() const { return static_cast<bool>(sums.segments); }

  Stretch keyBlock(Value index) const { return {tile.times(index, kernel.block), kernel.block, Value()}; }

  static SmallVector<Value, 4> flatten(const Running &running) {
    SmallVector<Value, 4> values;
    for (Value value : {running.output, running.magnitudes, running.gap.log, running.gap.segments})
      if (value)
        values.push_back(value);
    return values;
  }
  static Running unflatten(const Running &like, ValueRange values) {
    Running running = like;
    size_t next = 0;
    for (Value *slot : {&running.output, &running.magnitudes, &running.gap.log, &running.gap.segments})
      if (*slot)
        *slot = values[next++];
    return running;
  }

  // A loop over whole blocks of keys.
  Running loop(const Running &begin, Value from, Value to,
               llvm::function_ref<Running(Value, const Running &)> body) {
    auto loop = scf::ForOp::create(kernel.kernel.builder(), kernel.kernel.loc(), from, to, tile.index(1),
                                   flatten(begin),
                                   [&](OpBuilder &builder, Location loc, Value index, ValueRange carried) {
                                     Running next = body(index, unflatten(begin, carried));
                                     scf::YieldOp::create(builder, loc, flatten(next));
                                   });
    return unflatten(begin, loop.getResults());
  }

  // From the begin of the sequence to this tile.
  DecayGap gapBefore() {
    Running running{Value(), Value(), kernel.decay.noGap()};
    if (hasSums())
      running = loop(running, tile.index(0), number, [&](Value index, const Running &before) {
        Running next = before;
        next.gap = kernel.decay.widen(before.gap, kernel.decay.sums(keyBlock(index)));
        return next;
      });
    running.gap.blocks = number;
    return running.gap;
  }

  Value readFirstState(const DecayGap &gap) {
    if (!kernel.op.getInitialState())
      return tile.floats(0, {stretch.rows, kernel.place.columns});
    return kernel.decay.weighRead(kernel.read(queries, first.state), stretch, sums, &gap);
  }

  Running overKeyBlocks(const Running &begin) {
    return loop(begin, tile.index(0), number, [&](Value index, const Running &before) {
      Stretch block = keyBlock(index);
      DecaySums keySums = kernel.decay.sums(block);
      Running next = before;
      next.gap = kernel.decay.narrow(before.gap, keySums);
      next.gap.blocks = tile.sub(tile.sub(number, index), tile.index(1));
      return addKeys(next, kernel.keys(block), kernel.values(block), &keySums);
    });
  }

  // `keySums` are null for the tile's own keys, which only count on one side of the diagonal.
  Running addKeys(const Running &before, Value keys, Value values, const DecaySums *keySums) {
    Value staged = tile.stage(tile::Side::Rhs, keys), stagedValues = tile.stage(tile::Side::Rhs, values);
    bool adjoint = kernel.op.getDirection() == Direction::Adjoint;
    tile::Triangle result = adjoint ? tile::Triangle::UpperResult : tile::Triangle::LowerResult;
    tile::Triangle lhs = adjoint ? tile::Triangle::UpperLhs : tile::Triangle::LowerLhs;
    Value scores = tile.dot(queries, staged, Value(), /*transposeA=*/false, /*transposeB=*/true,
                            keySums ? tile::Triangle::Full : result);
    Value weights = keySums ? kernel.decay.weighFarScores(scores, sums, *keySums, before.gap)
                            : kernel.decay.weighScores(scores, sums);
    Running next = before;
    next.output = tile.dot(weights, stagedValues, before.output, /*transposeA=*/false, /*transposeB=*/false,
                           keySums ? tile::Triangle::Full : lhs);
    if (before.magnitudes) {
      Value absolute = math::AbsFOp::create(kernel.kernel.builder(), kernel.kernel.loc(), weights);
      next.magnitudes = tile.addF(before.magnitudes, tile.reduce(tile::Combine::Add, absolute, 1));
    }
    return next;
  }

  Value scaled(const Running &running) {
    if (!first.scale)
      return running.output;
    Value scales = kernel.decay.scales(kernel.decay.scaleBefore(first.scale, number), stretch.rows);
    Value output = kernel.divideByRoot(running.output, scales);
    if (!running.magnitudes)
      return output;
    // torchscale sums scaled scores, and clamps the sum (the upper bound guards its f16).
    Value root = math::SqrtOp::create(kernel.kernel.builder(), kernel.kernel.loc(), scales);
    Value sum = tile.divF(running.magnitudes, root);
    SmallVector<int64_t, 1> rows{stretch.rows};
    Value clamped = tile.minF(tile.maxF(sum, tile.floats(1.0, rows)), tile.floats(5e4, rows));
    return tile.divF(output, tile.column(clamped, kernel.place.columns));
  }

  RetentionKernel &kernel;
  TileArithmetic &tile;
  Stretch stretch;
  Value number;
  RetentionCarry first;
  Value queries;
  DecaySums sums;
};

} // namespace

static void emitAllQueries(RetentionKernel &kernel, const RetentionCarry &first) {
  TileArithmetic &tile = kernel.tile;
  int64_t whole = kernel.sizes.time / kernel.block, rest = kernel.sizes.time % kernel.block;
  auto emitTile = [&](Value number, int64_t rows) {
    QueryTile(kernel, kernel.stretch(tile.times(number, kernel.block), rows), number, first).emit();
  };
  if (whole > 1)
    kernel.loop(tile.index(0), tile.index(whole), {Value(), Value()},
                [&](Value number, const RetentionCarry &none) {
                  emitTile(number, kernel.block);
                  return none;
                });
  else
    emitTile(tile.index(0), kernel.block);
  if (rest)
    emitTile(tile.index(whole), rest);
}

// What leaves the sequence is summed up block by block, as the chunkwise schedule does.
static RetentionCarry emitFinalState(RetentionKernel &kernel, const RetentionCarry &first) {
  return kernel.overStretches(
      first, /*peelLast=*/false, [&](const Stretch &stretch, const RetentionCarry &carry, bool) {
        Value keys = kernel.keys(stretch);
        Value values = kernel.tile.stage(tile::Side::Rhs, kernel.values(stretch));
        return kernel.advance(carry, stretch, kernel.decay.sums(stretch), keys, values);
      });
}

void rondo::emitParallel(RetentionKernel &kernel, Value queryBlock) {
  RetentionCarry first = kernel.loadCarry();
  if (queryBlock) {
    forTile(kernel.kernel.builder(), kernel.kernel.loc(), queryBlock, kernel.sizes.time, kernel.block,
            [&](Value begin, int64_t rows) {
              QueryTile(kernel, kernel.stretch(begin, rows), queryBlock, first).emit();
            });
    return;
  }
  emitAllQueries(kernel, first);
  kernel.storeCarry(emitFinalState(kernel, first));
}
