// Dilated attention as a sequence op: what later queries can still see, stored per pattern.
#include "dialects/rondo/Rondo.h"
#include "dialects/rondo/attention/AttentionPatterns.h"

#include "llvm/Support/MathExtras.h"

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

// Rows of all streams of a cache, of so many f32 lanes.
static int64_t rowBytes(const StateSpec &spec, int64_t rows) {
  return spec.slot.getDimSize(0) * std::min(rows, spec.slot.getDimSize(1)) * spec.slot.getDimSize(2) * 4;
}

// A pattern's caches fill until its first segment is over.
int64_t DilatedAttentionOp::getStateBytes(int64_t positions) {
  int64_t bytes = 0;
  for (auto [number, spec] : llvm::enumerate(getStateSpecs()))
    bytes += rowBytes(spec, llvm::divideCeilSigned(positions, getDilation().getRatios()[number / 2]));
  return bytes;
}

bool DilatedAttentionOp::isCausal() { return !getBidirectional(); }

// Caches hold keys and values of earlier stretches, which are done with.
bool DilatedAttentionOp::hasDifferentiableStates() { return false; }

std::optional<std::string> DilatedAttentionOp::whyNoStep() {
  if (!getPositions())
    return "it has no positions, which tell how far earlier stretches reached";
  return std::nullopt;
}

// Whether documents may begin elsewhere than at the row's first position.
static bool mayRestart(Value positions) {
  auto op = positions.getDefiningOp<PositionsOp>();
  return !op || op.getReset() || op.getStart();
}

// A step of attention over `dilation`. Without states nothing is left of earlier stretches: documents that go
// on from one begin with this one's keys.
template <typename Op>
static SequenceStep buildAttentionStep(OpBuilder &builder, Op op, const SequenceStretch &stretch,
                                       DilationAttr dilation, UnitAttr frozenMixture) {
  typename Op::Adaptor old(stretch.operands, op);
  Location loc = op.getLoc();
  Value positions = old.getPositions(), index, bounds;
  if (positions && (!stretch.states.empty() || mayRestart(positions))) {
    auto documents = DocumentsOp::create(builder, loc, positions, stretch.length);
    index = documents.getIndex();
    bounds = documents.getBounds();
  }
  auto step = DilatedAttentionOp::create(builder, loc, old.getQ(), old.getK(), old.getV(), positions, index,
                                         bounds, stretch.states, dilation, op.getScaleAttr(),
                                         op.getLaneLogDecayAttr(), op.getBidirectionalAttr(), frozenMixture);
  auto heads = builder.getI64IntegerAttr(cast<RankedTensorType>(old.getQ().getType()).getDimSize(2));
  SequenceStep built{SmallVector<Value>(step->getResults()), {}};
  for (auto [number, cache] : llvm::enumerate(stretch.states)) {
    Value rows = number % 2 == 0 ? old.getK() : old.getV();
    auto pattern = builder.getI64IntegerAttr(static_cast<int64_t>(number / 2));
    built.states.push_back(
        AppendCacheOp::create(builder, loc, cache, rows, positions, index, bounds, dilation, pattern, heads));
  }
  return built;
}

SequenceStep DilatedAttentionOp::buildStep(OpBuilder &builder, const SequenceStretch &stretch) {
  return buildAttentionStep(builder, *this, stretch, getDilationAttr(), getFrozenMixtureAttr());
}

// ---- plain attention

SmallVector<StateSpec> AttentionOp::getStateSpecs() {
  if (!isCausal())
    return {};
  auto capacity = static_cast<int64_t>(*getCapacity());
  auto slot = [&](Value rows) {
    auto type = cast<RankedTensorType>(rows.getType());
    return type.clone({type.getDimSize(2), capacity, type.getDimSize(3)});
  };
  return {{"attention_keys", StateKind::Growing, slot(getK())},
          {"attention_values", StateKind::Growing, slot(getV())}};
}

int64_t AttentionOp::getStateBytes(int64_t positions) {
  int64_t bytes = 0;
  for (const StateSpec &spec : getStateSpecs())
    bytes += rowBytes(spec, positions);
  return bytes;
}

bool AttentionOp::isCausal() { return !getBidirectional(); }
bool AttentionOp::hasDifferentiableStates() { return false; }

SequenceStep AttentionOp::buildStep(OpBuilder &builder, const SequenceStretch &stretch) {
  int64_t segment = static_cast<int64_t>(getCapacity().value_or(1));
  if (stretch.states.empty()) // nothing but the stretch itself is seen
    segment = std::max(segment, cast<RankedTensorType>(stretch.operands[0].getType()).getDimSize(1));
  auto all = DilationAttr::get(getContext(), {segment}, {1}, HeadOffsets::Blocks);
  return buildAttentionStep(builder, *this, stretch, all, UnitAttr());
}
