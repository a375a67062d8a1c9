// Products on tensor cores: mma.sync.m16n8k8 on operands rounded to tf32, f32 sums.
//
// In a fragment of 16 x 8 sums thread 4 g + t of a warp has (g, 2 t), (g, 2 t + 1), (g + 8, 2 t), (g + 8, 2 t
// + 1); of the left operand (g, t), (g + 8, t), (g, t + 4), (g + 8, t + 4); of the right one (t, g), (t + 4,
// g). (PTX ISA, "Matrix Fragments for mma.m16n8k8".)
#include "codegen/nvptx/ThreadProduct.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

using namespace mlir;

namespace rondo::codegen {

void ThreadLowering::placeFragments(Product &product) {
  Value lane = access().remainder(thread, 32), warp = access().divide(thread, 32);
  Value group = access().divide(lane, 4);
  product.quad = access().remainder(lane, 4);
  Value row = access().multiply(access().divide(warp, product.threadColumns), 16 * product.rows);
  Value column = access().multiply(access().remainder(warp, product.threadColumns), 8 * product.columns);
  product.threadRow = access().add(row, group);
  product.threadColumn = access().add(column, access().multiply(product.quad, 2));
  product.fragmentColumn = access().add(column, group);
}

// To the nearest, halves away from zero: what the tensor cores would cut off counts.
Value ThreadLowering::roundToTf32(Value value) {
  Value bits =
      NVVM::ConvertFloatToTF32Op::create(builder, loc, builder.getI32Type(), value, NVVM::FPRoundingMode::RNA,
                                         NVVM::SaturationMode::NONE, /*relu=*/false);
  return arith::BitcastOp::create(builder, loc, builder.getF32Type(), bits);
}

// Steps i to i + 7 of the slices at hand.
SmallVector<Value> ThreadLowering::emitFragments(const Product &product, Value i, ValueRange sums) {
  Type i32 = builder.getI32Type(), f32 = builder.getF32Type();
  auto word = [&](const TileHome &slice, int64_t step, Value line, int64_t offset) -> Value {
    Value at = access().add(access().add(i, product.quad), step);
    return arith::BitcastOp::create(builder, loc, i32, load(slice, {at, access().add(line, offset), 1, 1}));
  };
  SmallVector<SmallVector<Value>> lhs, rhs;
  for (int64_t row = 0; row < product.rows; ++row) {
    Value line = product.threadRow;
    lhs.push_back({word(product.lhs, 0, line, 16 * row), word(product.lhs, 0, line, 16 * row + 8),
                   word(product.lhs, 4, line, 16 * row), word(product.lhs, 4, line, 16 * row + 8)});
  }
  for (int64_t column = 0; column < product.columns; ++column)
    rhs.push_back({word(product.rhs, 0, product.fragmentColumn, 8 * column),
                   word(product.rhs, 4, product.fragmentColumn, 8 * column)});
  auto four = LLVM::LLVMStructType::getLiteral(builder.getContext(), {f32, f32, f32, f32});
  SmallVector<Value> next;
  for (int64_t part = 0; part < product.rows * product.columns; ++part) {
    auto mma = NVVM::MmaOp::create(
        builder, loc, four, lhs[part / product.columns], rhs[part % product.columns], sums.slice(4 * part, 4),
        {16, 8, 8}, std::nullopt, std::nullopt, std::array{NVVM::MMATypes::tf32, NVVM::MMATypes::tf32},
        std::array{NVVM::MMALayout::row, NVVM::MMALayout::col});
    for (int64_t element = 0; element < 4; ++element)
      next.push_back(LLVM::ExtractValueOp::create(builder, loc, mma.getResult(), element));
  }
  return next;
}

} // namespace rondo::codegen
