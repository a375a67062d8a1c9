// Lowers the body of a tile.kernel to code over scf and memref: what all machines have in common.
//
// Tiles are not computed where they are defined but where they are needed. A value is *deferred* until a sink
// (a store, a reduction, a packed operand, a loop's carry) asks for it, and the sink's loop nest then
// evaluates the whole expression behind it point by point. Only what must have a place in memory gets a
// *home* in scratch: operands that dots read many times, expensive values with several sinks, and values that
// would read what is about to be overwritten. A dot is evaluated register tile by register tile inside its
// sink, which sees the accumulators.
//
// What a machine decides is virtual: how wide a point is, where homes lie, which way loops run, and how
// dots, reductions and scans are done. The files beside this one: TileLowering.cpp the walk over a block;
// Expressions.cpp deferred tiles at a point; RandomBits.cpp random words; Materialise.cpp what gets a home,
// and sinks; Overwrites.cpp what must be saved before memory changes; ControlFlow.cpp; TileHome.h accesses.
#pragma once

#include "codegen/lowering/TileHome.h"
#include "dialects/tile/Tile.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SmallPtrSet.h"

namespace rondo::codegen {

class TileLowering {
public:
  virtual ~TileLowering() = default;

  /// Reports the first op that has no lowering.
  static mlir::LogicalResult check(tile::KernelOp kernel);

protected:
  using Vectors = llvm::DenseMap<mlir::Value, mlir::Value>;
  using TileSet = llvm::SmallPtrSet<mlir::Value, 16>;

  explicit TileLowering(tile::KernelOp kernel);

  // ---- the walk
  /// Emits the work of one workgroup; `workgroup` counts the grid's points, the last dimension fastest.
  void lowerWorkgroup(mlir::Value workgroup);
  void lowerBlock(mlir::Block &block);
  void lowerOp(mlir::Operation &op);
  void lowerFor(mlir::scf::ForOp loop);
  void lowerIf(mlir::scf::IfOp branch);
  void lowerYields(mlir::scf::YieldOp yield, llvm::ArrayRef<TileHome> homes);
  void enterRegion(mlir::Operation *op);
  mlir::Value scalar(mlir::Value value) { return scalars.lookupOrDefault(value); }
  /// An op on scalars.
  virtual void lowerScalar(mlir::Operation &op) { builder.clone(op, scalars); }
  /// The body of `loop` follows; `induction` and `end` are its lowered ones.
  virtual void enterLoop(mlir::scf::ForOp, mlir::Value /*induction*/, mlir::Value /*end*/) {}

  // ---- deferred tiles
  /// `point` of a tile whose parts have been prepared. `done` holds what is known at this point.
  mlir::Value emit(mlir::Value tile, const TilePoint &point, Vectors &done);
  mlir::Value emit(mlir::Value tile, const TilePoint &point) {
    Vectors done;
    return emit(tile, point, done);
  }
  mlir::Value emitNew(mlir::Value tile, const TilePoint &point, Vectors &done);
  mlir::Value emitElementwise(mlir::Operation *op, const TilePoint &point, Vectors &done);
  mlir::Value emitBroadcast(tile::BroadcastOp op, const TilePoint &point);
  mlir::Value emitIota(tile::IotaOp op, const TilePoint &point);
  mlir::Value emitRepeat(tile::RepeatOp op, const TilePoint &point);
  mlir::Value emitRotatePairs(tile::RotatePairsOp op, const TilePoint &point, Vectors &done);
  mlir::Value emitRandomBits(tile::RandomBitsOp op, const TilePoint &point);
  mlir::Value emitReshape(tile::ReshapeOp op, const TilePoint &point);
  mlir::Value emitGather(tile::GatherOp op, const TilePoint &point);
  /// A point of what lies in memory. Rows that do not exist are zero and untouched.
  virtual mlir::Value load(const TileHome &home, const TilePoint &point) {
    return access().load(home, point);
  }
  virtual void store(mlir::Value value, const TileHome &home, const TilePoint &point) {
    access().store(value, home, point);
  }
  /// scf.for from `from` to `to`; what `body` emits lies inside.
  void loop(mlir::Value from, mlir::Value to, int64_t step, llvm::function_ref<void(mlir::Value)> body);
  void loop(int64_t from, int64_t to, int64_t step, llvm::function_ref<void(mlir::Value)> body);
  /// The same with running values.
  llvm::SmallVector<mlir::Value>
  fold(int64_t from, int64_t to, int64_t step, llvm::ArrayRef<mlir::Value> initial,
       llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value index, mlir::ValueRange running)> body);
  mlir::Value combine(tile::Combine kind, mlir::Value a, mlir::Value b);
  mlir::TypedAttr neutral(tile::Combine kind, mlir::Type element);

  // ---- homes
  /// The types that the kernel's buffers have in its function: panels become a dimension of their own.
  llvm::SmallVector<mlir::Type> bufferTypes();
  /// A place in scratch, row-major or in panels. Points of a home run along rows; with `down` down columns.
  virtual TileHome allocate(llvm::ArrayRef<int64_t> shape, mlir::Type element, int64_t panel = 0,
                            bool down = false) = 0;
  /// One for any of `tiles`, which are the same in different places of the program.
  virtual TileHome allocateFor(llvm::ArrayRef<mlir::Value> tiles) = 0;
  /// One for a tile that `fused`, if not null, evaluates in its epilogue.
  virtual TileHome allocateFor(mlir::Value tile, tile::DotOp /*fused*/) { return allocateFor(tile); }
  /// A buffer's part at some offsets, and what a load reads and a store writes.
  TileHome bufferHome(mlir::Value buffer, mlir::ValueRange offsets);
  template <typename Access> TileHome accessHome(Access op) {
    TileHome home = bufferHome(op.getBuffer(), op.getOffsets());
    home.step = op.getStep();
    home.stride = op.getStride() ? scalar(op.getStride()) : nullptr;
    home.rows = op.getRows() ? scalar(op.getRows()) : nullptr;
    return home;
  }
  /// The tile as it lies in memory, without emitting anything: its home or the buffer it is loaded from. A
  /// counted tile lies nowhere as a whole.
  std::optional<TileHome> findHome(mlir::Value tile);
  TileHome materialise(mlir::Value tile);
  /// Evaluates the tile into `destination`, on behalf of the current op.
  void evaluateInto(mlir::Value tile, const TileHome &destination);
  void emitInto(mlir::Value tile, tile::DotOp fused, const TileHome &destination);
  void storeTo(const TileHome &destination, mlir::Value value, const TilePoint &point);
  /// Gives homes to all parts of a deferred tile that cannot be emitted point by point.
  void prepare(mlir::Value tile, tile::DotOp fused);
  void prepare(mlir::Value tile, tile::DotOp fused, TileSet &visited);
  /// The dot, if any, that can evaluate the tile, along rows or down columns, in the epilogue of its register
  /// tiles.
  tile::DotOp findFusibleDot(mlir::Value tile, bool down);
  bool hasOneSink(mlir::Value tile);
  bool isExpensive(mlir::Value tile);

  // ---- overwrites
  /// Whether evaluating `tile` reads memory of `destination` at other points than those it has written.
  bool readsElsewhere(mlir::Value tile, const TileHome &destination, tile::DotOp fused);
  bool readsMemory(mlir::Value tile, mlir::Value memref);
  /// Saves all tiles that still have uses and read `memref`, before it is written.
  void saveReaders(mlir::Value memref);
  bool isLive(mlir::Value tile);
  bool mayRunLater(mlir::OpOperand &use, mlir::Value tile);

  // ---- what a machine does
  /// Whether the tile, if it gets a home or comes from a dot, lies there with points down its columns.
  virtual bool isDown(mlir::Value) const { return false; }
  /// Whether a point of the op's result comes from the points of its operands at the same place.
  virtual bool keepsPlace(mlir::Operation *op) const;
  /// Whether the epilogue of a dot can evaluate `tile`, which is made of the dot's result in place.
  virtual bool canFollowDot(mlir::Value, bool /*down*/) { return true; }
  /// Evaluates a prepared tile, in which no dot is left, into `destination`.
  virtual void emitPoints(mlir::Value tile, const TileHome &destination) = 0;
  /// Copies a tile that lies in `from`.
  virtual void copy(mlir::Value tile, const TileHome &from, const TileHome &to) = 0;
  /// Gives a dot's operands and accumulator the form in which emitDot reads them.
  virtual void prepareDot(tile::DotOp dot) = 0;
  /// Evaluates `result`, an expression around the prepared dot's result, into `destination`.
  virtual void emitDot(tile::DotOp dot, mlir::Value result, const TileHome &destination) = 0;
  /// Whether the prepared dot's operands lie in `memref`.
  virtual bool dotReads(tile::DotOp dot, mlir::Value memref) = 0;
  /// Fills what a store to panels leaves of its last panel with zeros.
  virtual void fillPanelRest(tile::StoreOp store, const TileHome &home) = 0;
  virtual void lowerStage(tile::StageOp stage) = 0;
  virtual void lowerReduce(tile::ReduceOp reduce) = 0;
  virtual void lowerScan(tile::ScanOp scan) = 0;
  virtual void lowerScatterAdd(tile::ScatterAddOp scatter) = 0;
  void lowerStore(tile::StoreOp store);
  /// Gives homes to the tiles that an addition to rows reads; the whole width of the buffer is the result.
  TileHome prepareScatterAdd(tile::ScatterAddOp scatter);

  TileAccess access() { return TileAccess(builder, loc); }

  tile::KernelOp kernel;
  mlir::OpBuilder builder;
  mlir::Location loc;
  mlir::IRMapping scalars; // scalars and buffers of the kernel to those of the function
  llvm::DenseMap<mlir::Value, TileHome> homes;
  llvm::DenseMap<std::pair<mlir::Value, unsigned>, TileHome> packed; // copies for dots, (tile, transposed)
  llvm::SmallVector<mlir::Value>
      tiles; // deferred or carried, in program order: what an overwrite may concern
  mlir::Operation *currentOp = nullptr; // that is being lowered
  unsigned currentOperand = 0;          // of a terminator
};

} // namespace rondo::codegen
