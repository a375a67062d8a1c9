// The kernel of retention's gradient by its log decay: one workgroup per batch row and head walks the
// sequence backwards and carries the running sum.
#include "dialects/rondo/Rondo.h"
#include "dialects/rondo/interfaces/TileArithmetic.h"
#include "dialects/rondo/interfaces/Tiling.h"

using namespace mlir;
using namespace rondo;

static ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }

int64_t RetentionGradDecayOp::getRegionColumns(const target::TileSizes &, int64_t) { return 0; }

SmallVector<int64_t> RetentionGradDecayOp::getGrid(const target::TileSizes &, int64_t) {
  return {shapeOf(getDq())[0], shapeOf(getDq())[2]};
}

namespace {

struct GradDecayKernel {
  RetentionGradDecayOp op;
  KernelBuilder &kernel;
  Value batch, head;
  TileArithmetic tile{kernel.builder(), kernel.loc()};

  // <d_final_state, final_state>, `[1, 1]`.
  Value stateTerm() {
    if (!op.getFinalState())
      return tile.floats(0, {1, 1});
    int64_t rows = shapeOf(op.getFinalState())[2], columns = shapeOf(op.getFinalState())[3];
    rondo::Region region{tile.times(head, rows), tile.index(0), rows, columns};
    Value state = kernel.loadState(op.getFinalState(), batch, region);
    Value gradient = kernel.loadState(op.getDFinalState(), batch, region);
    Value perRow = tile.reduce(tile::Combine::Add, tile.mulF(state, gradient), 1);
    return tile.reshape(tile.reduce(tile::Combine::Add, tile.reshape(perRow, {1, rows}), 1), {1, 1});
  }

  // The sum at `time`, given that of the time after it; stores it.
  Value step(Value time, Value after) {
    Value fromKeys = tile.mulF(load(op.getK(), time), load(op.getDk(), time));
    Value terms = tile.subF(tile.mulF(load(op.getQ(), time), load(op.getDq(), time)), fromKeys);
    Value sum = tile.addF(after, tile.reshape(tile.reduce(tile::Combine::Add, terms, 1), {1, 1}));
    if (op.getReset()) {
      Value flag = tile.load(kernel.buffer(op.getReset()), {batch, time}, {1, 1});
      Value continues = tile.equal(flag, tile.integers(0, {1, 1}, 8));
      sum = tile.select(continues, sum, tile.floats(0, {1, 1}));
    }
    store(sum, time);
    return sum;
  }

  void store(Value sum, Value time) { kernel.finish(sum, {position(time), head, 1, 1}); }

  // How many positions of the batch row count.
  Value length() {
    if (!op.getLength())
      return tile.index(shapeOf(op.getDq())[1]);
    Value count = tile.scalar(kernel.buffer(op.getLength()), {batch, tile.index(0)});
    return arith::IndexCastOp::create(kernel.builder(), kernel.loc(), kernel.builder().getIndexType(), count);
  }

private:
  Value position(Value time) { return tile.add(tile.times(batch, shapeOf(op.getDq())[1]), time); }

  // The head's row of `rows`, whose heads may be shared.
  Value load(Value rows, Value time) {
    int64_t width = shapeOf(rows)[3], sharing = shapeOf(op.getDq())[2] / shapeOf(rows)[2];
    Value column = tile.times(tile.dividedBy(head, sharing), width);
    return kernel.operand(rows, {position(time), column, 1, width});
  }
};

} // namespace

LogicalResult RetentionGradDecayOp::emitKernel(KernelBuilder &kernel, ValueRange ids) {
  GradDecayKernel decay{*this, kernel, ids[0], ids[1]};
  TileArithmetic &tile = decay.tile;
  Value length = decay.length(), one = tile.index(1);
  if (getLength())
    scf::ForOp::create(kernel.builder(), kernel.loc(), length, tile.index(shapeOf(getDq())[1]), one,
                       ValueRange(), [&](OpBuilder &builder, Location loc, Value time, ValueRange) {
                         decay.store(tile.floats(0, {1, 1}), time);
                         scf::YieldOp::create(builder, loc);
                       });
  scf::ForOp::create(kernel.builder(), kernel.loc(), tile.index(0), length, one, decay.stateTerm(),
                     [&](OpBuilder &builder, Location loc, Value ahead, ValueRange carried) {
                       Value time = tile.sub(tile.sub(length, one), ahead);
                       scf::YieldOp::create(builder, loc, decay.step(time, carried[0]));
                     });
  return success();
}
