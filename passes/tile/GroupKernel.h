// The kernel builder that graph ops emit a group's kernel through.
#pragma once

#include "dialects/tile/Tile.h"
#include "passes/tile/GroupForm.h"
#include "passes/tile/TableStore.h"

namespace rondo {

// What a kernel argument is bound to, as seen from any group that shares the kernel.
struct BufferSource {
  enum class Kind { Input, Output, Symbol, Table };
  Kind kind;
  unsigned index = 0;            // operand or result of the group, entry of GroupForm::symbols
  mlir::FlatSymbolRefAttr table; // Kind::Table
  bool operator==(const BufferSource &) const = default;
};

// What the group's surroundings add to its types.
struct KernelContext {
  const target::TileSizes &sizes;
  llvm::ArrayRef<LayoutAttr> layouts; // storage layout per group operand, null = row-major
  // Per entry of GroupForm::symbols: a state's slot, a parameter or optimiser state with its layout as
  // encoding.
  llvm::ArrayRef<mlir::RankedTensorType> symbolTypes;
  int64_t slots; // of the entry point
  TableStore &tables;
};

class GroupKernel final : public KernelBuilder {
public:
  // `kernel` has a body block whose only arguments are the workgroup coordinates; code goes to its end.
  GroupKernel(const GroupForm &form, tile::KernelOp kernel, const KernelContext &context);

  // Emits the whole body and completes the kernel's attributes.
  mlir::LogicalResult emit();
  llvm::ArrayRef<BufferSource> sources() const { return bufferSources; }

  int64_t granularity() override { return form.granularity; }
  mlir::Value buffer(mlir::Value graph) override;
  mlir::Value resultBuffer(mlir::Value graphResult) override;
  mlir::Value loadState(mlir::Value graph, mlir::Value batch, const Region &region,
                        mlir::Value rows) override;
  void storeState(mlir::Value graphResult, mlir::Value tile, mlir::Value batch, const Region &region,
                  mlir::Value rows) override;
  mlir::Value loadOneState(mlir::ValueRange graphs, mlir::Value which, mlir::Value batch,
                           const Region &region, mlir::Value rows) override;
  mlir::Value storage(mlir::Value graph) override;
  mlir::Value storage(llvm::StringRef symbol, bool written) override;
  mlir::Value table(mlir::DenseElementsAttr values) override;
  mlir::Value operand(mlir::Value graph, const Region &region) override;
  mlir::Value columnVector(mlir::Value graph, const Region &region) override;
  void finish(mlir::Value tile, const Region &region) override;
  void store(mlir::Value graphResult, mlir::Value tile, mlir::Value row, mlir::Value column) override;

  // The grid of `form`'s kernel.
  static llvm::SmallVector<int64_t> grid(const GroupForm &form, const target::TileSizes &sizes);

private:
  mlir::Value argument(const BufferSource &source, mlir::MemRefType type, bool written);
  mlir::Value inputBuffer(mlir::BlockArgument input, RowsColumns view);
  mlir::Value outputBuffer(unsigned result, RowsColumns view);
  // `tile` at row, column of a buffer; a vector is one row.
  void storeRows(mlir::Value tile, mlir::Value buffer, mlir::Value row, mlir::Value column);
  mlir::Value poolBuffer(llvm::StringRef state, bool written);
  // Row `row` of a batch row's state in its pool, at the slot that `slot` (i32 `[B]`) gives it.
  mlir::Value poolRow(llvm::StringRef state, mlir::Value slot, mlir::Value batch, mlir::Value row);
  // Where row `row` of a batch row's state is read.
  struct StatePlace {
    mlir::Value buffer, row;
  };
  StatePlace placeOfState(mlir::Value graph, mlir::Value batch, mlir::Value row);
  mlir::Value offsetRow(mlir::Value block, int64_t rowsPerBlock, mlir::Value row);
  unsigned symbolIndex(llvm::StringRef state) const;
  std::optional<unsigned> yieldIndex(mlir::Value graph) const;
  mlir::LogicalResult emitRowKernel(mlir::ValueRange ids);

  const GroupForm &form;
  tile::KernelOp kernel;
  const KernelContext &context;
  llvm::SmallVector<BufferSource> bufferSources;     // per kernel argument
  llvm::SmallVector<bool> bufferWrites;              // per kernel argument
  llvm::DenseMap<mlir::Value, mlir::Value> rowTiles; // tiles of the region that finish() is working on
};

} // namespace rondo
