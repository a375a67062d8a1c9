// Lowers one tile.kernel to the program of one thread of a block (see codegen/lowering/TileLowering.h).
//
// A block of threads runs workgroups one after the other. Control flow is the same for all threads; a sink is
// a loop over its elements that the threads share out, consecutive threads on consecutive elements, and ends
// with a barrier, so that whatever a sink reads has been written and whatever it overwrites has been read.
// Homes lie in shared memory, as long as it has room, and else in the block's global scratch. A dot stages
// slices of its operands in shared memory; each thread keeps a few rows by a few columns of the result in
// registers, adds up in ascending k as the CPU does, and hands its elements to the sink. While a slice is
// used, the next one is copied asynchronously or evaluated.
//
// The files beside this one: ThreadLowering.cpp the function, points, memory; ThreadDots.cpp and
// TensorCores.cpp products; AsyncCopies.cpp;
// ThreadReductions.cpp reductions, scans, ordered additions.
#pragma once

#include "codegen/lowering/TileLowering.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace rondo::codegen {

/// Memory spaces of the functions that come out; buffers are in the default one.
enum ThreadSpace : unsigned { kGlobalScratch = 1, kSharedMemory = 3 };
/// Attribute of a function: threads of a block, i64.
constexpr llvm::StringLiteral kThreadsAttribute = "rondo.threads";

class ThreadLowering : public TileLowering {
public:
  /// `threads` is a power of two, 32 or more, or 1: one thread then does everything.
  /// With `tf32` products of some size run on tensor cores, their operands rounded to tf32.
  ThreadLowering(tile::KernelOp kernel, int64_t threads, bool tf32);

  /// Inserts func.func @NAME(buffers...) before the kernel.
  mlir::func::FuncOp run();

private:
  // ---- points
  void lowerScalar(mlir::Operation &op) override;
  mlir::Value load(const TileHome &home, const TilePoint &point) override;
  void store(mlir::Value value, const TileHome &home, const TilePoint &point) override;
  /// Whether the element at `point` is one of the home's counted rows; null: all are.
  mlir::Value exists(const TileHome &home, const TilePoint &point);
  /// What `body` gives where `condition` (null: everywhere) holds, and zero elsewhere.
  mlir::Value valueIf(mlir::Value condition, mlir::Type type, llvm::function_ref<mlir::Value()> body);
  void doIf(mlir::Value condition, llvm::function_ref<void()> body);
  /// Calls `body` for the numbers below `count` that are this thread's.
  void share(int64_t count, llvm::function_ref<void(mlir::Value)> body);
  /// Calls `body` at this thread's points of a tile, neighbours along rows or, with `down`, columns.
  void sharePoints(llvm::ArrayRef<int64_t> shape, bool down,
                   llvm::function_ref<void(const TilePoint &)> body);
  mlir::Value isLess(mlir::Value a, mlir::Value b);
  mlir::Value zero(mlir::Type type);
  /// All threads have reached this point, and see what the others have written.
  void barrier();

  // ---- asynchronous copies
  /// Begins to copy an element to shared memory; zero where `condition` (null: everywhere) does not hold or
  /// the source has no such row.
  void copyLater(const TileHome &source, const TilePoint &from, mlir::Value condition, const TileHome &target,
                 const TilePoint &to);
  void waitForCopies();

  // ---- homes
  TileHome allocate(llvm::ArrayRef<int64_t> shape, mlir::Type element, int64_t panel = 0,
                    bool down = false) override;
  TileHome allocateFor(llvm::ArrayRef<mlir::Value> tiles) override;
  void emitPoints(mlir::Value tile, const TileHome &destination) override;
  void copy(mlir::Value tile, const TileHome &from, const TileHome &to) override;
  void fillPanelRest(tile::StoreOp store, const TileHome &home) override;
  void lowerStage(tile::StageOp stage) override;

  // ---- products
  struct Product;
  void prepareDot(tile::DotOp dot) override;
  bool dotReads(tile::DotOp dot, mlir::Value memref) override;
  void emitDot(tile::DotOp dot, mlir::Value result, const TileHome &destination) override;
  void emitRegion(Product &product);
  /// Evaluates or begins to copy the slices from k on to row `stage` of the slices' memory.
  void stageSlices(const Product &product, mlir::Value k, mlir::Value stage);
  void stageSlice(const Product &product, mlir::Value k, mlir::Value stage, bool isLhs);
  /// The operand's place in global memory if its elements can be copied as they are.
  std::optional<TileHome> findCopySource(const Product &product, mlir::Value operand);
  llvm::SmallVector<mlir::Value> emitSteps(Product &product, llvm::ArrayRef<mlir::Value> initial);
  /// Step k, which is row `i` of the slices' memory.
  llvm::SmallVector<mlir::Value> emitStep(const Product &product, mlir::Value k, mlir::Value i,
                                          mlir::ValueRange sums);
  /// Where this thread's sum number `sum` lies in the result.
  TilePoint pointOf(const Product &product, int64_t sum);
  // On tensor cores:
  void placeFragments(Product &product);
  mlir::Value roundToTf32(mlir::Value value);
  llvm::SmallVector<mlir::Value> emitFragments(const Product &product, mlir::Value i, mlir::ValueRange sums);
  /// Whether this thread's element lies in the result; null: always.
  mlir::Value isInside(const Product &product, const TilePoint &point);
  bool lineIsRow(mlir::Value tile);

  // ---- reductions and memory
  void lowerReduce(tile::ReduceOp reduce) override;
  void reduceRows(tile::ReduceOp reduce, const TileHome &home);
  void reduceColumns(tile::ReduceOp reduce, const TileHome &home);
  void lowerScan(tile::ScanOp scan) override;
  void lowerScatterAdd(tile::ScatterAddOp scatter) override;

  int64_t threads;
  bool tf32;
  mlir::Block *entry = nullptr; // of the function: homes are declared here
  mlir::Value thread;           // this one's number in its block
};

} // namespace rondo::codegen
