// Chunks and tiles of flat storage.
#include "dialects/rondo/optimizer/StorageTiles.h"

#include "dialects/rondo/OperandBytes.h"
#include "dialects/rondo/interfaces/TileArithmetic.h"
#include "dialects/rondo/interfaces/Tiling.h"

using namespace mlir;
using namespace rondo;

static constexpr int64_t kChunk = 16384, kTile = 512; // elements of a workgroup and of a tile

int64_t rondo::storageElements(Type type) { return storageBytes(cast<RankedTensorType>(type)) / 4; }

SmallVector<int64_t> rondo::storageGrid(int64_t elements) { return {tileCount(elements, kChunk)}; }

void rondo::forEachStorageTile(KernelBuilder &kernel, Value id, int64_t elements,
                               function_ref<void(Value, int64_t)> emit) {
  OpBuilder &builder = kernel.builder();
  TileArithmetic tile(builder, kernel.loc());
  forTile(builder, kernel.loc(), id, elements, kChunk, [&](Value begin, int64_t size) {
    int64_t whole = size / kTile * kTile;
    if (whole > 0) {
      auto loop =
          scf::ForOp::create(builder, kernel.loc(), tile.index(0), tile.index(whole), tile.index(kTile));
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(loop.getBody());
      emit(tile.add(begin, loop.getInductionVar()), kTile);
    }
    if (whole < size)
      emit(tile.add(begin, tile.index(whole)), size - whole);
  });
}
