// What rondo-opt knows: one line per dialect and per stage.
#include "tools/rondo-opt/Register.h"

#include "dialects/rondo/Rondo.h"
#include "dialects/tile/Tile.h"
#include "frontends/spec/LoadSpec.h"
#include "frontends/spec/Passes.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/Passes.h"
#include "passes/fuse/Passes.h"
#include "passes/plan/Passes.h"
#include "passes/tile/Passes.h"

using namespace mlir;

void rondo::registerDialects(DialectRegistry &registry) {
  registerSpecFrontend(registry);
  registry.insert<RondoDialect, tile::TileDialect>();
  registry.insert<affine::AffineDialect, arith::ArithDialect, func::FuncDialect, LLVM::LLVMDialect,
                  math::MathDialect, memref::MemRefDialect, scf::SCFDialect, vector::VectorDialect>();
}

void rondo::registerPasses() {
  registerCanonicalizerPass();
  registerCSEPass();
  registerSpecPasses();
  registerFusePasses();
  registerPlanPasses();
  registerTilePasses();
}
