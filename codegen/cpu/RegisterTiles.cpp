// Register tiles: accumulators of a few rows by one or more panels, kept in registers over a block of k.
#include "codegen/cpu/VectorLowering.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace rondo::codegen {

TilePoint VectorLowering::pointOf(const Product &product, const RegisterTile &tile, int64_t row,
                                  int64_t vector) {
  Value line = access().add(tile.row, row);
  Value begin = access().add(access().multiply(tile.panel, blocking.panel), vector * kLanes);
  int64_t count = tile.count(vector);
  return product.down ? TilePoint{begin, line, kLanes, count, true} : TilePoint{line, begin, kLanes, count};
}

void VectorLowering::emitRegisterTile(Product &product, const RegisterTile &tile) {
  SmallVector<Value> sums;
  prefetchAhead(product, tile);
  if (!product.endsInPartial() && !product.destination.offsets.empty()) // a buffer, not scratch
    for (int64_t row = 0; row < tile.rows; ++row)
      for (int64_t vector = 0; vector < tile.vectors(); ++vector)
        access().prefetch(product.destination, pointOf(product, tile, row, vector), /*isWrite=*/true);
  for (int64_t row = 0; row < tile.rows; ++row) {
    for (int64_t vector = 0; vector < tile.vectors(); ++vector) {
      if (product.startsFromPartial())
        sums.push_back(access().load(product.partial, pointOf(product, tile, row, vector)));
      else if (product.dot.getAcc())
        sums.push_back(emit(product.dot.getAcc(), pointOf(product, tile, row, vector)));
      else
        sums.push_back(access().splat(builder.getF32FloatAttr(0), kLanes));
    }
  }
  switch (product.triangle()) {
  case tile::Triangle::LowerLhs: // steps before the tile's first row, then those that only some rows take
    sums = emitSteps(product, tile, product.from, tile.row, sums);
    emitDiagonal(product, tile, sums);
    break;
  case tile::Triangle::UpperLhs:
    emitDiagonal(product, tile, sums);
    sums = emitSteps(product, tile, access().add(tile.row, tile.rows), product.to, sums);
    break;
  default:
    sums = emitSteps(product, tile, product.from, product.to, sums);
  }
  for (int64_t row = 0; row < tile.rows; ++row) {
    for (int64_t vector = 0; vector < tile.vectors(); ++vector) {
      Value sum = sums[row * tile.vectors() + vector];
      TilePoint point = pointOf(product, tile, row, vector);
      if (product.endsInPartial())
        access().store(sum, product.partial, point);
      else
        emitSunk(product, sum, point);
    }
  }
}

// One step of k for the rows [firstRow, endRow).
void VectorLowering::emitStep(Product &product, const RegisterTile &tile, Value k, int64_t firstRow,
                              int64_t endRow, SmallVectorImpl<Value> &sums) {
  auto type = VectorType::get({kLanes}, builder.getF32Type());
  SmallVector<Value> rhs;
  for (int64_t vector = 0; vector < tile.vectors(); ++vector) {
    Value begin = access().add(access().multiply(tile.panel, blocking.panel), vector * kLanes);
    int64_t count = product.rhs.panel ? kLanes : tile.count(vector); // panels are whole in memory
    rhs.push_back(access().load(product.rhs, TilePoint{k, begin, kLanes, count}));
  }
  for (int64_t row = firstRow; row < endRow; ++row) {
    Value element = access().loadScalar(product.lhs, access().add(tile.row, row), k);
    Value lhs = vector::BroadcastOp::create(builder, loc, type, element);
    for (int64_t vector = 0; vector < tile.vectors(); ++vector) {
      Value &sum = sums[row * tile.vectors() + vector];
      sum = vector::FMAOp::create(builder, loc, lhs, rhs[vector], sum);
    }
  }
}

SmallVector<Value> VectorLowering::emitSteps(Product &product, const RegisterTile &tile, Value from, Value to,
                                             ArrayRef<Value> initial) {
  auto op = scf::ForOp::create(builder, loc, from, to, access().index(1), initial);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(op.getBody());
  SmallVector<Value> sums(op.getRegionIterArgs());
  emitStep(product, tile, op.getInductionVar(), 0, tile.rows, sums);
  scf::YieldOp::create(builder, loc, sums);
  return SmallVector<Value>(op.getResults());
}

// The steps at which only some of the rows count: k from the tile's first row on, one per row.
void VectorLowering::emitDiagonal(Product &product, const RegisterTile &tile, SmallVectorImpl<Value> &sums) {
  for (int64_t step = 0; step < tile.rows; ++step)
    emitStep(product, tile, access().add(tile.row, step), product.isLower() ? step : 0,
             product.isLower() ? tile.rows : step + 1, sums);
}

} // namespace rondo::codegen
