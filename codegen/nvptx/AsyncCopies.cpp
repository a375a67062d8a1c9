// Copies from global to shared memory that go on while threads work: cp.async (PTX ISA, "Data Movement and
// Conversion Instructions: Non-bulk copy"), sm_80 and up.
#include "codegen/nvptx/ThreadLowering.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"

using namespace mlir;

namespace rondo::codegen {

// One element; nothing is read, and zero is written, where the source has none.
void ThreadLowering::copyLater(const TileHome &source, const TilePoint &from, Value condition,
                               const TileHome &target, const TilePoint &to) {
  Value exists = this->exists(source, from);
  if (condition && exists)
    exists = arith::AndIOp::create(builder, loc, condition, exists);
  else if (condition)
    exists = condition;
  Value elements;
  if (exists)
    elements = arith::SelectOp::create(builder, loc, exists, access().index(1), access().index(0));
  auto token = nvgpu::DeviceAsyncTokenType::get(builder.getContext());
  nvgpu::DeviceAsyncCopyOp::create(builder, loc, token, target.memref,
                                   access().indices(target, to.row, to.column), source.memref,
                                   access().indices(source, from.row, from.column), builder.getIndexAttr(1),
                                   elements, /*bypassL1=*/UnitAttr());
}

// All of this thread; a barrier then shows them to the others.
void ThreadLowering::waitForCopies() {
  NVVM::CpAsyncCommitGroupOp::create(builder, loc);
  NVVM::CpAsyncWaitGroupOp::create(builder, loc, 0);
}

} // namespace rondo::codegen
