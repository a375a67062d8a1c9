// The function that a kernel becomes, this thread's points, and homes.
#include "codegen/nvptx/ThreadLowering.h"
#include "codegen/lowering/TileTraits.h"
#include "runtime/format/KernelAbi.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace rondo::codegen {

static RankedTensorType typeOf(Value tile) { return cast<RankedTensorType>(tile.getType()); }

ThreadLowering::ThreadLowering(tile::KernelOp kernel, const ThreadOptions &options)
    : TileLowering(kernel), options(options), threads(options.threads) {}

func::FuncOp ThreadLowering::run() {
  SmallVector<Type> types = bufferTypes();
  auto function = func::FuncOp::create(builder, loc, kernel.getSymName(), builder.getFunctionType(types, {}));
  function->setAttr(kThreadsAttribute, builder.getI64IntegerAttr(threads));
  entry = function.addEntryBlock();
  for (auto [buffer, argument] : llvm::zip(kernel.getBuffers(), entry->getArguments()))
    scalars.map(buffer, argument);
  for (auto [number, isWritten] : llvm::enumerate(kernel.getWrites())) {
    function.setArgAttr(number, LLVM::LLVMDialect::getNoAliasAttrName(), builder.getUnitAttr());
    function.setArgAttr(number, LLVM::LLVMDialect::getAlignAttrName(),
                        builder.getI64IntegerAttr(RONDO_BUFFER_ALIGNMENT));
    if (!isWritten) // loads may go through the read-only cache
      function.setArgAttr(number, LLVM::LLVMDialect::getReadonlyAttrName(), builder.getUnitAttr());
  }

  builder.setInsertionPointToEnd(entry);
  thread =
      threads == 1 ? access().index(0) : gpu::ThreadIdOp::create(builder, loc, gpu::Dimension::x).getResult();
  Value block = gpu::BlockIdOp::create(builder, loc, gpu::Dimension::x);
  Value blocks = gpu::GridDimOp::create(builder, loc, gpu::Dimension::x);
  auto workgroups =
      scf::ForOp::create(builder, loc, block, access().index(kernel.getWorkgroupCount()), blocks);
  {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(workgroups.getBody());
    lowerWorkgroup(workgroups.getInductionVar());
  }
  func::ReturnOp::create(builder, loc);
  return function;
}

// Another thread may go on to overwrite what this one has yet to read.
void ThreadLowering::lowerScalar(Operation &op) {
  builder.clone(op, scalars);
  auto load = dyn_cast<memref::LoadOp>(op);
  if (!load)
    return;
  auto argument = dyn_cast<BlockArgument>(load.getMemRef());
  if (!argument || argument.getOwner()->getParentOp() != kernel.getOperation() ||
      kernel.getWrites()[argument.getArgNumber()])
    barrier();
}

// ---- points
// ------------------------------------------------------------------------------------------------

Value ThreadLowering::isLess(Value a, Value b) {
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::slt, a, b);
}

Value ThreadLowering::zero(Type type) {
  return arith::ConstantOp::create(builder, loc, cast<TypedAttr>(builder.getZeroAttr(type)));
}

void ThreadLowering::barrier() {
  if (threads > 1)
    gpu::BarrierOp::create(builder, loc);
}

void ThreadLowering::doIf(Value condition, llvm::function_ref<void()> body) {
  if (!condition)
    return body();
  auto branch = scf::IfOp::create(builder, loc, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(branch.thenBlock());
  body();
}

Value ThreadLowering::valueIf(Value condition, Type type, llvm::function_ref<Value()> body) {
  if (!condition)
    return body();
  auto branch = scf::IfOp::create(builder, loc, type, condition, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(branch.thenBlock());
  scf::YieldOp::create(builder, loc, body());
  builder.setInsertionPointToStart(branch.elseBlock());
  scf::YieldOp::create(builder, loc, zero(type));
  return branch.getResult(0);
}

Value ThreadLowering::exists(const TileHome &home, const TilePoint &point) {
  return home.rows ? isLess(home.transposed ? point.column : point.row, home.rows) : Value();
}

Value ThreadLowering::load(const TileHome &home, const TilePoint &point) {
  Type element = cast<MemRefType>(home.memref.getType()).getElementType();
  return valueIf(exists(home, point), element, [&]() -> Value {
    return memref::LoadOp::create(builder, loc, home.memref, access().indices(home, point.row, point.column));
  });
}

void ThreadLowering::store(Value value, const TileHome &home, const TilePoint &point) {
  doIf(exists(home, point), [&] {
    memref::StoreOp::create(builder, loc, value, home.memref,
                            access().indices(home, point.row, point.column));
  });
}

void ThreadLowering::share(int64_t count, llvm::function_ref<void(Value)> body) {
  if (count == threads)
    return body(thread);
  if (count < threads)
    return doIf(isLess(thread, access().index(count)), [&] { body(thread); });
  loop(thread, access().index(count), threads, body);
}

void ThreadLowering::sharePoints(ArrayRef<int64_t> shape, bool down,
                                 llvm::function_ref<void(const TilePoint &)> body) {
  int64_t count = 1;
  for (int64_t extent : shape)
    count *= extent;
  share(count, [&](Value number) {
    TilePoint point{nullptr, number, 1, 1};
    if (shape.size() == 2) {
      int64_t line = shape[down ? 0 : 1];
      Value along = access().remainder(number, line), across = access().divide(number, line);
      point.row = down ? along : across;
      point.column = down ? across : along;
    }
    body(point);
  });
}

// ---- homes
// -------------------------------------------------------------------------------------------------

TileHome ThreadLowering::allocate(ArrayRef<int64_t> shape, Type element, int64_t, bool) {
  if (element.isInteger(1)) // kept as bytes
    element = builder.getI8Type();
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(entry);
  auto type = MemRefType::get(shape, element, AffineMap(), builder.getI64IntegerAttr(kSharedMemory));
  TileHome home;
  home.memref = memref::AllocaOp::create(builder, loc, type, builder.getI64IntegerAttr(64));
  return home;
}

TileHome ThreadLowering::allocateFor(ArrayRef<Value> tiles) {
  return allocate(typeOf(tiles.front()).getShape(), typeOf(tiles.front()).getElementType());
}

void ThreadLowering::emitPoints(Value tile, const TileHome &destination) {
  sharePoints(typeOf(tile).getShape(), destination.transposed,
              [&](const TilePoint &point) { storeTo(destination, emit(tile, point), point); });
  barrier();
}

void ThreadLowering::copy(Value tile, const TileHome &from, const TileHome &to) {
  sharePoints(typeOf(tile).getShape(), to.transposed,
              [&](const TilePoint &point) { store(load(from, point), to, point); });
  barrier();
}

void ThreadLowering::fillPanelRest(tile::StoreOp op, const TileHome &home) {
  RankedTensorType type = typeOf(op.getTile());
  int64_t begin = type.getDimSize(0), rest = llvm::alignTo(begin, home.panel) - begin;
  if (rest == 0)
    return;
  sharePoints({rest, type.getDimSize(1)}, /*down=*/true, [&](const TilePoint &point) {
    store(zero(type.getElementType()), home, TilePoint{access().add(point.row, begin), point.column, 1, 1});
  });
  barrier();
}

// Dots stage their operands themselves.
void ThreadLowering::lowerStage(tile::StageOp stage) { tiles.push_back(stage.getTile()); }

} // namespace rondo::codegen
