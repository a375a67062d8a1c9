// Copies from global to shared memory that go on while threads work: cp.async (PTX ISA, "Data Movement and
// Conversion Instructions: Non-bulk copy"), sm_80 and up.
#include "codegen/nvptx/ThreadLowering.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"

using namespace mlir;

namespace rondo::codegen {

// Nothing is read, and zeros are written, where the source has none.
void ThreadLowering::copyLater(const TileHome &source, const TilePoint &from, Value condition, Value target,
                               ValueRange to, int64_t count, Value valid) {
  Value exists = this->exists(source, from);
  if (condition && exists)
    exists = arith::AndIOp::create(builder, loc, condition, exists);
  else if (condition)
    exists = condition;
  if (exists)
    valid = arith::SelectOp::create(builder, loc, exists, valid ? valid : access().index(count),
                                    access().index(0));
  auto token = nvgpu::DeviceAsyncTokenType::get(builder.getContext());
  // A chunk of 16 bytes is read by nobody else of the block: it need not lie in L1.
  bool isWhole = count * cast<MemRefType>(target.getType()).getElementTypeBitWidth() == 128;
  nvgpu::DeviceAsyncCopyOp::create(
      builder, loc, token, target, to, source.memref, access().indices(source, from.row, from.column),
      builder.getIndexAttr(count), valid, isWhole ? builder.getUnitAttr() : UnitAttr());
}

// All of this thread; a barrier then shows them to the others.
void ThreadLowering::waitForCopies() {
  NVVM::CpAsyncCommitGroupOp::create(builder, loc);
  NVVM::CpAsyncWaitGroupOp::create(builder, loc, 0);
}

void ThreadLowering::showToAsyncUnits() {
  NVVM::FenceProxyOp::create(builder, loc, NVVM::ProxyKind::async_shared,
                             NVVM::SharedSpaceAttr::get(builder.getContext(), NVVM::SharedSpace::shared_cta));
}

} // namespace rondo::codegen
