// Loop nests over the points of a tile.
#include "codegen/cpu/VectorLowering.h"

using namespace mlir;

namespace rondo::codegen {

void VectorLowering::forEachPoint(ArrayRef<int64_t> shape, int64_t lanes,
                                  llvm::function_ref<void(const TilePoint &)> body, bool down,
                                  int64_t strip) {
  int64_t length = down ? shape.front() : shape.back();
  auto part = [&](Value begin, Value other, int64_t count) {
    body(down ? TilePoint{begin, other, lanes, count, down} : TilePoint{other, begin, lanes, count});
  };
  auto line = [&](Value other, Value begin, int64_t size) {
    int64_t whole = size - size % lanes;
    if (whole == lanes)
      part(begin, other, lanes);
    else if (whole)
      loop(begin, access().add(begin, whole), lanes, [&](Value at) { part(at, other, lanes); });
    if (whole < size)
      part(access().add(begin, whole), other, size - whole);
  };
  auto lines = [&](Value begin, int64_t size) {
    if (shape.size() == 1)
      line(nullptr, begin, size);
    else
      loop(0, down ? shape[1] : shape[0], 1, [&](Value other) { line(other, begin, size); });
  };
  if (strip == 0 || length <= strip)
    return lines(access().index(0), length);
  int64_t whole = length - length % strip;
  loop(0, whole, strip, [&](Value begin) { lines(begin, strip); });
  if (whole < length)
    lines(access().index(whole), length - whole);
}

void VectorLowering::forEachPointOf(const TileHome &home, ArrayRef<int64_t> shape, int64_t lanes,
                                    llvm::function_ref<void(const TilePoint &)> body) {
  constexpr int64_t strip = 64; // a few panels at a time: more lie in the same sets of the first-level cache
  forEachPoint(shape, lanes, body, home.transposed, home.panel ? llvm::alignTo(strip, home.panel) : 0);
}

} // namespace rondo::codegen
