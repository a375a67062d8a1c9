// What rondo-opt knows: one line per dialect and per stage.
#pragma once

namespace mlir {
class DialectRegistry;
}

namespace rondo {

void registerDialects(mlir::DialectRegistry &registry);
void registerPasses();

} // namespace rondo
