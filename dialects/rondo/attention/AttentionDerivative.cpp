// The derivative of dilated attention: the flash backward of each pattern, fed with the joint log-sum-exp and
// one number per query (reference B.4).
#include "dialects/rondo/Rondo.h"

using namespace mlir;
using namespace rondo;

SmallVector<Value> DilatedAttentionOp::buildDerivative(OpBuilder &builder, ValueRange cotangents,
                                                       const BitVector &wanted) {
  Location loc = getLoc();
  Value dO = cotangents[0];
  if (!dO)
    dO = ScaleOp::create(builder, loc, getO(), builder.getF64FloatAttr(0));
  Value delta;
  if (getFrozenMixture())
    delta = AttentionPatternDotsOp::create(builder, loc, getQ(), getK(), getV(), getLse(), dO, cotangents[1],
                                           getPositions(), getDocumentIndex(), getDocumentBounds(),
                                           getCaches(), getDilationAttr(), getScaleAttr(),
                                           getLaneLogDecayAttr(), getBidirectionalAttr());
  else
    delta = AttentionRowDotsOp::create(builder, loc, getO(), dO, cotangents[1]);
  SmallVector<Value> gradients(getNumOperands());
  if (wanted[0] && (wanted[1] || wanted[2])) {
    auto all = AttentionGradientsOp::create(builder, loc, getQ(), getK(), getV(), getLse(), delta, dO,
                                            getPositions(), getDocumentIndex(), getDocumentBounds(),
                                            getCaches(), getDilationAttr(), getScaleAttr(),
                                            getLaneLogDecayAttr(), getBidirectionalAttr());
    for (unsigned operand = 0; operand < 3; ++operand)
      gradients[operand] = wanted[operand] ? all->getResult(operand) : Value();
    return gradients;
  }
  if (wanted[0])
    gradients[0] = AttentionGradQueriesOp::create(builder, loc, getQ(), getK(), getV(), getLse(), delta, dO,
                                                  getPositions(), getDocumentIndex(), getDocumentBounds(),
                                                  getCaches(), getDilationAttr(), getScaleAttr(),
                                                  getLaneLogDecayAttr(), getBidirectionalAttr());
  if (wanted[1] || wanted[2]) {
    auto keys =
        AttentionGradKeysOp::create(builder, loc, getQ(), getK(), getV(), getLse(), delta, dO, getPositions(),
                                    getDocumentIndex(), getDocumentBounds(), getDilationAttr(),
                                    getScaleAttr(), getLaneLogDecayAttr(), getBidirectionalAttr());
    gradients[1] = wanted[1] ? keys.getDk() : Value();
    gradients[2] = wanted[2] ? keys.getDv() : Value();
  }
  return gradients;
}
