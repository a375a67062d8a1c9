// How retention kernels weigh what lies at different distances: the decay inside a stretch of rows, and
// across it.
#pragma once

#include "dialects/rondo/Rondo.h"
#include "dialects/rondo/interfaces/TileArithmetic.h"

namespace rondo {

// A stretch of rows of one batch row: a chunk, or a tile of queries or keys.
struct Stretch {
  mlir::Value first; // row within the batch row
  int64_t rows;
  mlir::Value valid; // how many of its rows lie before `length`, 0 to rows; null: all
};

// Running sums of a stretch's decays, first row included. Logarithms are fixed-point numbers (i64, 36
// fractional bits): their sums and differences are exact, so nothing cancels and the order of summation does
// not matter. A decay of zero (a reset, minus infinity) is not in the sums: it begins a segment, and what
// lies in different segments does not meet.
struct DecaySums {
  mlir::Value logs, totalLog;          // i64 [rows] and [1]; null with a constant decay
  mlir::Value segments, totalSegments; // i32 [rows] and [1]; null if there are no cuts
};

// Totals of the blocks between two stretches.
struct DecayGap {
  mlir::Value log, segments; // i64 and i32 [1], null like those of DecaySums
  mlir::Value blocks;        // index: how many blocks; used with a constant decay
  mlir::Value rows;          // index: how many rows, instead of blocks; may be null
};

// The decay of one head. Weights for constant decays come from tables of powers, each rounded once from f64.
// The adjoint direction weighs what comes after a row instead of what comes before it.
class DecayTile {
public:
  // `block` is the largest stretch, `blocks` how many of them there are in the sequence, a shorter last one
  // included.
  DecayTile(RetentionOp op, KernelBuilder &kernel, mlir::Value batch, mlir::Value head, int64_t block,
            int64_t blocks);

  // Empty with a constant decay that nothing interrupts.
  DecaySums sums(const Stretch &stretch);
  DecayGap noGap();
  // The gap, one block longer or shorter; `sums` are that block's.
  DecayGap widen(const DecayGap &gap, const DecaySums &sums);
  DecayGap narrow(const DecayGap &gap, const DecaySums &sums);

  // Scores of a stretch's queries against its own keys, zero where the key does not count.
  mlir::Value weighScores(mlir::Value scores, const DecaySums &sums);
  // Scores of a stretch's queries against the keys of another block, `gap` blocks away.
  mlir::Value weighFarScores(mlir::Value scores, const DecaySums &querySums, const DecaySums &keySums,
                             const DecayGap &gap);
  // Rows of q S as they count in the output, S being the state that enters the stretch, or was `gap` blocks
  // away.
  mlir::Value weighRead(mlir::Value read, const Stretch &stretch, const DecaySums &sums,
                        const DecayGap *gap = nullptr);
  // Rows of keys as they enter the state that leaves the stretch.
  mlir::Value weighKeys(mlir::Value keys, const Stretch &stretch, const DecaySums &sums);
  // The state that leaves the stretch, `update` being what its own rows add.
  mlir::Value advance(mlir::Value state, mlir::Value update, const Stretch &stretch, const DecaySums &sums);

  // One step of the recurrence at row `time`: decay and update in one fused multiply-add.
  mlir::Value step(mlir::Value state, mlir::Value update, mlir::Value time);
  // The adjoint's: the sum of state and update, times the decay of row `time`.
  mlir::Value stepThenDecay(mlir::Value state, mlir::Value update, mlir::Value time);

  // torchscale's row scale a_t = g a_{t-1} + 1: of each row of a stretch ([rows]), after its last valid row
  // ([1]), and before block number `blocks` (index), given a before the stretch or before block 0 ([1]).
  mlir::Value scales(mlir::Value before, int64_t rows);
  mlir::Value lastScale(mlir::Value before, const Stretch &stretch);
  mlir::Value scaleBefore(mlir::Value first, mlir::Value blocks);

private:
  // The head's row of a table with one row per head: elements [column, column + columns).
  using PowerFn = llvm::function_ref<double(double decay, int64_t column)>;
  mlir::Value headTable(PowerFn value, int64_t width);
  mlir::Value headRow(PowerFn value, int64_t width, mlir::Value column, int64_t columns);
  // The head's [rows x columns] corner of a table of block x block distances.
  mlir::Value distances(int64_t offset, int64_t rows, int64_t columns);
  mlir::Value power(mlir::Value exponent);
  mlir::Value blockPower(mlir::Value count);
  mlir::Value gapPower(const DecayGap &gap);
  mlir::Value powersOf(const Stretch &stretch, bool after);
  mlir::Value validCount(const Stretch &stretch);

  mlir::Value cuts(const Stretch &stretch, mlir::Value logs);
  mlir::Value withRest(mlir::Value state, mlir::Value sum);
  mlir::Value rowDecays(mlir::Value time, mlir::Value &cut);
  mlir::Value weighRows(mlir::Value rows, const Stretch &stretch, const DecaySums &sums, bool after,
                        const DecayGap *gap);
  mlir::Value expOf(mlir::Value logs);
  mlir::Value isZero(mlir::Value segments);

  RetentionOp op;
  KernelBuilder &kernel;
  TileArithmetic tile;
  mlir::Value batch, head;
  int64_t time, block, blocks;
  bool adjoint;
};

} // namespace rondo
