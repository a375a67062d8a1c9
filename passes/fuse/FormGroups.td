// Gathers the ops of entry points into groups that become kernels.
#ifndef RONDO_PASSES_FUSE_FORMGROUPS_TD
#define RONDO_PASSES_FUSE_FORMGROUPS_TD

include "mlir/Pass/PassBase.td"

def FormGroups : Pass<"rondo-form-groups", "::mlir::ModuleOp"> {
  let summary = "gathers the ops of entry points into groups that become kernels";
  let description = [{
    Before: entry points (functions with `rondo.entry`) of single ops with static shapes. After: every op of an entry point
    other than `rondo.get_weight` and `return` is in a `rondo.group`.

    Each root op (`TileRootOpInterface`) begins a group. A pointwise op (`PointwiseTileOpInterface`) joins the latest group
    that computes one of its operands, if both or neither are of the backward pass (`rondo.backward`), if it has that
    group's rows and columns, reads only rows that the group computes,
    needs runs of columns that the root's regions can hold (`getRegionColumns`), and closes no cycle between groups;
    otherwise it begins a row kernel of its own, which its consumers may join. A value that is also used elsewhere is
    yielded as well.

    An op that takes several kernels (`KernelSequenceOpInterface`) is replaced by ops of one kernel each. Reshapes are other views of the same bytes and are copied to where they are used. State reads and writes go with the
    op that uses them. Inputs that are outputs, and outputs that repeat another, are copied by groups without ops. Groups
    are ordered by their first op as far as their data allow; a state is read by all before it is written.

    Refuses ops that are neither roots nor pointwise, and states that no root reads or writes.

    Example: test/passes/fuse/form-groups.mlir.
  }];
  let options = [
    Option<"target", "target", "std::string", "\"cpu\"", "Machine whose tile sizes decide what fits a region">];
  let dependentDialects = ["::rondo::RondoDialect"];
}

#endif
