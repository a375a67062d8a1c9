// Operands of products in bf16.
#pragma once

#include "dialects/tile/Tile.h"

namespace rondo::codegen {

/// Makes every product of `kernel` whose precision is bf16 one in f32 whose operands are rounded to bf16 (to
/// nearest, ties to even). Operands that were bf16 already stay as they are.
void roundOperands(tile::KernelOp kernel);

} // namespace rondo::codegen
