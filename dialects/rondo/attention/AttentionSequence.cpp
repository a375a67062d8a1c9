// Dilated attention as a sequence op: what later queries can still see, stored per pattern.
#include "dialects/rondo/Rondo.h"
#include "dialects/rondo/attention/AttentionPatterns.h"

using namespace mlir;
using namespace rondo;

SmallVector<StateSpec> DilatedAttentionOp::getStateSpecs() {
  SmallVector<StateSpec> specs;
  auto k = cast<RankedTensorType>(getK().getType()), v = cast<RankedTensorType>(getV().getType());
  int64_t heads = cast<RankedTensorType>(getQ().getType()).getDimSize(2), keyHeads = k.getDimSize(2);
  for (int64_t pattern = 0; pattern < getDilation().getPatternCount(); ++pattern) {
    auto streams = static_cast<int64_t>(cacheStreams(getDilation(), pattern, heads, keyHeads).size());
    int64_t capacity = getDilation().getCapacity(pattern);
    std::string suffix = "." + std::to_string(pattern);
    specs.push_back(
        {"attention_keys" + suffix, StateKind::Carried, k.clone({streams, capacity, k.getDimSize(3)})});
    specs.push_back(
        {"attention_values" + suffix, StateKind::Carried, v.clone({streams, capacity, v.getDimSize(3)})});
  }
  return specs;
}

bool DilatedAttentionOp::isCausal() { return !getBidirectional(); }

// Caches hold keys and values of earlier stretches, which are done with.
bool DilatedAttentionOp::hasDifferentiableStates() { return false; }

std::optional<std::string> DilatedAttentionOp::whyNoStep() {
  if (getDocumentIndex())
    return "its documents are operands of the graph";
  if (!getPositions())
    return "it has no positions, which tell how far earlier stretches reached";
  return std::nullopt;
}

// Whether documents may begin elsewhere than at the row's first position.
static bool mayRestart(Value positions) {
  auto op = positions.getDefiningOp<PositionsOp>();
  return !op || op.getReset() || op.getStart();
}

// Without states nothing is left of earlier stretches: documents that go on from one begin with this one's
// keys.
SequenceStep DilatedAttentionOp::buildStep(OpBuilder &builder, const SequenceStretch &stretch) {
  Adaptor old(stretch.operands, *this);
  Value index, bounds;
  if (!stretch.states.empty() || mayRestart(old.getPositions())) {
    auto documents = DocumentsOp::create(builder, getLoc(), old.getPositions(), stretch.length);
    index = documents.getIndex();
    bounds = documents.getBounds();
  }
  auto step =
      DilatedAttentionOp::create(builder, getLoc(), old.getQ(), old.getK(), old.getV(), old.getPositions(),
                                 index, bounds, stretch.states, getDilationAttr(), getScaleAttr(),
                                 getLaneLogDecayAttr(), getBidirectionalAttr(), getFrozenMixtureAttr());
  auto heads = builder.getI64IntegerAttr(cast<RankedTensorType>(old.getQ().getType()).getDimSize(2));
  SequenceStep built{SmallVector<Value>(step->getResults()), {}};
  for (auto [number, cache] : llvm::enumerate(stretch.states)) {
    Value rows = number % 2 == 0 ? old.getK() : old.getV();
    auto pattern = builder.getI64IntegerAttr(static_cast<int64_t>(number / 2));
    built.states.push_back(AppendCacheOp::create(builder, getLoc(), cache, rows, old.getPositions(), index,
                                                 bounds, getDilationAttr(), pattern, heads));
  }
  return built;
}
