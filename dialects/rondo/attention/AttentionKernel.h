// What the kernels of attention share: tiles of q, k, v and their gradients on strided rows, scores, and
// results that patterns add to in place.
#pragma once

#include "dialects/rondo/attention/AttentionPatterns.h"
#include "dialects/rondo/attention/AttentionWalk.h"

namespace rondo {

// Operands and attributes that all of these ops have; null where an op has none.
struct AttentionCall {
  mlir::Value q, k, v, lse, delta, dO;
  AttentionDocuments documents;
  llvm::SmallVector<mlir::Value> caches;
  DilationAttr dilation;
  double scale;
  std::optional<llvm::ArrayRef<double>> laneLogDecay;
  bool bidirectional;
  bool keepsPatternsApart = false; // sums are taken per pattern: none covers another
  int64_t ownRows = 0;             // of the stretch that a workgroup owns; 0: a span

  int64_t batch() const { return shape(q)[0]; }
  int64_t time() const { return shape(q)[1]; }
  int64_t heads() const { return shape(q)[2]; }
  int64_t keyHeads() const { return shape(k)[2]; }
  int64_t keyWidth() const { return shape(q)[3]; }
  int64_t valueWidth() const { return shape(v)[3]; }
  static llvm::ArrayRef<int64_t> shape(mlir::Value value) {
    return mlir::cast<mlir::RankedTensorType>(value.getType()).getShape();
  }
};

// A strided tile of rows: `rows` of them, of which `count` exist from sparse row `first` on.
struct SparseTile {
  const AttentionSegment &segment;
  mlir::Value first, count;
  int64_t rows;
  // Of a covered pattern the sparse rows, those of the tile among them, whose pairs with the tile's rows the
  // covering pattern shows; else null.
  mlir::Value coveredBegin, coveredEnd;
};

class AttentionKernel {
public:
  AttentionKernel(const AttentionCall &call, KernelBuilder &kernel, mlir::Value batch)
      : call(call), kernel(kernel), tile(kernel.builder(), kernel.loc()), batch(batch),
        walk(kernel, call.documents, call.dilation, call.time(), call.heads(), batch),
        cover(call.keepsPatternsApart ? std::nullopt : findCover(call.dilation)) {}

  // Rows of the stretch that workgroup `id` owns.
  mlir::Value spanBegin(mlir::Value id) { return tile.times(id, span()); }
  mlir::Value spanEnd(mlir::Value id) {
    return tile.minI(tile.add(spanBegin(id), tile.index(span())), tile.index(call.time()));
  }
  int64_t span() const { return std::min(kernel.sizes().attentionSpan, call.time()); }
  int64_t queryRows(const PatternGroup &group) const {
    return tileRows(group, kernel.sizes().attentionQueries);
  }
  int64_t keyRows(const PatternGroup &group) const { return tileRows(group, kernel.sizes().attentionKeys); }
  SparseTile sparseTile(const AttentionSegment &segment, mlir::Value first, mlir::Value end, int64_t rows) {
    return {segment, first, tile.minI(tile.sub(end, first), tile.index(rows)), rows, {}, {}};
  }
  // Calls `body` with tiles of queries (or keys) that cover rows [begin, end) of the stretch as `head` of q
  // sees them, pattern after pattern: of all patterns, or of those that `wanted` accepts.
  enum class Own { Queries, Keys };
  using PatternFilter = llvm::function_ref<bool(int64_t pattern)>;
  void overOwnTiles(Own own, mlir::Value head, mlir::Value begin, mlir::Value end, PatternFilter wanted,
                    llvm::function_ref<void(const SparseTile &)> body);
  mlir::Value keyHead(mlir::Value head) { return tile.dividedBy(head, call.heads() / call.keyHeads()); }

  // Columns [head * width, head * width + width) of the tile's rows of a sequence tensor, and one column.
  mlir::Value load(mlir::Value graph, const SparseTile &at, mlir::Value head);
  mlir::Value loadColumn(mlir::Value graph, const SparseTile &at, mlir::Value column);
  // Result buffers: sums that patterns add to. `clear` stores `value` to rows [begin, end) of a column block.
  mlir::Value loadResult(mlir::Value result, const SparseTile &at, mlir::Value column, int64_t columns);
  void storeResult(mlir::Value result, mlir::Value rows, const SparseTile &at, mlir::Value column);
  void clear(mlir::Value result, mlir::Value begin, mlir::Value end, mlir::Value column, int64_t columns,
             double value);

  // q times scale and keys, with lane decay relative to a sparse row: row n of a tile that begins `distance`
  // sparse rows after the reference is multiplied by exp(decay * ratio * (distance + n)), keys by the inverse
  // of that for `distance` rows before it. A null distance is 0.
  mlir::Value decayedQueries(mlir::Value queries, const AttentionPattern &pattern,
                             mlir::Value distance = nullptr);
  mlir::Value decayedKeys(mlir::Value keys, const AttentionPattern &pattern, mlir::Value distance = nullptr);

  // Scores at which keys are not visible become -inf: those of column `count` (an index value) and later
  // ones; with a null `count` those above the diagonal, for a tile whose queries and keys are the same rows.
  mlir::Value masked(mlir::Value scores, mlir::Value count);

  // Calls `body` on tiles of the keys that queries of `own` see, those in caches first, the diagonal last.
  struct Keys {
    mlir::Value keys, values, count; // `count` as above
    mlir::Value first;               // sparse row of the stretch; null for cached keys
    tile::Triangle scores() const { return count ? tile::Triangle::Full : tile::Triangle::LowerResult; }
    tile::Triangle weights() const { return count ? tile::Triangle::Full : tile::Triangle::LowerLhs; }
    tile::Triangle transposedWeights() const {
      return count ? tile::Triangle::Full : tile::Triangle::UpperLhs;
    }
  };
  using Carry = llvm::SmallVector<mlir::Value, 3>;
  Carry overKeys(const SparseTile &own, mlir::Value head, const Carry &carry,
                 llvm::function_ref<Carry(const Keys &, const Carry &)> body);
  Carry overCachedKeys(const SparseTile &own, mlir::Value head, const Carry &carry,
                       llvm::function_ref<Carry(const Keys &, const Carry &)> body);
  // Keys and values of `head` of q at rows of the stretch; `distance` as for decayedKeys.
  Keys keysAt(const SparseTile &at, mlir::Value head, mlir::Value distance, mlir::Value count);
  // Calls `body` on tiles of the queries that see keys of `own`, and how far they stand after it: null, where
  // they are the same rows.
  Carry
  overQueries(const SparseTile &own, const Carry &carry,
              llvm::function_ref<Carry(const SparseTile &at, mlir::Value distance, const Carry &)> body);
  // Weights of pairs of `queries` of a head and `keys`, each as often as patterns that its own pattern covers
  // show it too.
  mlir::Value counted(mlir::Value weights, const SparseTile &queries, mlir::Value head, const Keys &keys);
  // A loop from `from` to `to` that carries tiles.
  Carry fold(mlir::Value from, mlir::Value to, int64_t step, const Carry &carry,
             llvm::function_ref<Carry(mlir::Value, const Carry &)> body);

  AttentionCall call;
  KernelBuilder &kernel;
  TileArithmetic tile;
  mlir::Value batch;
  AttentionWalk walk;

private:
  llvm::SmallVector<PatternGroup> patternGroups(PatternFilter wanted) const;
  enum class Role { Plain, Covering, Covered };
  Role roleOf(int64_t pattern) const;
  void overCoveredRows(const AttentionSegment &segment,
                       llvm::function_ref<void(mlir::Value begin, mlir::Value end)> body);
  mlir::Value shownRows(int64_t pattern, mlir::Value head, mlir::Value first, int64_t rows);
  int64_t longestRun(const PatternGroup &group) const;
  int64_t tileRows(const PatternGroup &group, int64_t preferred) const;
  // At most `rows`, and so few that lane decay over a tile is far from the ends of f32.
  int64_t mostRows(int64_t pattern, int64_t rows) const;
  mlir::Value cached(const AttentionPattern &pattern, bool values, mlir::Value head, mlir::Value first,
                     mlir::Value count, int64_t rows);
  mlir::Value decayed(mlir::Value rows, const AttentionPattern &pattern, mlir::Value distance, double sign,
                      double factor);

  std::optional<PatternCover> cover;
};

// The operands of one of the ops; `caches` empty where the op has none.
template <typename Op> AttentionCall attentionCall(Op op, mlir::ValueRange caches) {
  return {.q = op.getQ(),
          .k = op.getK(),
          .v = op.getV(),
          .lse = {},
          .delta = {},
          .dO = {},
          .documents = {op.getPositions(), op.getDocumentIndex(), op.getDocumentBounds()},
          .caches = llvm::SmallVector<mlir::Value>(caches),
          .dilation = op.getDilation(),
          .scale = op.getScale().convertToDouble(),
          .laneLogDecay = op.getLaneLogDecay(),
          .bidirectional = op.getBidirectional()};
}

} // namespace rondo
