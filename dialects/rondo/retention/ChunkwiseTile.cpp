// The chunkwise schedule of retention: products inside a chunk, the state carried from chunk to chunk.
#include "dialects/rondo/retention/RetentionKernel.h"

using namespace mlir;
using namespace rondo;

// One chunk: its outputs, and what leaves it unless nobody wants that (`dropState`).
//   P = (Q K^T) * D    O = lambda * (Q S) + P V    S' = g^C S + (zeta * K)^T V
static RetentionCarry emitChunk(RetentionKernel &kernel, const Stretch &stretch, const RetentionCarry &carry,
                                bool dropState) {
  TileArithmetic &tile = kernel.tile;
  bool forward = kernel.op.getDirection() == Direction::Forward;
  DecaySums sums = kernel.decay.sums(stretch);
  Value queries = kernel.queries(stretch), keys = kernel.keys(stretch);
  Value values = tile.stage(tile::Side::Rhs, kernel.values(stretch));
  Value scores =
      tile.dot(queries, tile.stage(tile::Side::Rhs, keys), Value(), /*transposeA=*/false,
               /*transposeB=*/true, forward ? tile::Triangle::LowerResult : tile::Triangle::UpperResult);
  Value weights = kernel.decay.weighScores(scores, sums);
  Value read = kernel.decay.weighRead(kernel.read(queries, carry.state), stretch, sums);
  Value output = tile.dot(weights, values, read, /*transposeA=*/false, /*transposeB=*/false,
                          forward ? tile::Triangle::LowerLhs : tile::Triangle::UpperLhs);
  if (carry.scale)
    output = kernel.divideByRoot(output, kernel.decay.scales(carry.scale, stretch.rows));
  kernel.finish(output, stretch);
  return dropState ? carry : kernel.advance(carry, stretch, sums, keys, values);
}

void rondo::emitChunkwise(RetentionKernel &kernel) {
  bool drop = !kernel.leavesState();
  RetentionCarry last =
      kernel.overStretches(kernel.loadCarry(), /*peelLast=*/drop,
                           [&](const Stretch &stretch, const RetentionCarry &carry, bool isLast) {
                             return emitChunk(kernel, stretch, carry, drop && isLast);
                           });
  kernel.storeCarry(last);
}
