// Attaches to every layer op of the spec dialect how it becomes graph ops, family by family.
#pragma once

#include "mlir/IR/DialectRegistry.h"

namespace rondo {

void attachAttentionLayers(mlir::MLIRContext *context);
void attachExternLayers(mlir::MLIRContext *context);
void attachLinearLayers(mlir::MLIRContext *context);
void attachPointwiseLayers(mlir::MLIRContext *context);
void attachPositionLayers(mlir::MLIRContext *context);
void attachRetentionLayers(mlir::MLIRContext *context);

} // namespace rondo
