// The kernel builder that graph ops emit a group's kernel through.
#include "passes/tile/GroupKernel.h"

#include "dialects/rondo/OperandBytes.h"
#include "mlir/IR/AffineExpr.h"

using namespace mlir;
using namespace rondo;

GroupKernel::GroupKernel(const GroupForm &form, tile::KernelOp kernel, const KernelContext &context)
    : KernelBuilder(OpBuilder::atBlockEnd(&kernel.getBody().front()), kernel.getLoc(), context.sizes),
      form(form), kernel(kernel), context(context) {}

// ---- frame
// -----------------------------------------------------------------------------------------------------

SmallVector<int64_t> GroupKernel::grid(const GroupForm &form, const target::TileSizes &sizes) {
  if (form.root)
    return form.root.getGrid(sizes, form.granularity);
  return {tileCount(form.view.rows, sizes.rows)};
}

LogicalResult GroupKernel::emit() {
  Block &body = kernel.getBody().front();
  // Buffers are inserted in front of the ids, so the ids' numbers change while the values stay.
  SmallVector<Value> ids(body.getArguments());
  LogicalResult emitted = form.root ? form.root.emitKernel(*this, ids) : emitRowKernel(ids);
  if (failed(emitted))
    return failure();
  opBuilder.setInsertionPointToEnd(&body);
  tile::ReturnOp::create(opBuilder, location);
  kernel.setWrites(bufferWrites);
  return success();
}

LogicalResult GroupKernel::emitRowKernel(ValueRange ids) {
  forTile(opBuilder, location, ids[0], form.view.rows, tileSizes.rows, [&](Value row, int64_t rows) {
    Value column = arith::ConstantIndexOp::create(opBuilder, location, 0);
    finish(nullptr, Region{row, column, rows, form.view.columns});
  });
  return success();
}

// ---- buffers
// ---------------------------------------------------------------------------------------------------

Value GroupKernel::argument(const BufferSource &source, MemRefType type, bool written) {
  Block &body = kernel.getBody().front();
  for (auto [index, known] : llvm::enumerate(bufferSources)) {
    if (known == source && body.getArgument(index).getType() == type) {
      bufferWrites[index] |= written;
      return body.getArgument(index);
    }
  }
  bufferSources.push_back(source);
  bufferWrites.push_back(written);
  return body.insertArgument(bufferSources.size() - 1, type, location);
}

// `(n, k) -> (n floordiv P, k, n mod P)`.
static AffineMap panelMap(MLIRContext *context, int64_t panel) {
  AffineExpr n = getAffineDimExpr(0, context), k = getAffineDimExpr(1, context);
  return AffineMap::get(2, 0, {n.floorDiv(panel), k, n % panel}, context);
}

// A tensor as a kernel sees it: a vector, or `view` in the storage layout that its type or its parameter
// gives it.
static MemRefType bufferType(RankedTensorType type, RowsColumns view, LayoutAttr stored) {
  if (isVector(type))
    return MemRefType::get({type.getNumElements()}, type.getElementType());
  if (!stored)
    stored = dyn_cast_or_null<LayoutAttr>(type.getEncoding());
  MemRefLayoutAttrInterface layout;
  if (stored)
    layout = AffineMapAttr::get(panelMap(type.getContext(), stored.getPanel()));
  return MemRefType::get({view.rows, view.columns}, type.getElementType(), layout);
}

Value GroupKernel::inputBuffer(BlockArgument input, RowsColumns view) {
  unsigned index = input.getArgNumber();
  auto type = cast<RankedTensorType>(input.getType());
  return argument({BufferSource::Kind::Input, index, {}}, bufferType(type, view, context.layouts[index]),
                  false);
}

Value GroupKernel::outputBuffer(unsigned result, RowsColumns view) {
  auto type = cast<RankedTensorType>(form.group.getOutputs()[result].getType());
  return argument({BufferSource::Kind::Output, result, {}}, bufferType(type, view, nullptr), true);
}

Value GroupKernel::buffer(Value graph) {
  auto input = cast<BlockArgument>(throughReshapes(graph));
  return inputBuffer(input, sequenceView(cast<RankedTensorType>(input.getType())));
}

static MemRefType flatType(RankedTensorType type) {
  return MemRefType::get({storageBytes(type) / 4}, Float32Type::get(type.getContext()));
}

Value GroupKernel::storage(Value graph) {
  auto type = cast<RankedTensorType>(graph.getType());
  if (auto input = dyn_cast<BlockArgument>(throughReshapes(graph)))
    return argument({BufferSource::Kind::Input, input.getArgNumber(), {}}, flatType(type), false);
  return argument({BufferSource::Kind::Output, *yieldIndex(graph), {}}, flatType(type), true);
}

Value GroupKernel::storage(StringRef symbol, bool written) {
  unsigned index = symbolIndex(symbol);
  return argument({BufferSource::Kind::Symbol, index, {}}, flatType(context.symbolTypes[index]), written);
}

Value GroupKernel::resultBuffer(Value graphResult) {
  return outputBuffer(*yieldIndex(graphResult), sequenceView(cast<RankedTensorType>(graphResult.getType())));
}

Value GroupKernel::table(DenseElementsAttr values) {
  BufferSource source{BufferSource::Kind::Table, 0, context.tables.intern(values)};
  auto type = cast<RankedTensorType>(values.getType());
  return argument(source, MemRefType::get(type.getShape(), type.getElementType()), false);
}

// ---- states
// ----------------------------------------------------------------------------------------------------

unsigned GroupKernel::symbolIndex(StringRef state) const {
  return llvm::find(form.symbols, state) - form.symbols.begin();
}

Value GroupKernel::poolBuffer(StringRef state, bool written) {
  unsigned index = symbolIndex(state);
  RankedTensorType slot = context.symbolTypes[index];
  SmallVector<int64_t> shape(slot.getShape());
  shape.insert(shape.begin(), context.slots);
  RowsColumns view = stateView(RankedTensorType::get(shape, slot.getElementType()));
  return argument({BufferSource::Kind::Symbol, index, {}},
                  MemRefType::get({view.rows, view.columns}, slot.getElementType()), written);
}

Value GroupKernel::offsetRow(Value block, int64_t rowsPerBlock, Value row) {
  Value size = arith::ConstantIndexOp::create(opBuilder, location, rowsPerBlock);
  Value begin = arith::MulIOp::create(opBuilder, location, block, size);
  return arith::AddIOp::create(opBuilder, location, begin, row);
}

Value GroupKernel::poolRow(StringRef state, Value slot, Value batch, Value row) {
  Value column = arith::ConstantIndexOp::create(opBuilder, location, 0);
  Value number = memref::LoadOp::create(opBuilder, location, buffer(slot), ValueRange{batch, column});
  Value index = arith::IndexCastOp::create(opBuilder, location, opBuilder.getIndexType(), number);
  auto pool = cast<MemRefType>(poolBuffer(state, false).getType());
  return offsetRow(index, pool.getDimSize(0) / context.slots, row);
}

Value GroupKernel::loadState(Value graph, Value batch, const Region &region, Value rows) {
  if (!graph) {
    auto type = RankedTensorType::get({region.rows, region.columns}, opBuilder.getF32Type());
    return arith::ConstantOp::create(opBuilder, location, opBuilder.getZeroAttr(type));
  }
  auto type = RankedTensorType::get({region.rows, region.columns},
                                    cast<RankedTensorType>(graph.getType()).getElementType());
  auto [buffer, row] = placeOfState(graph, batch, region.row);
  return tile::LoadOp::create(opBuilder, location, type, buffer, ValueRange{row, region.column},
                              /*stride=*/Value(), rows, /*step=*/1);
}

GroupKernel::StatePlace GroupKernel::placeOfState(Value graph, Value batch, Value row) {
  if (auto read = graph.getDefiningOp<ReadStateOp>()) {
    Value poolRow = this->poolRow(read.getState(), read.getSlot(), batch, row);
    return {poolBuffer(read.getState(), false), poolRow};
  }
  auto states = cast<RankedTensorType>(graph.getType());
  RowsColumns view = stateView(states);
  return {inputBuffer(cast<BlockArgument>(graph), view),
          offsetRow(batch, view.rows / states.getDimSize(0), row)};
}

// The buffers differ in rows only; the one that is chosen is seen as one of as many rows as the largest has,
// of which those beyond its own are not touched.
Value GroupKernel::loadOneState(ValueRange graphs, Value which, Value batch, const Region &region,
                                Value rows) {
  SmallVector<StatePlace> places;
  MemRefType largest;
  for (Value graph : graphs) {
    places.push_back(placeOfState(graph, batch, region.row));
    auto type = cast<MemRefType>(places.back().buffer.getType());
    if (!largest || type.getDimSize(0) > largest.getDimSize(0))
      largest = type;
  }
  StatePlace chosen;
  for (auto [number, place] : llvm::enumerate(places)) {
    if (place.buffer.getType() != largest)
      place.buffer = memref::ReinterpretCastOp::create(opBuilder, location, largest, place.buffer,
                                                       /*offset=*/0, largest.getShape(),
                                                       ArrayRef<int64_t>{largest.getDimSize(1), 1});
    if (number == 0) {
      chosen = place;
      continue;
    }
    Value own = arith::ConstantIndexOp::create(opBuilder, location, number);
    Value isOwn = arith::CmpIOp::create(opBuilder, location, arith::CmpIPredicate::eq, which, own);
    chosen.buffer = arith::SelectOp::create(opBuilder, location, isOwn, place.buffer, chosen.buffer);
    chosen.row = arith::SelectOp::create(opBuilder, location, isOwn, place.row, chosen.row);
  }
  auto type = RankedTensorType::get({region.rows, region.columns}, largest.getElementType());
  return tile::LoadOp::create(opBuilder, location, type, chosen.buffer, ValueRange{chosen.row, region.column},
                              /*stride=*/Value(), rows, /*step=*/1);
}

void GroupKernel::storeState(Value graphResult, Value tile, Value batch, const Region &region, Value rows) {
  for (Operation *user : graphResult.getUsers()) {
    auto write = dyn_cast<WriteStateOp>(user);
    if (!write)
      continue;
    Value row = poolRow(write.getState(), write.getSlot(), batch, region.row);
    tile::StoreOp::create(opBuilder, location, tile, poolBuffer(write.getState(), true),
                          ValueRange{row, region.column}, /*stride=*/Value(), rows, /*step=*/1);
  }
  if (std::optional<unsigned> result = yieldIndex(graphResult)) {
    auto type = cast<RankedTensorType>(graphResult.getType());
    RowsColumns view = stateView(type);
    Value row = offsetRow(batch, view.rows / type.getDimSize(0), region.row);
    tile::StoreOp::create(opBuilder, location, tile, outputBuffer(*result, view),
                          ValueRange{row, region.column}, /*stride=*/Value(), rows, /*step=*/1);
  }
}

// ---- rows
// ------------------------------------------------------------------------------------------------------

std::optional<unsigned> GroupKernel::yieldIndex(Value graph) const {
  auto values = form.group.getBody().front().getTerminator()->getOperands();
  auto found = llvm::find(values, graph);
  return found == values.end() ? std::nullopt : std::optional<unsigned>(found - values.begin());
}

Value GroupKernel::operand(Value graph, const Region &region) {
  graph = throughReshapes(graph);
  if (Value known = rowTiles.lookup(graph))
    return known;
  if (auto pointwise = graph.getDefiningOp<PointwiseTileOpInterface>())
    return rowTiles[graph] = pointwise.emitTile(*this, region);
  Value source = buffer(graph);
  auto type = RankedTensorType::get({region.rows, region.columns},
                                    cast<RankedTensorType>(graph.getType()).getElementType());
  if (cast<MemRefType>(source.getType()).getRank() == 2)
    return tile::LoadOp::create(opBuilder, location, type, source, ValueRange{region.row, region.column});
  auto vector = RankedTensorType::get({region.columns}, type.getElementType()); // which is one row
  Value run = tile::LoadOp::create(opBuilder, location, vector, source, ValueRange{region.column});
  return tile::ReshapeOp::create(opBuilder, location, type, run);
}

void GroupKernel::storeRows(Value tile, Value buffer, Value row, Value column) {
  auto type = cast<RankedTensorType>(tile.getType());
  if (cast<MemRefType>(buffer.getType()).getRank() == 2) {
    tile::StoreOp::create(opBuilder, location, tile, buffer, ValueRange{row, column});
    return;
  }
  auto vector = RankedTensorType::get({type.getNumElements()}, type.getElementType());
  if (type != vector)
    tile = tile::ReshapeOp::create(opBuilder, location, vector, tile);
  tile::StoreOp::create(opBuilder, location, tile, buffer, ValueRange{column});
}

Value GroupKernel::columnVector(Value graph, const Region &region) {
  Value vector = buffer(graph);
  auto bufferType = cast<MemRefType>(vector.getType());
  int64_t length = bufferType.getNumElements();
  int64_t columns = std::min(length, region.columns);
  // A region covers whole runs of the vector, or lies inside of one.
  Value column = arith::ConstantIndexOp::create(opBuilder, location, 0);
  if (columns < length) {
    Value period = arith::ConstantIndexOp::create(opBuilder, location, length);
    column = arith::RemUIOp::create(opBuilder, location, region.column, period);
  }
  Type element = bufferType.getElementType();
  Value run = tile::LoadOp::create(opBuilder, location, RankedTensorType::get({columns}, element), vector,
                                   ValueRange{column});
  Value tile =
      tile::BroadcastOp::create(opBuilder, location, RankedTensorType::get({region.rows, columns}, element),
                                run, opBuilder.getI64IntegerAttr(0));
  if (columns == region.columns)
    return tile;
  return tile::RepeatOp::create(opBuilder, location,
                                RankedTensorType::get({region.rows, region.columns}, element), tile);
}

void GroupKernel::finish(Value tile, const Region &region) {
  rowTiles.clear();
  if (form.root)
    rowTiles[form.root->getResult(0)] = tile;
  for (auto [index, value] : llvm::enumerate(form.group.getBody().front().getTerminator()->getOperands())) {
    Operation *producer = value.getDefiningOp();
    if (producer == form.root.getOperation() && producer && value != producer->getResult(0))
      continue; // stored by the root itself
    Value rows = operand(value, region);
    storeRows(rows, outputBuffer(index, form.view), region.row, region.column);
  }
  rowTiles.clear();
}

void GroupKernel::store(Value graphResult, Value tile, Value row, Value column) {
  std::optional<unsigned> result = yieldIndex(graphResult);
  if (!result)
    return;
  RowsColumns view = sequenceView(cast<RankedTensorType>(graphResult.getType()));
  storeRows(tile, outputBuffer(*result, view), row, column);
}
