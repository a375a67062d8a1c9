// Loop nests over the points of a tile.
#include "codegen/cpu/KernelLowering.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace rondo::codegen {

void KernelLowering::loop(Value from, Value to, int64_t step, llvm::function_ref<void(Value)> body) {
  auto op = scf::ForOp::create(builder, loc, from, to, access().index(step));
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(op.getBody());
  body(op.getInductionVar());
}

void KernelLowering::loop(int64_t from, int64_t to, int64_t step, llvm::function_ref<void(Value)> body) {
  if (from + step == to)
    body(access().index(from));
  else if (from < to)
    loop(access().index(from), access().index(to), step, body);
}

void KernelLowering::forEachPoint(ArrayRef<int64_t> shape, int64_t lanes,
                                  llvm::function_ref<void(const TilePoint &)> body, bool down) {
  int64_t length = down ? shape.front() : shape.back(), whole = length - length % lanes;
  auto line = [&](Value other) {
    auto part = [&](Value begin, int64_t count) {
      body(down ? TilePoint{begin, other, lanes, count, down} : TilePoint{other, begin, lanes, count});
    };
    loop(0, whole, lanes, [&](Value begin) { part(begin, lanes); });
    if (whole < length)
      part(access().index(whole), length - whole);
  };
  if (shape.size() == 1)
    line(nullptr);
  else
    loop(0, down ? shape[1] : shape[0], 1, line);
}

} // namespace rondo::codegen
