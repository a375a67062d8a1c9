// What the tile ops demand of their shapes beyond their type constraints.
#include "dialects/tile/Tile.h"

using namespace mlir;
using namespace rondo::tile;

namespace {

// A tile of a buffer in panels begins at a panel and ends at the end of one or of the buffer.
LogicalResult verifyPanels(Operation *op, MemRefType buffer, RankedTensorType tile, ValueRange offsets) {
  std::optional<int64_t> panel = getPanelWidth(buffer);
  if (!panel)
    return success();
  std::optional<int64_t> start = getConstantIntValue(offsets.front());
  if (start && *start % *panel != 0)
    return op->emitOpError("expected an offset that is a multiple of the panels' ")
           << *panel << " rows, found " << *start;
  int64_t rest = tile.getDimSize(0) % *panel, last = buffer.getDimSize(0) % *panel;
  if (rest != 0 && rest != last)
    return op->emitOpError("expected a tile of whole panels of ")
           << *panel << " rows or one that ends at the buffer's last row, found " << tile;
  return success();
}

// `size` elements that lie `step` apart from `start` on, wholly inside a dimension of `extent`.
bool liesInside(int64_t start, int64_t size, int64_t step, int64_t extent) {
  return size <= 0 || (start >= 0 && start < extent && (size - 1) <= (extent - 1 - start) / step);
}

// A tile read from or written to a buffer at one offset per dimension, wholly inside where that is known.
template <typename Access> LogicalResult verifyAccess(Access op, MemRefType buffer, RankedTensorType tile) {
  ValueRange offsets = op.getOffsets();
  int64_t step = op.getStep();
  if (tile.getElementType() != buffer.getElementType())
    return op->emitOpError("expected a tile of ") << buffer.getElementType() << ", found " << tile;
  if (step < 1)
    return op->emitOpError("expected a step of 1 or more rows, found ") << step;
  if (step > 1 && op.getStride())
    return op->emitOpError("expected either a step or a stride, found a step of ") << step << " and a stride";
  if ((step > 1 || op.getStride() || op.getRows()) && (buffer.getRank() != 2 || getPanelWidth(buffer)))
    return op->emitOpError(
               "expected a row-major buffer of two dimensions for a strided or counted tile, found ")
           << buffer;
  if (tile.getRank() != buffer.getRank() || static_cast<int64_t>(offsets.size()) != buffer.getRank())
    return op->emitOpError("expected one offset and one tile dimension per dimension of ")
           << buffer << ", found " << offsets.size() << " offsets and " << tile;
  for (auto [dimension, extent, offset] : llvm::enumerate(buffer.getShape(), offsets)) {
    bool isRow = dimension == 0;
    int64_t start = getConstantIntValue(offset).value_or(0), size = tile.getDimSize(dimension);
    if (isRow && op.getRows()) // rows that do not exist lie anywhere
      size = std::min(size, getConstantIntValue(op.getRows()).value_or(0));
    if (isRow && op.getStride()) // the rest is known at run time only
      size = std::min<int64_t>(size, 1);
    if (liesInside(start, size, isRow ? step : 1, extent))
      continue;
    InFlightDiagnostic error = op->emitOpError("expected the tile to lie inside the buffer, found ")
                               << tile << " at offset " << start;
    if (isRow && step > 1)
      error << " and step " << step;
    return error << " of a dimension of " << extent;
  }
  return verifyPanels(op, buffer, tile, offsets);
}

// Rows of a buffer addressed by a tile of indices.
LogicalResult verifyRows(Operation *op, MemRefType buffer, RankedTensorType tile, RankedTensorType rows) {
  if (buffer.getRank() != 2 || tile.getRank() != 2 || tile.getElementType() != buffer.getElementType())
    return op->emitOpError("expected a two-dimensional buffer and tile of one element type, found ")
           << buffer << " and " << tile;
  if (rows.getRank() != 1 || !rows.getElementType().isInteger(32) || rows.getDimSize(0) != tile.getDimSize(0))
    return op->emitOpError("expected one i32 row index per row of ") << tile << ", found " << rows;
  if (tile.getDimSize(1) > buffer.getDimSize(1))
    return op->emitOpError("expected at most ") << buffer.getDimSize(1) << " columns, found " << tile;
  return success();
}

LogicalResult verifyAxis(Operation *op, int64_t axis, RankedTensorType type) {
  if (axis < 0 || axis >= type.getRank())
    return op->emitOpError("expected an axis of ") << type << ", found " << axis;
  return success();
}

SmallVector<int64_t> withoutAxis(ArrayRef<int64_t> shape, int64_t axis) {
  SmallVector<int64_t> rest(shape);
  rest.erase(rest.begin() + axis);
  return rest;
}

RankedTensorType typeOf(Value tile) { return cast<RankedTensorType>(tile.getType()); }
MemRefType bufferOf(Value buffer) { return cast<MemRefType>(buffer.getType()); }

} // namespace

LogicalResult LoadOp::verify() { return verifyAccess(*this, bufferOf(getBuffer()), typeOf(getTile())); }

LogicalResult StoreOp::verify() { return verifyAccess(*this, bufferOf(getBuffer()), typeOf(getTile())); }

LogicalResult GatherOp::verify() {
  return verifyRows(*this, bufferOf(getBuffer()), typeOf(getTile()), typeOf(getRows()));
}

LogicalResult ScatterAddOp::verify() {
  if (!isa<Float32Type>(bufferOf(getBuffer()).getElementType()))
    return emitOpError("expected an f32 buffer, found ") << getBuffer().getType();
  return verifyRows(*this, bufferOf(getBuffer()), typeOf(getTile()), typeOf(getRows()));
}

LogicalResult DotOp::verify() {
  RankedTensorType a = typeOf(getA()), b = typeOf(getB()), result = typeOf(getResult());
  if (a.getRank() != 2 || b.getRank() != 2 || result.getRank() != 2)
    return emitOpError("expected two-dimensional tiles, found ") << a << ", " << b << " and " << result;
  int64_t m = a.getDimSize(getTransposeA() ? 1 : 0), k = a.getDimSize(getTransposeA() ? 0 : 1);
  int64_t n = b.getDimSize(getTransposeB() ? 0 : 1), kOfB = b.getDimSize(getTransposeB() ? 1 : 0);
  if (k != kOfB)
    return emitOpError("expected operands that share their contraction, found ") << k << " and " << kOfB;
  if (result.getDimSize(0) != m || result.getDimSize(1) != n)
    return emitOpError("expected a result of ") << m << "x" << n << ", found " << result;
  if (getAcc() && getAcc().getType() != result)
    return emitOpError("expected an accumulator of the result's type ")
           << result << ", found " << getAcc().getType();
  Triangle triangle = getTriangle();
  if ((triangle == Triangle::LowerResult || triangle == Triangle::UpperResult) && m != n)
    return emitOpError("expected a square result for ")
           << stringifyTriangle(triangle) << ", found " << result;
  if ((triangle == Triangle::LowerLhs || triangle == Triangle::UpperLhs) && m != k)
    return emitOpError("expected a square left operand for ")
           << stringifyTriangle(triangle) << ", found " << a;
  return success();
}

LogicalResult BroadcastOp::verify() {
  RankedTensorType tile = typeOf(getTile());
  auto source = dyn_cast<RankedTensorType>(getSource().getType());
  Type element = source ? source.getElementType() : getSource().getType();
  if (element != tile.getElementType())
    return emitOpError("expected elements of ") << element << ", found " << tile;
  if (source.operator bool() != getAxis().has_value())
    return emitOpError("expected an axis for a tile and none for a scalar, found source ")
           << getSource().getType();
  if (!source)
    return success();
  if (failed(verifyAxis(*this, *getAxis(), tile)))
    return failure();
  if (source.getShape() != ArrayRef(withoutAxis(tile.getShape(), *getAxis())))
    return emitOpError("expected the result's shape without axis ") << *getAxis() << ", found " << source;
  return success();
}

LogicalResult ReduceOp::verify() {
  RankedTensorType source = typeOf(getSource());
  if (failed(verifyAxis(*this, getAxis(), source)))
    return failure();
  if (source.getRank() != 2 || typeOf(getTile()).getElementType() != source.getElementType() ||
      typeOf(getTile()).getShape() != ArrayRef(withoutAxis(source.getShape(), getAxis())))
    return emitOpError("expected ") << source << " without axis " << getAxis() << ", found "
                                    << getTile().getType();
  return success();
}

LogicalResult ScanOp::verify() { return verifyAxis(*this, getAxis(), typeOf(getTile())); }

LogicalResult IotaOp::verify() {
  RankedTensorType tile = typeOf(getTile());
  if (!tile.getElementType().isInteger(32) && !tile.getElementType().isInteger(64))
    return emitOpError("expected a tile of i32 or i64, found ") << tile;
  return verifyAxis(*this, getAxis(), tile);
}

LogicalResult RandomBitsOp::verify() {
  RankedTensorType tile = typeOf(getTile());
  if (tile.getRank() != 2 || !tile.getElementType().isInteger(32))
    return emitOpError("expected a two-dimensional tile of i32, found ") << tile;
  if (static_cast<int64_t>(getWidth()) < tile.getDimSize(1))
    return emitOpError("expected a width of at least the tile's ")
           << tile.getDimSize(1) << " columns, found " << getWidth();
  std::optional<int64_t> column = getConstantIntValue(getColumn());
  if (getAligned() && (getWidth() % 4 != 0 || column.value_or(0) % 4 != 0))
    return emitOpError("expected width and column to be multiples of 4 where aligned, found ")
           << getWidth() << " and " << column.value_or(0);
  return success();
}

LogicalResult RepeatOp::verify() {
  RankedTensorType source = typeOf(getSource()), tile = typeOf(getTile());
  if (source.getRank() != 2 || tile.getRank() != 2 || source.getElementType() != tile.getElementType() ||
      source.getDimSize(0) != tile.getDimSize(0) || tile.getDimSize(1) % source.getDimSize(1) != 0)
    return emitOpError("expected the columns of ") << source << " a whole number of times, found " << tile;
  return success();
}

LogicalResult RotatePairsOp::verify() {
  RankedTensorType tile = typeOf(getTile());
  if (getWidth() <= 0 || getWidth() % 2 != 0 || tile.getShape().back() % getWidth() != 0)
    return emitOpError("expected an even width that divides the columns of ")
           << tile << ", found " << getWidth();
  return success();
}

LogicalResult TransposeOp::verify() {
  RankedTensorType source = typeOf(getSource()), tile = typeOf(getTile());
  if (source.getRank() != 2 || tile.getRank() != 2 || source.getElementType() != tile.getElementType() ||
      source.getDimSize(0) != tile.getDimSize(1) || source.getDimSize(1) != tile.getDimSize(0))
    return emitOpError("expected the rows of ") << source << " as columns, found " << tile;
  return success();
}

LogicalResult ReshapeOp::verify() {
  RankedTensorType source = typeOf(getSource()), tile = typeOf(getTile());
  if (source.getNumElements() != tile.getNumElements() || source.getElementType() != tile.getElementType())
    return emitOpError("expected as many elements of one type, found ") << source << " and " << tile;
  return success();
}
