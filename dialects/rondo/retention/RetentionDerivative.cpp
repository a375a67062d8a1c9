// The derivative of retention, which is made of retentions (DESIGN idea 3; reference A.8).
#include "dialects/rondo/Rondo.h"

using namespace mlir;
using namespace rondo;

namespace {

// With R in the op's own direction and R' in the other one, S_in the initial state, d_o and G the cotangents
// of o and of the final state:
//
//   dq = R(d_o, v, k; S_in^T)   dk = R'(v, d_o, q; G^T)   dv = R'(k, q, d_o; G)   dS_in = the last one's
//   state
//
// It holds both ways round, as R' is the adjoint of R and R that of R'. A row scale is a factor on rows of o
// that counts as a constant, so it multiplies d_o.
class RetentionGradients {
public:
  RetentionGradients(RetentionOp op, OpBuilder &builder, ValueRange cotangents, const BitVector &wanted)
      : op(op), builder(builder), dFinalState(cotangents[1]), wanted(wanted),
        gradients(op->getNumOperands()) {
    dO = outputCotangent(cotangents[0]);
  }

  SmallVector<Value> build() {
    bool wantsDecay = wants(kLogDecay);
    if (wants(kQ) || wantsDecay)
      dq = retain(dO, op.getV(), op.getK(), op.getInitialState(), op.getDirection(), !op.getTransposedState())
               .getO();
    if (wants(kK) || wantsDecay)
      dk = retain(op.getV(), dO, op.getQ(), dFinalState, opposite(), !op.getTransposedState()).getO();
    if (wants(kV) || wants(kInitialState) || (wantsDecay && isAdjoint() && op.getInitialState()))
      buildValueAndState();
    set(kQ, dq, op.getQ());
    set(kK, dk, op.getK());
    set(kV, dv, op.getV());
    set(kInitialState, dInitialState, op.getInitialState());
    if (wantsDecay)
      set(kLogDecay, decayGradient(), op.getLogDecay());
    return gradients;
  }

private:
  // Positions in the op's list of operands, absent ones counted.
  enum Operand { kQ, kK, kV, kLogDecay, kInitialState };

  bool wants(Operand operand) {
    auto [index, count] = op.getODSOperandIndexAndLength(operand);
    return count == 1 && wanted[index];
  }
  // Heads that shared an operand each have a part of its gradient.
  void set(Operand operand, Value gradient, Value like) {
    if (!wants(operand))
      return;
    if (operand <= kV && headsOf(gradient) != headsOf(like))
      gradient = SumHeadsOp::create(builder, op.getLoc(), gradient, headsOf(like));
    gradients[op.getODSOperandIndexAndLength(operand).first] = gradient;
  }
  static int64_t headsOf(Value x) { return cast<RankedTensorType>(x.getType()).getDimSize(2); }

  bool isAdjoint() { return op.getDirection() == Direction::Adjoint; }
  Direction opposite() { return isAdjoint() ? Direction::Forward : Direction::Adjoint; }

  Value outputCotangent(Value cotangent) {
    if (!cotangent) // Only the final state matters: the runs still carry its cotangent through the positions.
      return ScaleOp::create(builder, op.getLoc(), op.getO(), builder.getF64FloatAttr(0));
    if (op.getRowScale() == RowScale::None)
      return cotangent;
    bool byScores = op.getRowScale() == RowScale::TorchscaleParallel;
    return RetentionScaleRowsOp::create(builder, op.getLoc(), cotangent, byScores ? op.getQ() : Value(),
                                        byScores ? op.getK() : Value(), op.getInitialScale(), op.getLength(),
                                        op.getDecayAttr(), op.getRowScaleAttr());
  }

  RetentionOp retain(Value q, Value k, Value v, Value initialState, Direction direction, bool transposed) {
    return RetentionOp::create(builder, op.getLoc(), q, k, v, op.getLogDecay(), initialState, op.getReset(),
                               op.getLength(), Value(), op.getDecayAttr(),
                               DirectionAttr::get(op.getContext(), direction),
                               transposed ? builder.getUnitAttr() : UnitAttr(),
                               RowScaleAttr::get(op.getContext(), RowScale::None), ScheduleAttr());
  }

  void buildValueAndState() {
    RetentionOp run = retain(op.getK(), op.getQ(), dO, dFinalState, opposite(), op.getTransposedState());
    dv = run.getO();
    dInitialState = run.getFinalState();
  }

  Value decayGradient() {
    Value state = op.getFinalState(), dState = dFinalState, q = op.getQ(), k = op.getK(), first = dq,
          second = dk;
    if (isAdjoint()) {
      // The sums begin where the run does, at the end, and there stands its initial state.
      state = op.getInitialState();
      dState = dInitialState;
      std::swap(q, k);
      std::swap(first, second);
    }
    if (!state || !dState)
      state = dState = Value();
    return RetentionGradDecayOp::create(builder, op.getLoc(), q, first, k, second, state, dState,
                                        op.getReset(), op.getLength());
  }

  RetentionOp op;
  OpBuilder &builder;
  Value dO, dFinalState;
  const BitVector &wanted;
  SmallVector<Value> gradients;
  Value dq, dk, dv, dInitialState; // one part per head
};

} // namespace

SmallVector<Value> RetentionOp::buildDerivative(OpBuilder &builder, ValueRange cotangents,
                                                const BitVector &wanted) {
  return RetentionGradients(*this, builder, cotangents, wanted).build();
}
