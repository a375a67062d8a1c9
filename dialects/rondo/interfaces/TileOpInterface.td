// How graph ops become tile kernels. A group is one root op (or none) and the pointwise ops around it; the pass
// rondo-build-kernels asks the root for the kernel's grid and body, and the pointwise ops for their tile arithmetic.
#ifndef RONDO_DIALECTS_RONDO_INTERFACES_TILEOPINTERFACE_TD
#define RONDO_DIALECTS_RONDO_INTERFACES_TILEOPINTERFACE_TD

include "mlir/IR/OpBase.td"

def Rondo_TileRootOpInterface : OpInterface<"TileRootOpInterface"> {
  let cppNamespace = "::rondo";
  let description = [{
    An op that shapes a kernel: it decides how its output is cut into workgroups. Every buffer of a kernel is seen as
    rows x columns (`[B, T, H, d]` is `B * T` rows of `H * d` columns; a vector is one dimension). At each region
    of its first result the root hands the computed tile to `KernelBuilder::finish`, which applies the group's
    pointwise consumers and stores what the group yields.
  }];
  let methods = [
    InterfaceMethod<[{
        Columns of the first result that one region covers, given that consumers need regions to hold whole runs of
        `granularity` columns (a rotated head, a normalised row); 0 if that is impossible, and then the consumer is not fused.
      }],
      "int64_t", "getRegionColumns", (ins "const ::rondo::target::TileSizes &":$sizes, "int64_t":$granularity)>,
    InterfaceMethod<"The kernel's grid: one extent per workgroup dimension.",
      "::llvm::SmallVector<int64_t>", "getGrid", (ins "const ::rondo::target::TileSizes &":$sizes, "int64_t":$granularity)>,
    InterfaceMethod<[{
        Emits the work of one workgroup, `ids` being its coordinates (index values, one per grid dimension). Edges are emitted as tiles of their own
        exact size (`scf.if` on the id), so no tile reaches beyond its buffer.
      }],
      "::llvm::LogicalResult", "emitKernel",
      (ins "::rondo::KernelBuilder &":$kernel, "::mlir::ValueRange":$ids)>,
    InterfaceMethod<[{
        The `[N, K]` operands that dots of this kernel read as W in x W^T; where they are parameters, they are best stored in
        panels of N.
      }],
      "::llvm::SmallVector<::mlir::Value>", "getPanelOperands", (ins), [{}], [{ return {}; }]>,
    InterfaceMethod<[{
        True if the op works on the storage of its tensors elementwise, whatever the layout, and names no place in it: all
        f32, of equal storage but for vectors beside them. Then groups that differ in shapes alone share a kernel.
      }],
      "bool", "worksOnStorage", (ins), [{}], [{ return false; }]>,
    InterfaceMethod<[{
        True if the kernel needs memory for every result, read by others or not: it adds to what it has stored there.
      }],
      "bool", "storesUnreadResults", (ins), [{}], [{ return false; }]>,
  ];
}

def Rondo_PointwiseTileOpInterface : OpInterface<"PointwiseTileOpInterface"> {
  let cppNamespace = "::rondo";
  let description = [{
    An op that works on one row at a time and can therefore be fused behind a root or stand in a group without root.
  }];
  let methods = [
    InterfaceMethod<[{
        Runs of columns that must stay together in a region: 1 for elementwise ops, the head width for a rotation, the
        normalised width for a norm.
      }],
      "int64_t", "getGranularity">,
    InterfaceMethod<[{
        Emits tile arithmetic for `region` of the result and returns the result tile, `tensor<rows x columns>`. The kernel
        builder gives operands at the same region (`operand`) or as column vectors (`columnVector`).
      }],
      "::mlir::Value", "emitTile", (ins "::rondo::KernelBuilder &":$kernel, "const ::rondo::Region &":$region)>,
  ];
}

def Rondo_KernelSequenceOpInterface : OpInterface<"KernelSequenceOpInterface"> {
  let cppNamespace = "::rondo";
  let description = [{
    An op whose work takes several kernels, one after the other: there is no barrier across workgroups, so what one wrote, others see in
    a later kernel only. `rondo-form-groups` replaces it by ops that become parts of kernels.
  }];
  let methods = [
    InterfaceMethod<"Builds the ops that take this op's place; returns the values of its results.",
      "::llvm::SmallVector<::mlir::Value>", "buildKernelOps", (ins "::mlir::OpBuilder &":$builder)>,
  ];
}

#endif
