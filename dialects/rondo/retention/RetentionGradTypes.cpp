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

LogicalResult RetentionScaleRowsOp::inferReturnTypes(MLIRContext *context, std::optional<Location> location,
                                                     Adaptor op, SmallVectorImpl<Type> &types) {
  ShapeMatcher shapes(context, location, getOperationName());
  if (failed(shapes.match("SR1", "x", op.getX().getType(), {"B", "T", "H", "D"}, shapes.f32())))
    return failure();
  for (auto [name, heads, value] : {std::tuple("q", "Hq", op.getQ()), std::tuple("k", "Hk", op.getK())}) {
    if (!value)
      continue;
    if (failed(shapes.match("SR1", name, value.getType(), {"B", "T", heads, "Dk"}, shapes.f32())))
      return failure();
    if (shapes[heads] <= 0 || shapes["H"] % shapes[heads] != 0)
      return shapes.fail("SR1", "expected ", heads, " to divide ", shapes["H"], " heads, found ",
                         shapes[heads]);
  }
  if (op.getInitialScale() &&
      failed(shapes.match("SR1", "initial_scale", op.getInitialScale().getType(), {"B", "H"}, shapes.f32())))
    return failure();
  if (op.getLength() &&
      failed(shapes.match("SR1", "length", op.getLength().getType(), {"B"}, shapes.integer(32))))
    return failure();
  types.push_back(op.getX().getType());
  return success();
}

LogicalResult RetentionScaleRowsOp::verify() {
  int64_t heads = cast<RankedTensorType>(getX().getType()).getDimSize(2);
  if (static_cast<int64_t>(getDecay().size()) != heads ||
      llvm::any_of(getDecay(), [](double decay) { return !(decay >= 0 && decay <= 1); }))
    return emitOpError("SR1: expected ") << heads << " decays in [0, 1], found [" << getDecay() << "]";
  bool byScores = getRowScale() == RowScale::TorchscaleParallel;
  StringRef wrong = getRowScale() == RowScale::None   ? "row_scale none"
                    : byScores && !(getQ() && getK()) ? "no q and k with torchscale_parallel"
                    : byScores && getInitialScale()   ? "an initial scale with torchscale_parallel"
                    : byScores && getLength()         ? "a length with torchscale_parallel"
                    : !byScores && (getQ() || getK()) ? "q and k with torchscale_recurrent"
                                                      : "";
  if (!wrong.empty())
    return emitOpError("SR2: expected what the row scale is computed from, found ") << wrong;
  return success();
}

Work RetentionScaleRowsOp::getWork() {
  auto x = cast<RankedTensorType>(getX().getType());
  double scores = 0;
  if (getQ()) // Half of the square of positions.
    scores = static_cast<double>(x.getDimSize(0) * x.getDimSize(2)) * static_cast<double>(x.getDimSize(1)) *
             static_cast<double>(x.getDimSize(1)) *
             static_cast<double>(cast<RankedTensorType>(getQ().getType()).getDimSize(3));
  return {
      .matmulFlops = scores, .vectorFlops = elementCount(getX()), .bytes = bytesOfOperandsAndResults(*this)};
}
