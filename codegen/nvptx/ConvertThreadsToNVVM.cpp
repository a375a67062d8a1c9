// One conversion from structured loops and memrefs to kernels in the LLVM and NVVM dialects.
#include "codegen/nvptx/Passes.h"

#include "codegen/lowering/ConvertToLLVM.h"
#include "codegen/nvptx/ThreadLowering.h"
#include "mlir/Conversion/NVGPUToNVVM/NVGPUToNVVM.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace rondo::codegen {
#define GEN_PASS_DEF_CONVERTTHREADSTONVVM
#include "codegen/nvptx/ConvertThreadsToNVVM.h.inc"

namespace {

constexpr StringLiteral kSharedName = "rondo_shared";
constexpr int64_t kSharedAlignment = 1024; // what the widest swizzle of Hopper asks for

// ---- numbers of threads and blocks, barriers, exchanges
// ------------------------------------------------------

Value indexOf(OpBuilder &builder, Location loc, Value number) {
  return arith::IndexCastUIOp::create(builder, loc, builder.getIndexType(), number);
}

Value exchange(OpBuilder &builder, gpu::ShuffleOp op) {
  Location loc = op.getLoc();
  auto constant = [&](int32_t value) {
    return arith::ConstantOp::create(builder, loc, builder.getI32IntegerAttr(value));
  };
  return NVVM::ShflOp::create(builder, loc, op.getValue().getType(), constant(-1), op.getValue(),
                              op.getOffset(), constant(31), NVVM::ShflKind::bfly, UnitAttr());
}

void lowerGpuOps(ModuleOp module) {
  module.walk([](Operation *op) {
    if (!isa<gpu::GPUDialect>(op->getDialect()))
      return;
    OpBuilder builder(op);
    Location loc = op->getLoc();
    Type i32 = builder.getI32Type();
    Value value = llvm::TypeSwitch<Operation *, Value>(op)
                      .Case<gpu::ThreadIdOp>([&](auto) {
                        return indexOf(builder, loc, NVVM::ThreadIdXOp::create(builder, loc, i32));
                      })
                      .Case<gpu::BlockIdOp>([&](auto) {
                        return indexOf(builder, loc, NVVM::BlockIdXOp::create(builder, loc, i32));
                      })
                      .Case<gpu::GridDimOp>([&](auto) {
                        return indexOf(builder, loc, NVVM::GridDimXOp::create(builder, loc, i32));
                      })
                      .Case<gpu::ShuffleOp>([&](auto shuffle) { return exchange(builder, shuffle); })
                      .Default(Value());
    if (isa<gpu::BarrierOp>(op))
      NVVM::Barrier0Op::create(builder, loc);
    if (value)
      op->getResult(0).replaceAllUsesWith(value);
    op->erase();
  });
}

// ---- types
// -------------------------------------------------------------------------------------------------

// 32 bits if they number every element of every buffer, twice over, so that sums on the way do not wrap.
unsigned indexBits(ModuleOp module) {
  int64_t largest = 0;
  module.walk([&](func::FuncOp function) {
    for (Type type : function.getArgumentTypes())
      if (auto buffer = dyn_cast<MemRefType>(type))
        largest = std::max(largest, buffer.getNumElements());
  });
  return largest < (int64_t{1} << 30) ? 32 : 64;
}

// ---- kernels
// -----------------------------------------------------------------------------------------------

int64_t numberOf(LLVM::LLVMFuncOp function, StringRef attribute) {
  return function->getAttrOfType<IntegerAttr>(attribute).getInt();
}

// The block's part of the scratch of all blocks.
Value ownScratch(OpBuilder &builder, LLVM::LLVMFuncOp function, Value all) {
  Location loc = function.getLoc();
  Value block = NVVM::BlockIdXOp::create(builder, loc, builder.getI32Type());
  block = LLVM::ZExtOp::create(builder, loc, builder.getI64Type(), block);
  Value bytes =
      LLVM::ConstantOp::create(builder, loc, builder.getI64Type(),
                               builder.getI64IntegerAttr(numberOf(function, "rondo.scratch_bytes")));
  Value offset = LLVM::MulOp::create(builder, loc, block, bytes);
  return LLVM::GEPOp::create(builder, loc, all.getType(), builder.getI8Type(), all,
                             ArrayRef<LLVM::GEPArg>{offset});
}

void finishKernel(LLVM::LLVMFuncOp function, LLVM::GlobalOp shared) {
  Location loc = function.getLoc();
  Block &entry = function.front();
  OpBuilder builder(function.getContext());
  builder.setInsertionPointToStart(&entry);
  unsigned count = entry.getNumArguments(), sharedNumber = count - 2;
  Value base = LLVM::AddressOfOp::create(builder, loc, shared);
  entry.getArgument(sharedNumber).replaceAllUsesWith(base);
  Value scratch = entry.getArgument(count - 1);
  if (!scratch.use_empty()) {
    SmallVector<OpOperand *> uses;
    for (OpOperand &use : scratch.getUses())
      uses.push_back(&use);
    Value own = ownScratch(builder, function, scratch);
    for (OpOperand *use : uses)
      use->set(own);
  }
  entry.eraseArgument(sharedNumber);
  auto global = LLVM::LLVMPointerType::get(function.getContext(), kGlobalScratch);
  entry.addArgument(global, loc);    // the profiler's scratch
  SmallVector<Attribute> attributes; // of the arguments that stay
  for (unsigned i = 0; i < entry.getNumArguments(); ++i)
    attributes.push_back(i < sharedNumber && function.getArgAttrDict(i) ? function.getArgAttrDict(i)
                                                                        : builder.getDictionaryAttr({}));
  auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(function.getContext()),
                                          llvm::to_vector(entry.getArgumentTypes()));
  function.setFunctionType(type);
  function.setArgAttrsAttr(builder.getArrayAttr(attributes));
  auto threads = static_cast<int32_t>(numberOf(function, kThreadsAttribute));
  function->setAttr(NVVM::NVVMDialect::getKernelFuncAttrName(), builder.getUnitAttr());
  function->setAttr(NVVM::NVVMDialect::getReqntidAttrName(), builder.getDenseI32ArrayAttr({threads, 1, 1}));
  // One block to a multiprocessor is enough: registers rather than spills.
  function->setAttr(NVVM::NVVMDialect::getMinctasmAttrName(), builder.getI32IntegerAttr(1));
}

struct ConvertThreadsToNVVMPass : impl::ConvertThreadsToNVVMBase<ConvertThreadsToNVVMPass> {
  using Base::Base;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    lowerGpuOps(module);
    LLVMConversionTarget target(getContext());
    target.addLegalDialect<NVVM::NVVMDialect>();
    auto addCopies = [](LLVMTypeConverter &types, RewritePatternSet &patterns) {
      populateNVGPUToNVVMConversionPatterns(types, patterns);
      types.addConversion([](nvgpu::DeviceAsyncTokenType type) { return type; });
    };
    if (failed(convertToLLVM(module, indexBits(module), target, addCopies)))
      return signalPassFailure();
    OpBuilder builder(module.getBodyRegion());
    auto bytes = LLVM::LLVMArrayType::get(builder.getI8Type(), 0);
    auto shared =
        LLVM::GlobalOp::create(builder, module.getLoc(), bytes, /*isConstant=*/false, LLVM::Linkage::External,
                               kSharedName, Attribute(), kSharedAlignment, kSharedMemory);
    for (auto function : module.getOps<LLVM::LLVMFuncOp>())
      finishKernel(function, shared);
  }
};

} // namespace
} // namespace rondo::codegen
