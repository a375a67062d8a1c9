// What a group looks like to the builder of its kernel: root, granularity, states, and the rules that it must
// keep.
#pragma once

#include "dialects/rondo/Rondo.h"
#include "dialects/rondo/interfaces/Tiling.h"

namespace rondo {

struct GroupForm {
  // Handles of ops have no const accessors, hence mutable.
  mutable GroupOp group;
  mutable TileRootOpInterface root; // null: a row kernel
  RowsColumns view;                 // of the root's first result, or of the pointwise results
  int64_t granularity = 1;          // what the pointwise ops together need
  llvm::SmallVector<llvm::StringRef>
      symbols; // of states and parameters that its ops name, in order of first use

  // Reads the form of `group`; emits an error if the group breaks a rule of rondo-form-groups.
  static mlir::FailureOr<GroupForm> analyse(GroupOp group);

  YieldOp yield() const { return mlir::cast<YieldOp>(group.getBody().front().getTerminator()); }
  // "linear + scale + rotate".
  std::string describe() const;
};

// The value behind reshapes, which are other views of the same bytes.
mlir::Value throughReshapes(mlir::Value value);

} // namespace rondo
