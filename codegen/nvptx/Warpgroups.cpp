// Products by groups of four warps: Hopper's wgmma, which reads both operands from shared memory by
// descriptors and adds up in registers. (PTX ISA, "Asynchronous Warpgroup Level Matrix Multiply-Accumulate
// Instructions": matrix fragment D, shared memory matrix layout, matrix descriptor.)
//
// Thread 4 g + t of warp w has of the 64 x N sums those at row 16 w + g (+ 8), columns 2 t and 2 t + 1 (+ 8
// j): what fragments of mma.sync have, 16 rows to a warp.
#include "codegen/nvptx/ThreadProduct.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

using namespace mlir;

namespace rondo::codegen {

namespace {

constexpr int64_t kRowBytes = 2 * OperandSlice::kColumns;
constexpr int64_t kStep = 16; // steps of k of one wgmma

// "=f,=f,...,INPUTS,0,1,...": sums in place.
std::string constraintsFor(size_t sums, StringRef inputs) {
  std::string text;
  llvm::raw_string_ostream out(text);
  for (size_t i = 0; i < sums; ++i)
    out << "=f,";
  out << inputs;
  llvm::interleave(llvm::seq<size_t>(0, sums), out, ",");
  return text;
}

// An instruction that changes the sums in registers.
SmallVector<Value> changeSums(OpBuilder &builder, Location loc, StringRef text, StringRef inputs,
                              ValueRange operands, ValueRange sums) {
  SmallVector<Type> types(sums.size(), builder.getF32Type());
  Type all = LLVM::LLVMStructType::getLiteral(builder.getContext(), types);
  SmallVector<Value> values(operands);
  llvm::append_range(values, sums);
  Value result =
      LLVM::InlineAsmOp::create(builder, loc, all, values, text, constraintsFor(sums.size(), inputs),
                                /*has_side_effects=*/true, /*is_align_stack=*/false, LLVM::TailCallKind::None,
                                LLVM::AsmDialectAttr(), ArrayAttr())
          .getRes();
  SmallVector<Value> next;
  for (size_t i = 0; i < sums.size(); ++i)
    next.push_back(LLVM::ExtractValueOp::create(builder, loc, result, static_cast<int64_t>(i)));
  return next;
}

// Of the part of a slice that begins at byte `offset` of its memory. In units of 16 bytes: the address, the
// distance between blocks of 64 lines, that between groups of eight rows; then the swizzle.
Value descriptor(OpBuilder &builder, Location loc, const OperandSlice &slice, Value offset) {
  Type i32 = builder.getI32Type(), i64 = builder.getI64Type();
  auto constant = [&](Type type, int64_t value) {
    return arith::ConstantOp::create(builder, loc, builder.getIntegerAttr(type, value)).getResult();
  };
  Value base = memref::ExtractAlignedPointerAsIndexOp::create(builder, loc, slice.memref);
  Value address = arith::AddIOp::create(builder, loc, base, offset);
  address = arith::IndexCastOp::create(builder, loc, i32, address);
  address = arith::ShRUIOp::create(builder, loc, address, constant(i32, 4));
  address = arith::AndIOp::create(builder, loc, address, constant(i32, 0x3fff));
  int64_t blocks = slice.alongK ? 1 : slice.depth * kRowBytes / 16, groups = 8 * kRowBytes / 16;
  int64_t rest = blocks << 16 | groups << 32 | static_cast<int64_t>(uint64_t{1} << 62);
  Value whole = arith::OrIOp::create(builder, loc, arith::ExtUIOp::create(builder, loc, i64, address),
                                     constant(i64, rest));
  // Out of sight of LLVM, which else computes the descriptors of all products before the loop and keeps them.
  return LLVM::InlineAsmOp::create(builder, loc, i64, ValueRange{whole}, "mov.b64 $0, $1;", "=l,l",
                                   /*has_side_effects=*/true, /*is_align_stack=*/false,
                                   LLVM::TailCallKind::None, LLVM::AsmDialectAttr(), ArrayAttr())
      .getRes();
}

} // namespace

Value ThreadLowering::uniformWarp() {
  if (warp)
    return warp;
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointAfterValue(thread);
  Type i32 = builder.getI32Type();
  auto constant = [&](int32_t value) {
    return arith::ConstantOp::create(builder, loc, builder.getI32IntegerAttr(value)).getResult();
  };
  Value number = arith::IndexCastOp::create(builder, loc, i32, access().divide(thread, 32));
  number = NVVM::ShflOp::create(builder, loc, i32, constant(-1), number, constant(0), constant(31),
                                NVVM::ShflKind::idx, UnitAttr());
  return warp = arith::IndexCastOp::create(builder, loc, builder.getIndexType(), number);
}

SmallVector<Value> ThreadLowering::emitWarpgroupSlice(const Product &product, Value stage, ValueRange sums) {
  // Of the line where the group's part begins.
  auto describe = [&](const OperandSlice &slice, Value line) {
    Value row = access().multiply(stage, slice.rows());
    if (!slice.alongK)
      line = access().multiply(access().divide(line, OperandSlice::kColumns), slice.depth);
    return descriptor(builder, loc, slice, access().multiply(access().add(row, line), kRowBytes));
  };
  auto advance = [&](Value descriptor, const OperandSlice &slice, int64_t k) -> Value {
    int64_t bytes = slice.alongK ? 2 * k : k * kRowBytes;
    Value distance = arith::ConstantOp::create(
        builder, loc, builder.getI64IntegerAttr(bytes / 16)); // within the address's bits
    return builder.createOrFold<arith::AddIOp>(loc, descriptor, distance);
  };
  std::string text;
  llvm::raw_string_ostream out(text);
  size_t count = sums.size();
  out << "wgmma.mma_async.sync.aligned.m64n" << 8 * product.columns << "k16.f32.bf16.bf16 {";
  llvm::interleave(llvm::seq<size_t>(0, count), out, [&](size_t i) { out << '$' << i; }, ", ");
  out << "}, $" << count << ", $" << count + 1 << ", 1, 1, 1, " << !product.left.alongK << ", "
      << !product.right.alongK << ";";
  NVVM::WgmmaFenceAlignedOp::create(builder, loc);
  SmallVector<Value> running(sums);
  Value left = describe(product.left, product.warpRow), right = describe(product.right, product.warpColumn);
  for (int64_t k = 0; k < product.depth; k += kStep)
    running = changeSums(builder, loc, text, "l,l,",
                         {advance(left, product.left, k), advance(right, product.right, k)}, running);
  NVVM::WgmmaGroupSyncAlignedOp::create(builder, loc);
  // The sums pass through: nobody reads them before.
  return changeSums(builder, loc, "wgmma.wait_group.sync.aligned 0;", "", {}, running);
}

} // namespace rondo::codegen
