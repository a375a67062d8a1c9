// The kernels that the compiler makes of a graph in text: what the benchmarks of compiled ops measure.
#pragma once

#include "dialects/rondo/Rondo.h"
#include "dialects/tile/Tile.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <string>

namespace rondo::bench {

/// A module with one entry point, grouped, planned and turned into tile kernels for this machine.
class GraphKernels {
public:
  /// Diagnostics go to stderr and leave `ok()` false.
  explicit GraphKernels(const std::string &graph);

  bool ok() const { return bool(module_); }
  mlir::ModuleOp module() { return *module_; }
  mlir::func::FuncOp entry() { return *module_->getOps<mlir::func::FuncOp>().begin(); }
  /// In program order.
  llvm::SmallVector<DispatchOp> commands() { return llvm::to_vector(entry().getOps<DispatchOp>()); }
  tile::KernelOp kernelOf(DispatchOp command) {
    return module_->lookupSymbol<tile::KernelOp>(command.getKernel());
  }
  /// As KernelRunner takes it.
  static std::string textOf(tile::KernelOp kernel);

private:
  mlir::MLIRContext context_;
  mlir::OwningOpRef<mlir::ModuleOp> module_;
};

} // namespace rondo::bench
