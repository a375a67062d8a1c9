// Lowers one tile.kernel to the program of one thread of a block (see codegen/lowering/TileLowering.h).
//
// A block of threads runs workgroups one after the other. Control flow is the same for all threads; a sink is
// a loop over its elements that the threads share out, consecutive threads on consecutive elements, and ends
// with a barrier, so that whatever a sink reads has been written and whatever it overwrites has been read.
// Homes lie in shared memory, as long as it has room, and else in the block's global scratch. A dot stages
// slices of its operands in shared memory; each thread keeps a few rows by a few columns of the result in
// registers, adds up in ascending k as the CPU does, and hands its elements to the sink. While a slice is
// used, the next one is copied asynchronously or evaluated. Products of operands that are rounded to bf16 (or
// tf32) run on tensor cores.
//
// The files beside this one: ThreadLowering.cpp the function, points, memory; ThreadDots.cpp products,
// TensorCores.cpp and Warpgroups.cpp what multiplies in them, OperandSlices.cpp and AsyncCopies.cpp how
// operands come to shared memory; VectorProducts.cpp products of few rows; ThreadReductions.cpp reductions,
// scans, ordered additions.
#pragma once

#include "codegen/lowering/TileLowering.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace rondo::codegen {

/// Memory spaces of the functions that come out; buffers are in the default one.
enum ThreadSpace : unsigned { kGlobalScratch = 1, kSharedMemory = 3 };
/// Attribute of a function: threads of a block, i64.
constexpr llvm::StringLiteral kThreadsAttribute = "rondo.threads";
/// Attribute of an alloca that must stay in shared memory.
constexpr llvm::StringLiteral kPinnedAttribute = "rondo.pinned";

struct OperandSlice;
enum class ProductUnit;

/// What the GPU can do.
struct ThreadOptions {
  int64_t threads = 256;   // of a block: a power of two, 32 or more, or 1: one thread then does everything
  bool tf32 = false;       // products of f32 operands run on tensor cores, their operands rounded to tf32
  bool warpgroups = false; // products of bf16 operands run on Hopper's wgmma where they suit it
};

class ThreadLowering : public TileLowering {
public:
  ThreadLowering(tile::KernelOp kernel, const ThreadOptions &options);

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
  /// Begins to copy `count` elements of a row of the source to shared memory at `to`: those from the one
  /// where `condition` (null: everywhere) holds and that the source has, else zeros; of them the first
  /// `valid` (null: all).
  void copyLater(const TileHome &source, const TilePoint &from, mlir::Value condition, mlir::Value target,
                 mlir::ValueRange to, int64_t count, mlir::Value valid = nullptr);
  void waitForCopies();
  /// What this thread has written to shared memory is there for wgmma and tensor copies too, after a barrier.
  void showToAsyncUnits();

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
  /// Decides what multiplies and how the result is divided, and allocates the slices.
  void plan(Product &product);
  bool planForBf16(Product &product);
  void emitRegion(Product &product);
  /// Evaluates or begins to copy slice number `number` of k, which lies in stage `stage` of the slices'
  /// memory.
  void stageSlices(const Product &product, mlir::Value k, mlir::Value stage);
  void stageSlice(const Product &product, mlir::Value k, mlir::Value stage, bool isLhs);
  /// The operand's place in global memory if its elements can be copied as they are.
  std::optional<TileHome> findCopySource(const Product &product, mlir::Value operand);
  llvm::SmallVector<mlir::Value> emitSteps(Product &product, llvm::ArrayRef<mlir::Value> initial);
  /// What the slices in stage `stage`, from step k on, add to the sums.
  llvm::SmallVector<mlir::Value> emitSlice(const Product &product, mlir::Value k, mlir::Value stage,
                                           mlir::ValueRange sums);
  /// Step k, which is row `i` of the slices' memory.
  llvm::SmallVector<mlir::Value> emitStep(const Product &product, mlir::Value k, mlir::Value i,
                                          mlir::ValueRange sums);
  /// Where this thread's sum number `sum` lies in the result.
  TilePoint pointOf(const Product &product, int64_t sum);
  /// Whether this thread's element lies in the result; null: always.
  mlir::Value isInside(const Product &product, const TilePoint &point);

  // bf16 operands in shared memory:
  mlir::Value allocateSlice(const OperandSlice &slice, int64_t stages);
  void stageBf16(const Product &product, mlir::Value k, mlir::Value stage, bool isLhs);
  void copySlice(const Product &product, const TileHome &source, mlir::Value k, mlir::Value stage,
                 bool isLhs);
  void evaluateSlice(const Product &product, mlir::Value k, mlir::Value stage, bool isLhs);
  /// `findCopySource` of an operand whose chunks of 16 bytes can be copied as they are.
  std::optional<TileHome> findChunks(const Product &product, mlir::Value operand);
  /// Row and column of a slice's memory where step `k` of `line` lies. Chunks of eight elements stay
  /// together.
  std::pair<mlir::Value, mlir::Value> placeIn(const OperandSlice &slice, mlir::Value stage, mlir::Value line,
                                              mlir::Value k);

  // Of few rows:
  /// Emits a product whose right operand is streamed from memory to registers; false if it is none of these.
  bool emitVectorProduct(tile::DotOp dot, mlir::Value result, const TileHome &destination);
  /// The home of an operand, or of what it is widened from, that is read along its rows in whole vectors.
  std::optional<TileHome> findStream(mlir::Value operand);
  llvm::SmallVector<mlir::Value> streamColumn(const TileHome &x, const TileHome &w, mlir::Value column,
                                              int64_t m, int64_t k, int64_t width, mlir::Value lane,
                                              tile::Precision precision);
  mlir::Value loadVector(const TileHome &home, const TilePoint &point, int64_t width,
                         tile::Precision precision);
  /// The sum over a warp's vectors.
  mlir::Value addUp(mlir::Value vector);
  // On tensor cores:
  void placeFragments(Product &product);
  mlir::Value roundToTf32(mlir::Value value);
  mlir::Value roundToBf16(mlir::Value value);
  llvm::SmallVector<mlir::Value> emitTf32Fragments(const Product &product, mlir::Value i,
                                                   mlir::ValueRange sums);
  llvm::SmallVector<mlir::Value> emitBf16Fragments(const Product &product, mlir::Value stage, int64_t k,
                                                   mlir::ValueRange sums);
  /// Words of four 8 x 8 matrices of a slice: lines from `line` on, two by two along lines and k.
  llvm::SmallVector<mlir::Value> loadMatrices(const OperandSlice &slice, mlir::Value stage, mlir::Value line,
                                              int64_t k, bool linesFirst);
  llvm::SmallVector<mlir::Value> emitWarpgroupSlice(const Product &product, mlir::Value stage,
                                                    mlir::ValueRange sums);
  /// This warp's number in its block, the same register for all of its threads.
  mlir::Value uniformWarp();
  bool lineIsRow(mlir::Value tile);

  // ---- reductions and memory
  void lowerReduce(tile::ReduceOp reduce) override;
  void reduceRows(tile::ReduceOp reduce, const TileHome &home);
  void reduceColumns(tile::ReduceOp reduce, const TileHome &home);
  void lowerScan(tile::ScanOp scan) override;
  void lowerScatterAdd(tile::ScatterAddOp scatter) override;

  ThreadOptions options;
  int64_t threads;
  mlir::Block *entry = nullptr; // of the function: homes are declared here
  mlir::Value thread;           // this one's number in its block
  mlir::Value warp;             // see uniformWarp
};

} // namespace rondo::codegen
