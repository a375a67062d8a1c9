// Lowers one tile.kernel to a function over scf, memref and vectors.
//
// Tiles are not computed where they are defined but where they are needed. A value is *deferred* until a sink
// (a store, a reduction, a packed operand, a loop's carry) asks for it, and the sink's loop nest then
// evaluates the whole expression behind it vector by vector. Only what must have a place in memory gets a
// *home* in scratch: operands that dots read many times, expensive values with several sinks, and values that
// would read what is about to be overwritten. A dot is evaluated register tile by register tile inside its
// sink, which sees the accumulators as vectors.
//
// The files beside this one: KernelLowering.cpp the frame and the walk over a block; Orientation.cpp which
// tiles are evaluated down their columns; Expressions.cpp vectors of deferred tiles; RandomBits.cpp those of
// random words; Materialise.cpp what
// gets a home, and sinks; Overwrites.cpp what must be saved before memory changes; DotLowering.cpp,
// RegisterTiles.cpp and Packing.cpp products; Transposition.cpp; Reductions.cpp; ControlFlow.cpp;
// Prefetch.cpp; Loops.cpp.
#pragma once

#include "codegen/cpu/Product.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SmallPtrSet.h"

namespace rondo::codegen {

/// Shapes of register tiles and cache blocks.
struct Blocking {
  int64_t rows = 8;    // rows of a register tile
  int64_t panel = 32;  // columns of a packed panel and of a register tile
  int64_t depth = 256; // steps of k for which a panel stays in the first-level cache
  int64_t thinRows =
      4; // up to so many rows a product is bound by memory: several panels side by side, no blocks
};

class KernelLowering {
public:
  KernelLowering(tile::KernelOp kernel, const Blocking &blocking);

  /// Reports the first op that has no lowering.
  static mlir::LogicalResult check(tile::KernelOp kernel);
  /// Inserts func.func @NAME(buffers..., begin, end) before the kernel.
  void run();

private:
  using Vectors = llvm::DenseMap<mlir::Value, mlir::Value>;
  using TileSet = llvm::SmallPtrSet<mlir::Value, 16>;

  // ---- the walk
  void lowerBlock(mlir::Block &block);
  void lowerOp(mlir::Operation &op);
  void lowerFor(mlir::scf::ForOp loop);
  void lowerIf(mlir::scf::IfOp branch);
  void lowerYields(mlir::scf::YieldOp yield, llvm::ArrayRef<TileHome> homes);
  void enterRegion(mlir::Operation *op);
  mlir::Value scalar(mlir::Value value) { return scalars.lookupOrDefault(value); }

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
  /// The widest vector, along rows or down columns, in which every part of the tile can be emitted.
  int64_t legalLanes(mlir::Value tile, bool down = false);
  /// Calls `body` at every point of a tile of `shape`, rows outermost; with `down` columns outermost. Strips
  /// of so many columns (rows) come one after the other; 0: no strips.
  void forEachPoint(llvm::ArrayRef<int64_t> shape, int64_t lanes,
                    llvm::function_ref<void(const TilePoint &)> body, bool down = false, int64_t strip = 0);
  /// In an order that suits stores to `home`.
  void forEachPointOf(const TileHome &home, llvm::ArrayRef<int64_t> shape, int64_t lanes,
                      llvm::function_ref<void(const TilePoint &)> body);
  /// scf.for from `from` to `to`; what `body` emits lies inside.
  void loop(mlir::Value from, mlir::Value to, int64_t step, llvm::function_ref<void(mlir::Value)> body);
  void loop(int64_t from, int64_t to, int64_t step, llvm::function_ref<void(mlir::Value)> body);

  // ---- homes
  /// Vectors of a home run along rows; with `down` down columns.
  TileHome allocate(llvm::ArrayRef<int64_t> shape, mlir::Type element, int64_t panel, bool down = false);
  /// For one of `tiles`, which are the same in different places of the program.
  TileHome allocateFor(llvm::ArrayRef<mlir::Value> tiles);
  /// A buffer's part at some offsets, and what a load reads and a store writes.
  TileHome bufferHome(mlir::Value buffer, mlir::ValueRange offsets);
  template <typename Access> TileHome accessHome(Access op) {
    TileHome home = bufferHome(op.getBuffer(), op.getOffsets());
    home.step = op.getStep();
    home.stride = op.getStride() ? scalar(op.getStride()) : nullptr;
    home.rows = op.getRows() ? scalar(op.getRows()) : nullptr;
    return home;
  }
  /// The panel width in which the users of a tile read it best; 0: row-major.
  int64_t preferredPanel(llvm::ArrayRef<mlir::Value> tiles);
  /// The tile as it lies in memory, without emitting anything: its home or the buffer it is loaded from. A
  /// counted tile lies nowhere as a whole.
  std::optional<TileHome> findHome(mlir::Value tile);
  TileHome materialise(mlir::Value tile);
  /// Evaluates the tile into `destination`, on behalf of the current op.
  void evaluateInto(mlir::Value tile, const TileHome &destination);
  void emitInto(mlir::Value tile, tile::DotOp fused, const TileHome &destination);
  void storeTo(const TileHome &destination, mlir::Value value, const TilePoint &point);
  void copy(mlir::Value tile, const TileHome &from, const TileHome &to);
  /// Evaluates the tile, whose vectors run the other way than those of `destination`, in squares.
  void transposeInto(mlir::Value tile, const TileHome &destination);
  bool isTransposedInto(mlir::Value tile, const TileHome &destination);
  /// Gives homes to all parts of a deferred tile that cannot be emitted point by point.
  void prepare(mlir::Value tile, tile::DotOp fused);
  void prepare(mlir::Value tile, tile::DotOp fused, TileSet &visited);
  /// The dot, if any, that can evaluate the tile, along rows or down columns, in the epilogue of its register
  /// tiles.
  tile::DotOp findFusibleDot(mlir::Value tile, bool down);
  bool hasOneSink(mlir::Value tile);
  bool isExpensive(mlir::Value tile);

  // ---- orientation
  void findDownTiles();
  /// Whether the tile, if it gets a home or comes from a dot, lies there with vectors down its columns.
  bool isDown(mlir::Value tile) const { return downTiles.contains(tile); }

  // ---- overwrites
  /// Whether evaluating `tile` reads memory of `destination` at other points than those it has written.
  bool readsElsewhere(mlir::Value tile, const TileHome &destination, tile::DotOp fused);
  bool readsMemory(mlir::Value tile, mlir::Value memref);
  /// Saves all tiles that still have uses and read `memref`, before it is written.
  void saveReaders(mlir::Value memref);
  bool isLive(mlir::Value tile);
  bool mayRunLater(mlir::OpOperand &use, mlir::Value tile);

  // ---- products
  DotSides sidesOf(tile::DotOp dot) const { return DotSides(dot, isDown(dot.getResult())); }
  TileHome lhsHome(tile::DotOp dot);
  TileHome rhsHome(tile::DotOp dot);
  TileHome packedRhs(mlir::Value tile, bool transposed);
  mlir::Value emitWide(mlir::Value tile, const TilePoint &point);
  void lowerStage(tile::StageOp stage);
  void prepareDot(tile::DotOp dot);
  bool isOnlyTriangularLhs(mlir::Value tile, tile::Triangle triangle);
  void emitDot(tile::DotOp dot, mlir::Value result, const TileHome &destination);
  void emitRegions(Product &product);
  void emitColumns(Product &product, mlir::Value panel, int64_t columns);
  void emitSkipped(Product &product);
  /// Hands a vector of the dot's result to the sink.
  void emitSunk(Product &product, mlir::Value accumulator, const TilePoint &point);
  /// Of the dot's result.
  TilePoint pointOf(const Product &product, const RegisterTile &tile, int64_t row, int64_t vector);
  void emitRegisterTile(Product &product, const RegisterTile &tile);
  void emitStep(Product &product, const RegisterTile &tile, mlir::Value k, int64_t firstRow, int64_t endRow,
                llvm::SmallVectorImpl<mlir::Value> &sums);
  llvm::SmallVector<mlir::Value> emitSteps(Product &product, const RegisterTile &tile, mlir::Value from,
                                           mlir::Value to, llvm::ArrayRef<mlir::Value> initial);
  /// What the next iteration of a loop loads.
  struct Ahead {
    TileHome home;
    int64_t rows, columns;
  };
  void planPrefetch(mlir::scf::ForOp loop, mlir::Value induction, mlir::Value end);
  void prefetchAhead(Product &product, const RegisterTile &tile);
  void emitDiagonal(Product &product, const RegisterTile &tile, llvm::SmallVectorImpl<mlir::Value> &sums);

  // ---- reductions and memory
  void lowerStore(tile::StoreOp store);
  void fillPanelRest(tile::StoreOp store, const TileHome &home);
  void lowerReduce(tile::ReduceOp reduce);
  void reduceRows(tile::ReduceOp reduce, const TileHome &home, std::optional<TileHome> kept, int64_t lanes);
  void reduceRows(tile::ReduceOp reduce, const TileHome &home, std::optional<TileHome> kept, int64_t lanes,
                  mlir::Value row, int64_t count);
  void reduceColumns(tile::ReduceOp reduce, const TileHome &home, mlir::Value begin, int64_t count,
                     int64_t lanes);
  void lowerScan(tile::ScanOp scan);
  void lowerScatterAdd(tile::ScatterAddOp scatter);
  void addAt(const TileHome &home, const TilePoint &point, mlir::Value value);
  llvm::SmallVector<mlir::Value>
  fold(int64_t from, int64_t to, int64_t step, llvm::ArrayRef<mlir::Value> initial,
       llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value index, mlir::ValueRange running)> body);
  mlir::Value combine(tile::Combine kind, mlir::Value a, mlir::Value b);
  /// What the lanes of each vector combine to, as one value with a lane per vector.
  mlir::Value combineLanes(tile::Combine kind, llvm::SmallVector<mlir::Value> vectors);
  mlir::TypedAttr neutral(tile::Combine kind, mlir::Type element);

  TileAccess access() { return TileAccess(builder, loc); }

  tile::KernelOp kernel;
  Blocking blocking;
  mlir::OpBuilder builder;
  mlir::Location loc;
  mlir::Block *entry = nullptr; // of the function: scratch is declared here
  mlir::IRMapping scalars;      // scalars and buffers of the kernel to those of the function
  llvm::DenseMap<mlir::Value, TileHome> homes;
  llvm::DenseSet<mlir::Value> downTiles;
  llvm::DenseMap<std::pair<mlir::Value, unsigned>, TileHome> packed; // right operands, (tile, transposed)
  llvm::SmallVector<mlir::Value>
      tiles; // deferred or carried, in program order: what an overwrite may concern
  llvm::DenseMap<mlir::Operation *, llvm::SmallVector<Ahead, 0>> ahead; // by the dot that asks for it
  mlir::Operation *currentOp = nullptr;                                 // that is being lowered
  unsigned currentOperand = 0;                                          // of a terminator
};

} // namespace rondo::codegen
