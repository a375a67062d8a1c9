// Shape rules of the scoring ops.
#include "dialects/rondo/Rondo.h"
#include "dialects/rondo/ShapeMatcher.h"

using namespace mlir;
using namespace rondo;

LogicalResult LinearLogProbOp::inferReturnTypes(MLIRContext *context, std::optional<Location> location,
                                                Adaptor op, SmallVectorImpl<Type> &types) {
  ShapeMatcher shapes(context, location, getOperationName());
  if (failed(shapes.matchRows("G1", "x", op.getX().getType(), "K", shapes.f32())) ||
      failed(shapes.match("G1", "weight", op.getWeight().getType(), {"V", "K"}, shapes.f32())) ||
      failed(shapes.match("G1", "targets", op.getTargets().getType(), {"B", "T"}, shapes.integer(32))))
    return failure();
  types.push_back(shapes.tensor({"B", "T"}, shapes.f32()));
  return success();
}
