// Shape rules and counted work of what retention's derivative adds.
#include "dialects/rondo/OperandBytes.h"
#include "dialects/rondo/Rondo.h"
#include "dialects/rondo/ShapeMatcher.h"

using namespace mlir;
using namespace rondo;

LogicalResult RetentionGradDecayOp::inferReturnTypes(MLIRContext *context, std::optional<Location> location,
                                                     Adaptor op, SmallVectorImpl<Type> &types) {
  ShapeMatcher shapes(context, location, getOperationName());
  auto rows = [&](StringRef name, Value value, StringRef heads) {
    return shapes.match("RD1", name, value.getType(), {"B", "T", heads, "Dk"}, shapes.f32());
  };
  if (failed(rows("q", op.getQ(), "Hq")) || failed(rows("dq", op.getDq(), "H")) ||
      failed(rows("k", op.getK(), "Hk")) || failed(rows("dk", op.getDk(), "H")))
    return failure();
  for (StringRef name : {"Hq", "Hk"})
    if (shapes[name] <= 0 || shapes["H"] % shapes[name] != 0)
      return shapes.fail("RD1", "expected ", name, " to divide ", shapes["H"], " heads, found ",
                         shapes[name]);
  if (!op.getFinalState() != !op.getDFinalState())
    return shapes.fail("RD1", "expected final_state and d_final_state both or not at all");
  for (Value state : {op.getFinalState(), op.getDFinalState()})
    if (state && failed(shapes.match("RD1", "state", state.getType(), {"B", "H", "D1", "D2"}, shapes.f32())))
      return failure();
  if (op.getReset() &&
      failed(shapes.match("RD1", "reset", op.getReset().getType(), {"B", "T"}, shapes.integer(8))))
    return failure();
  if (op.getLength() &&
      failed(shapes.match("RD1", "length", op.getLength().getType(), {"B"}, shapes.integer(32))))
    return failure();
  types.push_back(shapes.tensor({"B", "T", "H"}, shapes.f32()));
  return success();
}

Work RetentionGradDecayOp::getWork() {
  return {.vectorFlops = 4 * elementCount(getDq()), .bytes = bytesOfOperandsAndResults(*this)};
}
