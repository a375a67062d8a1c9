// Lays out a kernel's scratch: first fit over the lifetimes of its local buffers.
#include "codegen/lowering/Passes.h"
#include "codegen/lowering/ScratchLayout.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace rondo::codegen {
#define GEN_PASS_DEF_ASSIGNSCRATCH
#include "codegen/lowering/AssignScratch.h.inc"

namespace {

constexpr int64_t kAlignment = 64;

struct LocalBuffer {
  memref::AllocaOp op;
  int64_t bytes = 0, alignment = kAlignment;
  int64_t first = 0, last = 0; // of its lifetime
  int64_t position = 0;        // of the op itself
  int64_t offset = 0;
};

// Positions of ops in program order; an op with regions spans those of its body.
using Spans = llvm::DenseMap<Operation *, std::pair<int64_t, int64_t>>;

void number(Block &block, int64_t &position, Spans &spans) {
  for (Operation &op : block) {
    int64_t first = position++;
    for (Region &region : op.getRegions())
      for (Block &inner : region)
        number(inner, position, spans);
    spans[&op] = {first, position++};
  }
}

// The users lifted into the innermost block that holds them all: a loop there is part of the lifetime as a
// whole.
void findLifetime(LocalBuffer &buffer, const Spans &spans) {
  SmallVector<Operation *> users(buffer.op->getUsers());
  buffer.first = buffer.last = 0;
  if (users.empty())
    return;
  Block *block = users.front()->getBlock();
  while (!llvm::all_of(users, [&](Operation *user) { return block->findAncestorOpInBlock(*user); }))
    block = block->getParentOp()->getBlock();
  buffer.first = std::numeric_limits<int64_t>::max();
  for (Operation *user : users) {
    auto [first, last] = spans.lookup(block->findAncestorOpInBlock(*user));
    buffer.first = std::min(buffer.first, first);
    buffer.last = std::max(buffer.last, last);
  }
}

// Where threads share the buffers, one may still read what another overwrites until both have met at a
// barrier.
void extendToBarriers(func::FuncOp function, const Spans &spans, MutableArrayRef<LocalBuffer> buffers) {
  SmallVector<int64_t> barriers; // ascending
  function.walk([&](gpu::BarrierOp barrier) { barriers.push_back(spans.lookup(barrier).first); });
  for (LocalBuffer &buffer : buffers)
    if (auto next = llvm::lower_bound(barriers, buffer.last); next != barriers.end())
      buffer.last = *next;
}

// The largest buffers first, each at the lowest offset that no buffer alive at the same time touches.
int64_t placeAll(MutableArrayRef<LocalBuffer> buffers) {
  llvm::sort(buffers, [](const LocalBuffer &a, const LocalBuffer &b) {
    return std::pair(-a.bytes, a.position) < std::pair(-b.bytes, b.position);
  });
  int64_t total = 0;
  for (size_t i = 0; i < buffers.size(); ++i) {
    LocalBuffer &buffer = buffers[i];
    SmallVector<std::pair<int64_t, int64_t>> taken;
    for (const LocalBuffer &other : buffers.take_front(i))
      if (other.first <= buffer.last && buffer.first <= other.last)
        taken.push_back({other.offset, other.offset + other.bytes});
    llvm::sort(taken);
    for (auto [start, end] : taken) {
      if (buffer.offset + buffer.bytes <= start)
        break;
      buffer.offset = llvm::alignTo(std::max(buffer.offset, end), buffer.alignment);
    }
    total = std::max(total, buffer.offset + buffer.bytes);
  }
  return total;
}

} // namespace

ScratchLayout layOutScratch(func::FuncOp function, unsigned space) {
  int64_t position = 0;
  Spans spans;
  number(function.front(), position, spans);
  SmallVector<LocalBuffer> buffers;
  for (auto op : function.front().getOps<memref::AllocaOp>()) {
    LocalBuffer buffer{op};
    MemRefType type = op.getType();
    if (type.getMemorySpaceAsInt() != space)
      continue;
    int64_t bits = type.getElementType().isIndex() ? 64 : type.getElementTypeBitWidth();
    buffer.bytes = llvm::alignTo(type.getNumElements() * bits / 8, kAlignment);
    buffer.alignment = std::max(kAlignment, static_cast<int64_t>(op.getAlignment().value_or(1)));
    buffer.position = spans.lookup(op).first;
    findLifetime(buffer, spans);
    buffers.push_back(buffer);
  }
  extendToBarriers(function, spans, buffers);
  ScratchLayout layout;
  layout.bytes = placeAll(buffers);
  for (const LocalBuffer &buffer : buffers)
    layout.places.push_back({buffer.op, buffer.offset, buffer.bytes});
  return layout;
}

namespace {

struct AssignScratchPass : impl::AssignScratchBase<AssignScratchPass> {
  using Base::Base;

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (function.isExternal())
      return;
    ScratchLayout layout = layOutScratch(function, space);
    OpBuilder builder(&getContext());
    Attribute where = space == 0 ? Attribute() : builder.getI64IntegerAttr(space);
    auto type =
        MemRefType::get({std::max(layout.bytes, kAlignment)}, builder.getI8Type(), AffineMap(), where);
    if (failed(function.insertArgument(function.getNumArguments(), type, {}, function.getLoc())))
      return signalPassFailure();
    BlockArgument scratch = function.getArguments().back();
    for (ScratchLayout::Place &buffer : layout.places) {
      builder.setInsertionPoint(buffer.op);
      Value offset = arith::ConstantIndexOp::create(builder, buffer.op.getLoc(), buffer.offset);
      Value view = memref::ViewOp::create(builder, buffer.op.getLoc(), buffer.op.getType(), scratch, offset,
                                          ValueRange());
      buffer.op.replaceAllUsesWith(view);
      buffer.op.erase();
    }
    function->setAttr(attribute, builder.getI64IntegerAttr(layout.bytes));
  }
};

} // namespace
} // namespace rondo::codegen
