// References of attention and of what its derivative is made of.
#include "test/evaluator/AttentionProblem.h"
#include "test/evaluator/Evaluator.h"

using namespace mlir;
using namespace rondo;
using namespace rondo::reference;

static std::optional<Tensor> maybe(const Tensor *tensor) {
  return tensor ? std::optional<Tensor>(*tensor) : std::nullopt;
}

static void setDilation(AttentionProblem &problem, DilationAttr dilation) {
  problem.segments.assign(dilation.getSegments().begin(), dilation.getSegments().end());
  problem.ratios.assign(dilation.getRatios().begin(), dilation.getRatios().end());
  problem.modulo = dilation.getOffsets() == HeadOffsets::Modulo;
}

template <typename Op> static void setDocuments(AttentionProblem &problem, Op op, Evaluator &evaluator) {
  problem.positions = maybe(evaluator.find(op.getPositions()));
  problem.index = maybe(evaluator.find(op.getDocumentIndex()));
  problem.bounds = maybe(evaluator.find(op.getDocumentBounds()));
}

template <typename Op>
static AttentionProblem problemOf(Op op, Evaluator &evaluator, ValueRange caches = {}) {
  AttentionProblem problem;
  problem.q = evaluator[op.getQ()];
  problem.k = evaluator[op.getK()];
  problem.v = evaluator[op.getV()];
  setDilation(problem, op.getDilation());
  setDocuments(problem, op, evaluator);
  for (Value cache : caches)
    problem.caches.push_back(evaluator[cache]);
  problem.scale = op.getScale().convertToDouble();
  if (auto decay = op.getLaneLogDecay())
    problem.decay.assign(decay->begin(), decay->end());
  problem.bidirectional = op.getBidirectional();
  return problem;
}

template <typename Op>
static AttentionGradient gradientOf(Op op, Evaluator &evaluator, ValueRange caches = {}) {
  return attentionGradient(problemOf(op, evaluator, caches), evaluator[op.getLse()], evaluator[op.getDelta()],
                           evaluator[op.getDO()]);
}

// Lowers every number of a query and head, `[B, T, H, P]`, by that of `d_lse` `[B, T, H]`.
static Tensor loweredBy(Tensor delta, const Tensor *dLse) {
  if (dLse)
    for (size_t i = 0; i < delta.data.size(); ++i)
      delta.data[i] -= dLse->data[i / static_cast<size_t>(delta.width())];
  return delta;
}

namespace {

struct AttentionReference : ReferenceOpInterface::ExternalModel<AttentionReference, DilatedAttentionOp> {
  std::vector<Tensor> evaluate(Operation *generic, Evaluator &evaluator) const {
    auto op = cast<DilatedAttentionOp>(generic);
    AttentionAnswer answer = attend(problemOf(op, evaluator, op.getCaches()));
    return {answer.o.value, answer.lse};
  }
};

struct DocumentsReference : ReferenceOpInterface::ExternalModel<DocumentsReference, DocumentsOp> {
  std::vector<Tensor> evaluate(Operation *generic, Evaluator &evaluator) const {
    auto op = cast<DocumentsOp>(generic);
    auto [index, bounds] = documentsOf(evaluator[op.getPositions()], evaluator.find(op.getLength()));
    return {index, bounds};
  }
};

struct AppendCacheReference : ReferenceOpInterface::ExternalModel<AppendCacheReference, AppendCacheOp> {
  std::vector<Tensor> evaluate(Operation *generic, Evaluator &evaluator) const {
    auto op = cast<AppendCacheOp>(generic);
    AttentionProblem problem;
    problem.k = evaluator[op.getRows()];
    problem.q = Tensor({problem.k.size(0), problem.k.size(1), static_cast<int64_t>(op.getHeads()), 0});
    setDilation(problem, op.getDilation());
    setDocuments(problem, op, evaluator);
    return {appended(problem, static_cast<int64_t>(op.getPattern()), evaluator[op.getCache()])};
  }
};

struct RowDotsReference : ReferenceOpInterface::ExternalModel<RowDotsReference, AttentionRowDotsOp> {
  std::vector<Tensor> evaluate(Operation *generic, Evaluator &evaluator) const {
    auto op = cast<AttentionRowDotsOp>(generic);
    const Tensor &o = evaluator[op.getO()], &dO = evaluator[op.getDO()];
    Tensor delta({o.size(0), o.size(1), o.size(2), 1});
    for (size_t i = 0; i < o.data.size(); ++i)
      delta.data[i / static_cast<size_t>(o.width())] += o.data[i] * dO.data[i];
    return {loweredBy(delta, evaluator.find(op.getDLse()))};
  }
};

// 0 where a pattern does not cover the query.
struct PatternDotsReference
    : ReferenceOpInterface::ExternalModel<PatternDotsReference, AttentionPatternDotsOp> {
  std::vector<Tensor> evaluate(Operation *generic, Evaluator &evaluator) const {
    auto op = cast<AttentionPatternDotsOp>(generic);
    AttentionProblem problem = problemOf(op, evaluator, op.getCaches());
    Tensor dots = loweredBy(patternDots(problem, evaluator[op.getDO()]), evaluator.find(op.getDLse()));
    for (int64_t b = 0; b < problem.batch(); ++b)
      for (int64_t t = 0; t < problem.time(); ++t)
        for (int64_t head = 0; head < problem.heads(); ++head) {
          std::vector<VisibleKey> keys = problem.visible(b, t, head);
          for (int64_t p = 0; p < problem.patterns(); ++p)
            if (llvm::none_of(keys, [&](const VisibleKey &key) { return key.pattern == p; }))
              dots.at({b, t, head, p}) = 0;
        }
    return {dots};
  }
};

struct GradQueriesReference
    : ReferenceOpInterface::ExternalModel<GradQueriesReference, AttentionGradQueriesOp> {
  std::vector<Tensor> evaluate(Operation *generic, Evaluator &evaluator) const {
    auto op = cast<AttentionGradQueriesOp>(generic);
    return {gradientOf(op, evaluator, op.getCaches()).dq.value};
  }
};

struct GradKeysReference : ReferenceOpInterface::ExternalModel<GradKeysReference, AttentionGradKeysOp> {
  std::vector<Tensor> evaluate(Operation *generic, Evaluator &evaluator) const {
    AttentionGradient gradient = gradientOf(cast<AttentionGradKeysOp>(generic), evaluator);
    return {gradient.dk.value, gradient.dv.value};
  }
};

struct GradientsReference : ReferenceOpInterface::ExternalModel<GradientsReference, AttentionGradientsOp> {
  std::vector<Tensor> evaluate(Operation *generic, Evaluator &evaluator) const {
    auto op = cast<AttentionGradientsOp>(generic);
    AttentionGradient gradient = gradientOf(op, evaluator, op.getCaches());
    return {gradient.dq.value, gradient.dk.value, gradient.dv.value};
  }
};

} // namespace

void rondo::reference::attachAttentionReferences(MLIRContext *context) {
  DilatedAttentionOp::attachInterface<AttentionReference>(*context);
  DocumentsOp::attachInterface<DocumentsReference>(*context);
  AppendCacheOp::attachInterface<AppendCacheReference>(*context);
  AttentionRowDotsOp::attachInterface<RowDotsReference>(*context);
  AttentionPatternDotsOp::attachInterface<PatternDotsReference>(*context);
  AttentionGradQueriesOp::attachInterface<GradQueriesReference>(*context);
  AttentionGradKeysOp::attachInterface<GradKeysReference>(*context);
  AttentionGradientsOp::attachInterface<GradientsReference>(*context);
}
