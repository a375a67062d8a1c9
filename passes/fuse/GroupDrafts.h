// Which op belongs to which group, decided before any group is built.
#pragma once

#include "codegen/target/TileSizes.h"
#include "dialects/rondo/Rondo.h"
#include "dialects/rondo/interfaces/Tiling.h"

#include "llvm/ADT/SetVector.h"

#include <memory>

namespace rondo {

struct GroupDraft {
  unsigned number;                          // in order of opening
  TileRootOpInterface root;                 // null: a row kernel
  bool isBackward;                          // its ops carry `rondo.backward`, see docs/compiler/training.md
  RowsColumns view;                         // of the rows that fused ops work on
  int64_t granularity = 1;                  // runs of columns that the fused ops need
  unsigned first = 0, last = 0;             // positions of its first and last op in the block
  llvm::SmallVector<mlir::Operation *> ops; // in program order
  llvm::SmallSetVector<GroupDraft *, 4> producers; // drafts whose values it reads
};

class GroupDrafts {
public:
  explicit GroupDrafts(const target::TileSizes &sizes) : sizes(sizes) {}

  // Assigns every op of `block` that becomes part of a kernel. Reshapes and state reads must have one user
  // each.
  mlir::LogicalResult assign(mlir::Block &block);
  // The drafts in an order in which every group follows the groups that it needs; failure if there is none.
  mlir::FailureOr<llvm::SmallVector<GroupDraft *>> order();
  // The draft that `op` belongs to, or null.
  GroupDraft *draftOf(mlir::Operation *op) { return op ? assigned.lookup(op) : nullptr; }

private:
  mlir::LogicalResult assignOp(mlir::Operation *op, unsigned position);
  mlir::LogicalResult assignWrite(WriteStateOp write, unsigned position);
  void assignPointwise(PointwiseTileOpInterface op, unsigned position);
  GroupDraft &open(mlir::Operation *op);
  // Adds `op`, and the reshapes and state reads that feed it.
  void add(GroupDraft &draft, mlir::Operation *op, unsigned position);
  bool canJoin(GroupDraft &draft, PointwiseTileOpInterface op);
  bool needs(mlir::Operation *op, GroupDraft &draft);

  const target::TileSizes &sizes;
  llvm::SmallVector<std::unique_ptr<GroupDraft>> drafts;
  llvm::DenseMap<mlir::Operation *, GroupDraft *> assigned;
};

} // namespace rondo
