// Products on tensor cores by single warps, with f32 sums: mma.sync.m16n8k8 on operands rounded to tf32,
// mma.sync.m16n8k16 on operands rounded to bf16.
//
// In a fragment of 16 x 8 sums thread 4 g + t of a warp has (g, 2 t), (g, 2 t + 1), (g + 8, 2 t), (g + 8, 2 t
// + 1); of the left operand (g, t), (g + 8, t), (g, t + 4), (g + 8, t + 4); of the right one (t, g), (t + 4,
// g). (PTX ISA, "Matrix Fragments for mma.m16n8k8".)
#include "codegen/nvptx/ThreadProduct.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;

namespace rondo::codegen {

// One mma for each fragment of sums, row by row.
static SmallVector<Value> multiplyFragments(OpBuilder &builder, Location loc,
                                            ArrayRef<SmallVector<Value>> lhs,
                                            ArrayRef<SmallVector<Value>> rhs, ValueRange sums, int64_t depth,
                                            NVVM::MMATypes type) {
  Type f32 = builder.getF32Type();
  auto four = LLVM::LLVMStructType::getLiteral(builder.getContext(), {f32, f32, f32, f32});
  int64_t columns = static_cast<int64_t>(sums.size() / 4 / lhs.size());
  SmallVector<Value> next;
  for (int64_t part = 0; part < static_cast<int64_t>(sums.size()) / 4; ++part) {
    auto mma =
        NVVM::MmaOp::create(builder, loc, four, lhs[part / columns], rhs[part % columns],
                            sums.slice(4 * part, 4), {16, 8, depth}, std::nullopt, std::nullopt,
                            std::array{type, type}, std::array{NVVM::MMALayout::row, NVVM::MMALayout::col});
    for (int64_t element = 0; element < 4; ++element)
      next.push_back(LLVM::ExtractValueOp::create(builder, loc, mma.getResult(), element));
  }
  return next;
}

void ThreadLowering::placeFragments(Product &product) {
  bool groups = product.unit == ProductUnit::Warpgroups;
  Value lane = access().remainder(thread, 32), warp = groups ? uniformWarp() : access().divide(thread, 32);
  Value inGroup = groups ? access().remainder(warp, 4) : access().index(0);
  Value unit = groups ? access().divide(warp, 4) : warp;
  product.quad = access().remainder(lane, 4);
  product.warpRow =
      access().multiply(access().divide(unit, product.threadColumns), (groups ? 64 : 16) * product.rows);
  product.warpColumn =
      access().multiply(access().remainder(unit, product.threadColumns), 8 * product.columns);
  Value group = access().divide(lane, 4);
  product.threadRow = access().add(access().add(product.warpRow, access().multiply(inGroup, 16)), group);
  product.threadColumn = access().add(product.warpColumn, access().multiply(product.quad, 2));
  product.fragmentColumn = access().add(product.warpColumn, group);
}

// To the nearest, halves away from zero: what the tensor cores would cut off counts.
Value ThreadLowering::roundToTf32(Value value) {
  Value bits =
      NVVM::ConvertFloatToTF32Op::create(builder, loc, builder.getI32Type(), value, NVVM::FPRoundingMode::RNA,
                                         NVVM::SaturationMode::NONE, /*relu=*/false);
  return arith::BitcastOp::create(builder, loc, builder.getF32Type(), bits);
}

// Steps i to i + 7 of the slices at hand.
SmallVector<Value> ThreadLowering::emitTf32Fragments(const Product &product, Value i, ValueRange sums) {
  Type i32 = builder.getI32Type();
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
  return multiplyFragments(builder, loc, lhs, rhs, sums, 8, NVVM::MMATypes::tf32);
}

// ---- bf16
// ------------------------------------------------------------------------------------------------------

// ldmatrix.x4: thread l names row l % 8 of matrix l / 8; word i of what thread 4 g + t gets is (g, 2 t) and
// (g, 2 t + 1) of matrix i. (PTX ISA, "Warp-level matrix load instruction: ldmatrix".) Where a row of the
// slice is a step of k, matrices are transposed on the way.
SmallVector<Value> ThreadLowering::loadMatrices(const OperandSlice &slice, Value stage, Value line, int64_t k,
                                                bool linesFirst) {
  Value lane = access().remainder(thread, 32), matrix = access().divide(lane, 8);
  Value within = access().remainder(lane, 8);
  Value first = access().multiply(access().remainder(matrix, 2), 8);
  Value second = access().multiply(access().divide(matrix, 2), 8);
  Value alongLines = linesFirst ? first : second, alongK = linesFirst ? second : first;
  (slice.alongK ? alongLines : alongK) = access().add(slice.alongK ? alongLines : alongK, within);
  auto [row, column] =
      placeIn(slice, stage, access().add(line, alongLines), access().add(alongK, access().index(k)));
  auto pairs = VectorType::get({4, 2}, builder.getBF16Type());
  Value loaded = nvgpu::LdMatrixOp::create(builder, loc, pairs, slice.memref, ValueRange{row, column},
                                           /*transpose=*/!slice.alongK, /*numTiles=*/4);
  SmallVector<Value> words;
  for (int64_t i = 0; i < 4; ++i) {
    Value pair = vector::ExtractOp::create(builder, loc, loaded, i);
    words.push_back(LLVM::BitcastOp::create(builder, loc, builder.getI32Type(), pair));
  }
  return words;
}

// Steps k to k + 15 of the slices in `stage`. The four words of the left operand are (g, 2 t), (g + 8, 2 t),
// (g, 2 t + 8), (g + 8, 2 t + 8) and their right neighbours; the two of the right one (2 t, g) and (2 t + 8,
// g) and those below.
SmallVector<Value> ThreadLowering::emitBf16Fragments(const Product &product, Value stage, int64_t k,
                                                     ValueRange sums) {
  SmallVector<SmallVector<Value>> lhs, rhs;
  for (int64_t row = 0; row < product.rows; ++row)
    lhs.push_back(loadMatrices(product.left, stage, access().add(product.warpRow, 16 * row), k,
                               /*linesFirst=*/true));
  for (int64_t column = 0; column < product.columns; column += 2) {
    auto words = loadMatrices(product.right, stage, access().add(product.warpColumn, 8 * column), k,
                              /*linesFirst=*/false);
    rhs.push_back({words[0], words[1]});
    rhs.push_back({words[2], words[3]});
  }
  return multiplyFragments(builder, loc, lhs, rhs, sums, 16, NVVM::MMATypes::bf16);
}

} // namespace rondo::codegen
