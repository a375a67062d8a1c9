// Shape rules of the random ops.
#include "dialects/rondo/Rondo.h"

using namespace mlir;
using namespace rondo;

LogicalResult RandomStreamsOp::verify() {
  ShapeMatcher shapes(getContext(), getLoc(), getOperationName());
  shapes.bind("pair", 2);
  if (failed(shapes.match("Q1", "seed", getSeed().getType(), {}, shapes.integer(64))) ||
      failed(shapes.match("Q1", "step", getStep().getType(), {}, shapes.integer(64))))
    return failure();
  if (getNumResults() < 1 || static_cast<int64_t>(getNumResults()) > DropoutOp::kStreams)
    return emitOpError("Q2: expected 1 to 65536 results, found ") << getNumResults();
  for (Type type : getResultTypes())
    if (failed(shapes.match("Q2", "a stream", type, {"pair"}, shapes.integer(64))))
      return failure();
  return success();
}

LogicalResult DropoutOp::inferReturnTypes(MLIRContext *context, std::optional<Location> location, Adaptor op,
                                          SmallVectorImpl<Type> &types) {
  ShapeMatcher shapes(context, location, getOperationName());
  shapes.bind("pair", 2);
  if (failed(shapes.matchSequence("D1", "x", op.getX().getType())) ||
      (op.getStream() &&
       failed(shapes.match("D1", "stream", op.getStream().getType(), {"pair"}, shapes.integer(64)))))
    return failure();
  types.push_back(op.getX().getType());
  return success();
}

LogicalResult DropoutOp::verify() {
  double rate = getRate().convertToDouble();
  if (!(rate >= 0 && rate < 1))
    return emitOpError("D2: expected 0 <= rate < 1, found ") << getRateAttr();
  if ((getStream() != nullptr) == getId().has_value())
    return emitOpError("D3: expected either a stream or an id, found ") << (getStream() ? "both" : "neither");
  if (getId() && (static_cast<int64_t>(*getId()) < 0 || static_cast<int64_t>(*getId()) >= kStreams))
    return emitOpError("D3: expected an id from 0 to 65535, found ") << *getId();
  return success();
}
