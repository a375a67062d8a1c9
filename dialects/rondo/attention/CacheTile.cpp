// The kernels that keep caches: where documents lie, and which rows of a stretch later queries can see.
#include "dialects/rondo/attention/AttentionPatterns.h"
#include "dialects/rondo/attention/AttentionWalk.h"
#include "dialects/rondo/interfaces/Tiling.h"

using namespace mlir;
using namespace rondo;

static ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }

// ---- documents
// -------------------------------------------------------------------------------------------------------

int64_t DocumentsOp::getRegionColumns(const target::TileSizes &, int64_t) { return 0; }
bool DocumentsOp::storesUnreadResults() { return true; }

SmallVector<int64_t> DocumentsOp::getGrid(const target::TileSizes &, int64_t) {
  return {shapeOf(getPositions())[0]};
}

namespace {

// One batch row, position by position: the count of documents so far is carried.
class DocumentsKernel {
public:
  DocumentsKernel(DocumentsOp op, KernelBuilder &kernel, Value batch)
      : op(op), kernel(kernel), builder(kernel.builder()), loc(kernel.loc()), tile(builder, loc),
        batch(batch), time(shapeOf(op.getPositions())[1]) {}

  void emit() {
    Value zero = tile.index(0), one = tile.index(1);
    Value length = tile.index(time);
    if (op.getLength())
      length = tile.toIndex(tile.scalar(kernel.buffer(op.getLength()), {batch, zero}));
    scf::ForOp::create(builder, loc, zero, tile.index(time + 1), one, ValueRange(),
                       [&](OpBuilder &, Location, Value at, ValueRange) {
                         storeBound(at, length);
                         scf::YieldOp::create(builder, loc);
                       });
    auto valid = scf::ForOp::create(builder, loc, zero, length, one, zero,
                                    [&](OpBuilder &, Location, Value at, ValueRange carried) {
                                      scf::YieldOp::create(builder, loc, step(at, carried[0]));
                                    });
    scf::ForOp::create(builder, loc, length, tile.index(time), one, ValueRange(),
                       [&](OpBuilder &, Location, Value at, ValueRange) {
                         storeIndex(at, valid.getResult(0));
                         scf::YieldOp::create(builder, loc);
                       });
  }

private:
  // Returns the count of documents with position `at`.
  Value step(Value at, Value count) {
    Value position = tile.toIndex(tile.scalar(kernel.buffer(op.getPositions()), {batch, at}));
    Value zero = tile.index(0);
    Value begins = arith::OrIOp::create(builder, loc, tile.equal(at, zero), tile.equal(position, zero));
    auto branch = scf::IfOp::create(builder, loc, begins, /*withElseRegion=*/false);
    {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(branch.thenBlock());
      storeBound(count, at);
    }
    Value next = tile.select(begins, tile.add(count, tile.index(1)), count);
    storeIndex(at, tile.sub(next, tile.index(1)));
    return next;
  }

  Value one(Value index) { return tile.fill(tile.fromIndex(index, 32), {1, 1}); }
  void storeBound(Value number, Value at) { kernel.store(op.getBounds(), one(at), batch, number); }
  void storeIndex(Value at, Value number) { kernel.finish(one(number), {batch, at, 1, 1}); }

  DocumentsOp op;
  KernelBuilder &kernel;
  OpBuilder &builder;
  Location loc;
  TileArithmetic tile;
  Value batch;
  int64_t time;
};

} // namespace

LogicalResult DocumentsOp::emitKernel(KernelBuilder &kernel, ValueRange ids) {
  DocumentsKernel(*this, kernel, ids[0]).emit();
  return success();
}

// ---- append_cache
// ----------------------------------------------------------------------------------------------------

int64_t AppendCacheOp::getRegionColumns(const target::TileSizes &, int64_t) { return 0; }

SmallVector<int64_t> AppendCacheOp::getGrid(const target::TileSizes &, int64_t) {
  ArrayRef<int64_t> cache = shapeOf(getCache());
  return {cache[0], cache[1]};
}

namespace {

class AppendKernel {
public:
  AppendKernel(AppendCacheOp op, KernelBuilder &kernel, Value batch, Value stream)
      : op(op), kernel(kernel), tile(kernel.builder(), kernel.loc()), batch(batch), stream(stream),
        capacity(shapeOf(op.getCache())[2]), width(shapeOf(op.getCache())[3]), time(shapeOf(op.getRows())[1]),
        walk(kernel, {}, op.getDilation(), time, op.getHeads(), batch) {}

  void emit() {
    if (!isInPlace())
      copyCache(std::min(kernel.sizes().rows, capacity));
    // No more rows than a stretch can have: what a mask leaves out may cost as much as what is stored.
    appendRows(std::min(kernel.sizes().rows, walk.longestRun(op.getPattern())));
  }

private:
  // The pool that is read is the one that is written.
  bool isInPlace() {
    auto read = op.getCache().getDefiningOp<ReadStateOp>();
    return read && llvm::all_of(op.getNext().getUsers(), [&](Operation *user) {
             auto write = dyn_cast<WriteStateOp>(user);
             return write && write.getState() == read.getState();
           });
  }

  void copyCache(int64_t rows) {
    walk.loop(tile.index(0), tile.index(capacity), rows, [&](Value row) {
      Value count = left(tile.index(capacity), row, rows);
      Value kept = kernel.loadState(op.getCache(), batch, region(row, rows), count);
      kernel.storeState(op.getNext(), kept, batch, region(row, rows), count);
    });
  }

  rondo::Region region(Value row, int64_t rows) {
    return {tile.add(tile.times(stream, capacity), row), tile.index(0), rows, width};
  }
  Value left(Value end, Value row, int64_t rows) { return tile.minI(tile.sub(end, row), tile.index(rows)); }
  Value integer(Value graph, Value column) {
    return tile.toIndex(tile.scalar(kernel.buffer(graph), {batch, column}));
  }

  // The key head and the offset of the stream.
  std::pair<Value, Value> keyHeadAndOffset() {
    int64_t keyHeads = shapeOf(op.getRows())[2];
    SmallVector<int64_t> values;
    auto streams = cacheStreams(op.getDilation(), op.getPattern(), op.getHeads(), keyHeads);
    for (CacheStream each : streams)
      llvm::append_values(values, each.keyHead, each.offset);
    auto type =
        RankedTensorType::get({static_cast<int64_t>(streams.size()), 2}, kernel.builder().getI64Type());
    Value table = kernel.table(DenseElementsAttr::get(type, ArrayRef<int64_t>(values)));
    return {tile.toIndex(tile.scalar(table, {stream, tile.index(0)})),
            tile.toIndex(tile.scalar(table, {stream, tile.index(1)}))};
  }

  // The rows of the last document's open segment that stand in this stretch. In an empty stretch there are
  // none: the document ends where it begins.
  void appendRows(int64_t rows) {
    Value zero = tile.index(0), one = tile.index(1), atEnd = tile.index(time);
    auto [keyHead, offset] = keyHeadAndOffset();
    Value length = integer(op.getDocumentBounds(), atEnd);
    Value number = integer(op.getDocumentIndex(), tile.maxI(tile.sub(length, one), zero));
    Value documentBegin = integer(op.getDocumentBounds(), number);
    Value continued = tile.sub(zero, integer(op.getPositions(), zero));
    Value origin = tile.select(tile.equal(number, zero), continued, documentBegin);
    int64_t segment = op.getDilation().getSegments()[op.getPattern()];
    int64_t ratio = op.getDilation().getRatios()[op.getPattern()];
    Value open = tile.floorDividedBy(tile.sub(length, origin), segment);
    Value base = tile.add(tile.add(origin, tile.times(open, segment)), offset);
    auto sparse = [&](Value row) { return tile.maxI(tile.ceilDividedBy(tile.sub(row, base), ratio), zero); };
    Value end = sparse(length);
    walk.loop(sparse(documentBegin), end, rows, [&](Value row) {
      Value count = left(end, row, rows);
      Value from = walk.bufferRow(tile.add(base, tile.times(row, ratio)));
      Value loaded = tile.loadRows(kernel.buffer(op.getRows()), {from, tile.times(keyHead, width)},
                                   {rows, width}, tile.index(ratio), count);
      kernel.storeState(op.getNext(), loaded, batch, region(row, rows), count);
    });
  }

  AppendCacheOp op;
  KernelBuilder &kernel;
  TileArithmetic tile;
  Value batch, stream;
  int64_t capacity, width, time;
  AttentionWalk walk;
};

} // namespace

LogicalResult AppendCacheOp::emitKernel(KernelBuilder &kernel, ValueRange ids) {
  AppendKernel(*this, kernel, ids[0], ids[1]).emit();
  return success();
}
