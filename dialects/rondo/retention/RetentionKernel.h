// What the three schedules of retention share: tiles of q, k, v, the carried state, and the stores of
// results.
#pragma once

#include "dialects/rondo/retention/DecayTile.h"

namespace rondo {

struct RetentionSizes {
  int64_t batch, time, heads, queryHeads, keyHeads, valueHeads, keyWidth, valueWidth;
};
RetentionSizes retentionSizes(RetentionOp op);

// Columns of v that one workgroup owns; the columns of a state are independent of each other.
int64_t valueColumns(RetentionOp op, const target::TileSizes &sizes, int64_t granularity);

// What passes from one stretch to the next: the state, and the sum of torchscale's row scale ([1], null
// without).
struct RetentionCarry {
  mlir::Value state, scale;
};

// One head of one batch row, and a block of its value columns.
class RetentionKernel {
public:
  struct Place {
    mlir::Value batch, head, column; // column within the head's values
    int64_t columns;
  };
  RetentionKernel(RetentionOp op, KernelBuilder &kernel, const Place &place, int64_t block);

  mlir::Value queries(const Stretch &stretch);
  // Keys and values in padding are replaced by zeros, so that NaN there goes nowhere.
  mlir::Value keys(const Stretch &stretch);
  mlir::Value values(const Stretch &stretch);
  // The rows [first, first + rows) and how many of them are valid.
  Stretch stretch(mlir::Value first, int64_t rows);
  // The batch row's length as an index; null if all rows are valid.
  mlir::Value length();

  RetentionCarry loadCarry();
  void storeCarry(const RetentionCarry &carry);
  // True if anything that leaves the sequence is used.
  bool leavesState();

  // q S and the sum of k v^T over rows, whichever way round the state lies.
  mlir::Value read(mlir::Value queries, mlir::Value state);
  mlir::Value outerProducts(mlir::Value keys, mlir::Value values);
  // k v^T of single rows.
  mlir::Value outerProduct(mlir::Value key, mlir::Value value);
  // What leaves a stretch.
  RetentionCarry advance(const RetentionCarry &carry, const Stretch &stretch, const DecaySums &sums,
                         mlir::Value keys, mlir::Value stagedValues);

  // Divides each row of `output` by the square root of its scale ([rows]).
  mlir::Value divideByRoot(mlir::Value output, mlir::Value scales);
  // Hands the rows of a stretch to the group's consumers; rows in padding become zeros.
  void finish(mlir::Value output, const Stretch &stretch);

  // Calls `body` on the stretches of [0, time) in the order of the direction: whole blocks in a loop, the
  // shorter last one by itself. With `peelLast` the stretch that comes last is called with `isLast` set,
  // outside of the loop.
  using StretchFn = llvm::function_ref<RetentionCarry(const Stretch &, const RetentionCarry &, bool isLast)>;
  RetentionCarry overStretches(const RetentionCarry &carry, bool peelLast, StretchFn body);
  // A loop over [0, count) that carries; `body` gets the index.
  using StepFn = llvm::function_ref<RetentionCarry(mlir::Value, const RetentionCarry &)>;
  RetentionCarry loop(mlir::Value begin, mlir::Value end, const RetentionCarry &carry, StepFn body);

  RetentionOp op;
  KernelBuilder &kernel;
  TileArithmetic tile;
  Place place;
  RetentionSizes sizes;
  int64_t block;
  DecayTile decay;

private:
  mlir::Value headTile(mlir::Value graph, const Stretch &stretch, int64_t heads, int64_t width,
                       mlir::Value column, int64_t columns);
  mlir::Value clearPadding(mlir::Value rows, const Stretch &stretch);
  Region stateRegion();
  Region scaleRegion();
};

void emitChunkwise(RetentionKernel &kernel);
void emitRecurrent(RetentionKernel &kernel);
// `queryBlock`: the number of the query tile, or null to walk all of them.
void emitParallel(RetentionKernel &kernel, mlir::Value queryBlock);

} // namespace rondo
