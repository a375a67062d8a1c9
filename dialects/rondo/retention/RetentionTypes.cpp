// Shape rules and constraints of retention.
#include "dialects/rondo/Rondo.h"
#include "dialects/rondo/ShapeMatcher.h"

using namespace mlir;
using namespace rondo;

static LogicalResult matchOptionalOperands(ShapeMatcher &shapes, RetentionOp::Adaptor op) {
  auto matches = [&](StringRef name, Value value, ArrayRef<StringRef> dims, Type element) {
    return !value || succeeded(shapes.match("R3", name, value.getType(), dims, element));
  };
  SmallVector<StringRef, 4> state{"B", "H", "Dk", "Dv"};
  if (op.getTransposedState())
    std::swap(state[2], state[3]);
  return success(matches("log_decay", op.getLogDecay(), {"B", "T", "H"}, shapes.f32()) &&
                 matches("initial_state", op.getInitialState(), state, shapes.f32()) &&
                 matches("reset", op.getReset(), {"B", "T"}, shapes.integer(8)) &&
                 matches("length", op.getLength(), {"B"}, shapes.integer(32)) &&
                 matches("initial_scale", op.getInitialScale(), {"B", "H"}, shapes.f32()));
}

LogicalResult RetentionOp::inferReturnTypes(MLIRContext *context, std::optional<Location> location,
                                            Adaptor op, SmallVectorImpl<Type> &types) {
  ShapeMatcher shapes(context, location, getOperationName());
  if (failed(shapes.match("R1", "q", op.getQ().getType(), {"B", "T", "Hq", "Dk"}, shapes.f32())) ||
      failed(shapes.match("R1", "k", op.getK().getType(), {"B", "T", "Hk", "Dk"}, shapes.f32())) ||
      failed(shapes.match("R1", "v", op.getV().getType(), {"B", "T", "Hv", "Dv"}, shapes.f32())))
    return failure();
  int64_t heads = std::max({shapes["Hq"], shapes["Hk"], shapes["Hv"]});
  for (StringRef name : {"Hq", "Hk", "Hv"})
    if (shapes[name] <= 0 || heads % shapes[name] != 0)
      return shapes.fail("R1", "expected ", name, " to divide ", heads, " heads, found ", shapes[name]);
  shapes.bind("H", heads);
  if (failed(matchOptionalOperands(shapes, op)))
    return failure();
  types.push_back(shapes.tensor({"B", "T", "H", "Dv"}, shapes.f32()));
  types.push_back(op.getTransposedState() ? shapes.tensor({"B", "H", "Dv", "Dk"}, shapes.f32())
                                          : shapes.tensor({"B", "H", "Dk", "Dv"}, shapes.f32()));
  if (op.getRowScale() == RowScale::TorchscaleRecurrent)
    types.push_back(shapes.tensor({"B", "H"}, shapes.f32()));
  return success();
}

static LogicalResult verifyDecay(RetentionOp op) {
  if (op.getDecay().has_value() == static_cast<bool>(op.getLogDecay()))
    return op.emitOpError("R2: expected exactly one of decay and log_decay, found ")
           << (op.getLogDecay() ? "both" : "none");
  if (!op.getDecay())
    return success();
  ArrayRef<double> decays = *op.getDecay();
  int64_t heads = cast<RankedTensorType>(op.getO().getType()).getDimSize(2);
  if (static_cast<int64_t>(decays.size()) != heads)
    return op.emitOpError("R2: expected one decay for each of ")
           << heads << " heads, found " << decays.size();
  for (double decay : decays)
    if (!(decay >= 0 && decay <= 1))
      return op.emitOpError("R2: expected decays in [0, 1], found ") << decay;
  return success();
}

static LogicalResult verifyRowScale(RetentionOp op) {
  bool recurrent = op.getRowScale() == RowScale::TorchscaleRecurrent;
  if (op.getInitialScale() && !recurrent)
    return op.emitOpError(
               "R6: expected initial_scale with row_scale torchscale_recurrent only, found row_scale ")
           << stringifyRowScale(op.getRowScale());
  if (op.getRowScale() == RowScale::None)
    return success();
  StringRef found = op.getLogDecay()                          ? "log_decay"
                    : op.getReset()                           ? "reset"
                    : op.getDirection() == Direction::Adjoint ? "direction adjoint"
                    : op.getTransposedState()                 ? "transposed_state"
                    : recurrent                               ? ""
                    : op.getInitialState()                    ? "an initial state"
                    : op.getLength()                          ? "a length"
                                                              : "";
  if (!found.empty())
    return op.emitOpError("R5: expected row_scale ")
           << stringifyRowScale(op.getRowScale()) << " on plain retention, found " << found;
  return success();
}

LogicalResult RetentionOp::verify() {
  if (failed(verifyDecay(*this)) || failed(verifyRowScale(*this)))
    return failure();
  if (ScheduleAttr schedule = getScheduleAttr())
    if (std::optional<std::string> reason = whyNot(schedule))
      return emitOpError("R4: expected a schedule that the op can run under, found ")
             << schedule << ": " << *reason;
  return success();
}
