// How a workgroup of attention finds its rows: the segments of a pattern within the documents of one batch
// row, as strided rows of the stretch.
#pragma once

#include "dialects/rondo/Rondo.h"
#include "dialects/rondo/interfaces/TileArithmetic.h"

namespace rondo {

// Patterns whose kernels have tiles of the same shapes: neighbours in the order of AttentionWalk::order.
struct PatternGroup {
  int64_t first;                       // position in that order
  llvm::SmallVector<int64_t> patterns; // numbers in the op's attribute
};

// One pattern as a kernel sees it, perhaps one of several in a loop at run time; `offset` is the residue that
// the head at hand sees. All but the group are index values.
struct AttentionPattern {
  const PatternGroup &group;
  mlir::Value position; // in AttentionWalk::order
  mlir::Value number;   // in the op's attribute
  mlir::Value length, ratio, offset, capacity;
};

// The rows of one segment that a head sees under one pattern. Sparse row n stands at row base + n * ratio of
// the stretch; `base` may be negative, where the segment began in an earlier stretch. All are index values.
struct AttentionSegment {
  const AttentionPattern &pattern;
  mlir::Value base;
  mlir::Value first; // the first sparse row in this stretch: so many are in the caches
  mlir::Value end;   // one beyond the last sparse row of the segment and its document in this stretch
  mlir::Value ownBegin, ownEnd; // the sparse rows of the workgroup; none if ownEnd <= ownBegin
};

// The operands that say where documents lie; null where the op has none.
struct AttentionDocuments {
  mlir::Value positions, index, bounds;
};

class AttentionWalk {
public:
  AttentionWalk(KernelBuilder &kernel, const AttentionDocuments &documents, DilationAttr dilation,
                int64_t time, int64_t heads, mlir::Value batch)
      : kernel(kernel), tile(kernel.builder(), kernel.loc()), documents(documents), dilation(dilation),
        time(time), heads(heads), batch(batch) {}

  // Calls `body` with the patterns of a group, in a loop if there are several, as head `head` (an index
  // value) sees them.
  void overPatterns(const PatternGroup &group, mlir::Value head,
                    llvm::function_ref<void(const AttentionPattern &)> body);
  // The residue that head `head` sees of pattern number `pattern`.
  mlir::Value offsetOf(int64_t pattern, mlir::Value head);
  // Calls `body` inside loops over all segments of `pattern` that have rows in [begin, end) of the stretch.
  void overSegments(const AttentionPattern &pattern, mlir::Value begin, mlir::Value end,
                    llvm::function_ref<void(const AttentionSegment &)> body);
  // The first row at or after row `row` of the stretch that begins a segment of `length` positions or ends a
  // document; 0 for row 0, and the stretch's end beyond it.
  mlir::Value segmentEnd(mlir::Value row, int64_t length);
  // Calls `body` with from, from + step, ... below `to`.
  void loop(mlir::Value from, mlir::Value to, int64_t step, llvm::function_ref<void(mlir::Value)> body);
  // The row of a buffer of the whole batch that is row `row` of this batch row's stretch.
  mlir::Value bufferRow(mlir::Value row) { return tile.add(tile.times(batch, time), row); }
  mlir::Value bufferRow(const AttentionSegment &segment, mlir::Value sparse) {
    return bufferRow(tile.add(segment.base, tile.times(sparse, segment.pattern.ratio)));
  }
  // The patterns in the order in which kernels go through them: by ratio.
  llvm::SmallVector<int64_t> order() const;
  // Most sparse rows of a segment of `pattern` that a stretch can hold.
  int64_t longestRun(int64_t pattern) const;

private:
  struct Document {
    mlir::Value begin, end, origin; // rows of the stretch; the document's position 0 stands at origin
  };
  // What a kernel has to know of a pattern, a row per pattern in order.
  enum Column : int64_t { Number, Length, Ratio, HeadsPerResidue, Capacity, Columns };
  int64_t property(int64_t pattern, Column column) const;
  Document document(mlir::Value number);
  void overDocuments(mlir::Value begin, mlir::Value end, llvm::function_ref<void(const Document &)> body);
  mlir::Value integer(mlir::Value graph, mlir::Value column);

  KernelBuilder &kernel;
  TileArithmetic tile;
  AttentionDocuments documents;
  DilationAttr dilation;
  int64_t time, heads;
  mlir::Value batch;
};

} // namespace rondo
