// Builds one tile kernel per distinct group.
#ifndef RONDO_PASSES_TILE_BUILDKERNELS_TD
#define RONDO_PASSES_TILE_BUILDKERNELS_TD

include "mlir/Pass/PassBase.td"

def BuildKernels : Pass<"rondo-build-kernels", "::mlir::ModuleOp"> {
  let summary = "one tile.kernel per distinct group, groups become commands";
  let description = [{
    Before: entry points of `rondo.group`s with planned `slices`. After: the module has one `tile.kernel` per distinct
    group and one `rondo.table` per distinct table, and every group has become a `rondo.dispatch` that binds the kernel's
    buffers.

    Two groups share a kernel if their ops, attributes, types, the storage layouts of their parameters and the slot counts
    of their states are equal; names of weights and states, locations and layers do not matter. So the kernels of a model
    with 24 equal layers are those of one layer.

    The root op of a group gives the grid and the body (`TileRootOpInterface`); a group without root is a row kernel: each
    workgroup computes `rows` whole rows. Fused ops are emitted region by region (`PointwiseTileOpInterface`).

    Refuses groups that `rondo-form-groups` would not form, groups without `slices`, and groups whose kernel would have more
    arguments than a package may hold (2048): a step of a model with 2047 dropouts or parameters, say.

    Example: test/passes/tile/build-kernels.mlir.
  }];
  let options = [Option<"target", "target", "std::string", "\"cpu\"", "Machine whose tile sizes to use">,
                 Option<"bf16Products", "bf16-products", "bool", "false", "Operands of all products are rounded to bf16">];
  let dependentDialects = ["::rondo::tile::TileDialect"];
}

#endif
