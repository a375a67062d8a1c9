// The recurrent schedule of retention: one token at a time, one pass over the state each.
#include "dialects/rondo/retention/RetentionKernel.h"

using namespace mlir;
using namespace rondo;

// Forward: S' = g S + k v^T, o = S'^T q. Adjoint, S being already decayed: o = (S + k v^T)^T q, S' = g (S + k
// v^T).
static RetentionCarry emitToken(RetentionKernel &kernel, Value time, const RetentionCarry &carry) {
  TileArithmetic &tile = kernel.tile;
  Stretch row{time, 1, Value()};
  Value update = kernel.outerProduct(kernel.keys(row), kernel.values(row));
  bool forward = kernel.op.getDirection() == Direction::Forward;
  RetentionCarry next = carry;
  next.state = forward ? kernel.decay.step(carry.state, update, time)
                       : kernel.decay.stepThenDecay(carry.state, update, time);
  Value seen = forward ? next.state : tile.addF(carry.state, update);
  Value output = kernel.read(kernel.queries(row), seen);
  if (carry.scale) {
    next.scale = kernel.decay.lastScale(carry.scale, row);
    output = kernel.divideByRoot(output, next.scale);
  }
  kernel.finish(output, row);
  return next;
}

void rondo::emitRecurrent(RetentionKernel &kernel) {
  TileArithmetic &tile = kernel.tile;
  RetentionCarry carry = kernel.loadCarry();
  Value length = kernel.length(), end = length ? length : tile.index(kernel.sizes.time);
  if (kernel.sizes.time == 1 && !length) {
    carry = emitToken(kernel, tile.index(0), carry);
  } else {
    bool forward = kernel.op.getDirection() == Direction::Forward;
    carry = kernel.loop(tile.index(0), end, carry, [&](Value step, const RetentionCarry &before) {
      Value time = forward ? step : tile.sub(tile.sub(end, tile.index(1)), step);
      return emitToken(kernel, time, before);
    });
  }
  if (length)
    kernel.loop(length, tile.index(kernel.sizes.time), {Value(), Value()},
                [&](Value time, const RetentionCarry &none) {
                  kernel.finish(tile.floats(0, {1, kernel.place.columns}), {time, 1, Value()});
                  return none;
                });
  if (kernel.leavesState())
    kernel.storeCarry(carry);
}
