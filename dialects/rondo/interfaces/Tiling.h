// How kernels see graph tensors, as rows x columns, and how they cut an extent into tiles.
#pragma once

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace rondo {

struct RowsColumns {
  int64_t rows, columns;
  bool operator==(const RowsColumns &) const = default;
};

// A sequence tensor or a parameter: `[B, T, H, d]` is B * T rows of H * d columns, `[N, K]` is itself, floats
// `[D]` and `[]` are one row, integers `[B]` are B rows of 1.
RowsColumns sequenceView(mlir::RankedTensorType type);
// A state pool or the states of a batch: `[B, H, Dk, Dv]` is B * H * Dk rows of Dv columns, `[B]` is B rows
// of 1.
RowsColumns stateView(mlir::RankedTensorType type);

// Whether a kernel's buffer of the tensor has one dimension: vectors of floats, and scalars, which are
// vectors of one element.
bool isVector(mlir::RankedTensorType type);

// Tiles of `tile` elements (the last one may be shorter) that cover `extent`.
inline int64_t tileCount(int64_t extent, int64_t tile) { return (extent + tile - 1) / tile; }

// Emits the work of tile number `id` of `extent`: `emit` gets the tile's first element and its static size.
// If the last tile is shorter, `emit` is called twice, under an `scf.if` on the id, so that each tile has its
// own exact size.
void forTile(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value id, int64_t extent, int64_t tile,
             llvm::function_ref<void(mlir::Value begin, int64_t size)> emit);

// A tile of `type` whose elements are all `value`.
mlir::Value splatTile(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type type, double value);

} // namespace rondo
