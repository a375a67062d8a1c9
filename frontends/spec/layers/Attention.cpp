// Attention layers.
#include "frontends/spec/layers/GraphLayers.h"
#include "frontends/spec/layers/LayerContext.h"

#include <cmath>

using namespace mlir;
using namespace rondo;

namespace {

// What plain and dilated attention share: q, k and v, positions, scale and lane decay.
class AttentionParts {
public:
  explicit AttentionParts(LayerContext &context) : context(context) {}

  LogicalResult inferShapes(Operation *op, SmallVectorImpl<Shape> &results) {
    (void)context.number("scale"); // for its complaints
    std::optional<QkvShapes> shapes = context.queryKeyValueShapes();
    if (!shapes)
      return failure();
    results.push_back(Shape::numbers({shapes->q->dims[0], shapes->v->dims[1]}));
    if (op->getNumResults() > 1)
      results.push_back(Shape::numbers({shapes->q->dims[0]}));
    LogicalResult heading = checkHeads(*shapes), placing = checkPositions();
    bool decays = laneLogDecay(shapes->q->dims[1]).has_value();
    return success(succeeded(heading) && succeeded(placing) && decays);
  }

  Value operand(unsigned number) { return context.graph(context.operand(number)); }
  // Null for an op that looks both ways.
  Value positions(GraphEmitter &emitter) {
    if (context.has("bidirectional"))
      return {};
    return context.has("at") ? context.graph(context.value("at")) : emitter.sharedPositions(context.loc());
  }
  FloatAttr scale(OpBuilder &builder) { return builder.getF64FloatAttr(context.number("scale").value_or(1)); }
  DenseF64ArrayAttr decay(OpBuilder &builder) {
    SmallVector<double> logs = *laneLogDecay(context.shape(context.operand(0))->dims[1]);
    return logs.empty() ? DenseF64ArrayAttr() : builder.getDenseF64ArrayAttr(logs);
  }
  UnitAttr flag(OpBuilder &builder, StringRef clause) {
    return context.has(clause) ? builder.getUnitAttr() : UnitAttr();
  }
  template <typename Op>
  SmallVector<Value> finish(Op attention, GraphEmitter &emitter, ArrayRef<Shape> results) {
    emitter.tagSequenceOp(attention);
    SmallVector<Value> values{attention.getO()};
    if (results.size() > 1)
      values.push_back(attention.getLse());
    return values;
  }

private:
  LogicalResult checkHeads(const QkvShapes &shapes) {
    if (shapes.k->dims[0] != shapes.v->dims[0] || shapes.q->dims[0] % shapes.k->dims[0] != 0)
      return context.reportShape(context.operand(1),
                                 "k and v of one head count that divides " + Twine(shapes.q->dims[0]),
                                 "heads of k and v may be shared only evenly");
    if (shapes.q->dims[1] != shapes.k->dims[1])
      return context.reportShape(context.operand(1), "k of q's head width " + Twine(shapes.q->dims[1]),
                                 "give both linears the same 'to' and 'heads'");
    return success();
  }

  LogicalResult checkPositions() {
    Value at = context.value("at");
    const Shape *positions = at ? context.shape(at) : nullptr;
    if (!positions || positions->kind == Shape::Kind::Positions)
      return success();
    return context.reportShape(at, "positions in 'at'", "spec.positions makes them");
  }

  // Log decays of all lanes; empty if there are none.
  std::optional<SmallVector<double>> laneLogDecay(int64_t width) {
    if (!context.has("lane_decay"))
      return SmallVector<double>();
    std::optional<SmallVector<double>> decays =
        context.series("lane_decay", "pair", (width + 1) / 2, {{"dim", double(width)}});
    if (!decays)
      return std::nullopt;
    SmallVector<double> logs;
    for (int64_t lane = 0; lane < width; ++lane) {
      double decay = (*decays)[lane / 2];
      if (!(decay > 0)) {
        context
            .report(context.clauseLoc("lane_decay"), ErrorId::SpecValue,
                    "expected a positive factor per token, found " + formatNumber(decay) + " for pair " +
                        Twine(lane / 2))
            .help("xPos's is pow((2 * pair + 0.4 * dim) / (1.4 * dim), 1 / 512)");
        return std::nullopt;
      }
      logs.push_back(std::log(decay));
    }
    return logs;
  }

  LayerContext &context;
};

struct AttentionLayer : GraphLayerOpInterface::ExternalModel<AttentionLayer, spec::AttentionOp> {
  LogicalResult inferShapes(Operation *op, LayerContext &context, SmallVectorImpl<Shape> &results) const {
    LogicalResult parts = AttentionParts(context).inferShapes(op, results);
    bool isCausal = !context.has("bidirectional");
    if (isCausal != context.has("capacity")) {
      context
          .report(isCausal ? context.loc() : context.clauseLoc("capacity"), ErrorId::SpecClause,
                  isCausal ? "attention: expected 'capacity(COUNT)', found none"
                           : "attention: expected no 'capacity' beside 'bidirectional', found one")
          .help(isCausal ? "capacity(4096) holds the keys and values of sequences of up to 4096 tokens"
                         : "what looks both ways has no prefill or decode, so no cache");
      return failure();
    }
    return success(succeeded(parts) && (!isCausal || context.count("capacity")));
  }

  SmallVector<Value> emit(Operation *, LayerContext &context, GraphEmitter &emitter,
                          ArrayRef<Shape> results) const {
    OpBuilder &builder = emitter.builder();
    AttentionParts parts(context);
    IntegerAttr capacity;
    if (context.has("capacity"))
      capacity = builder.getI64IntegerAttr(*context.count("capacity"));
    auto attention =
        AttentionOp::create(builder, context.loc(), parts.operand(0), parts.operand(1), parts.operand(2),
                            parts.positions(emitter), parts.scale(builder), parts.decay(builder), capacity,
                            parts.flag(builder, "bidirectional"));
    return parts.finish(attention, emitter, results);
  }
};

struct DilatedAttentionLayer
    : GraphLayerOpInterface::ExternalModel<DilatedAttentionLayer, spec::DilatedAttentionOp> {
  LogicalResult inferShapes(Operation *op, LayerContext &context, SmallVectorImpl<Shape> &results) const {
    LogicalResult parts = AttentionParts(context).inferShapes(op, results);
    return success(succeeded(parts) && dilation(context));
  }

  SmallVector<Value> emit(Operation *, LayerContext &context, GraphEmitter &emitter,
                          ArrayRef<Shape> results) const {
    OpBuilder &builder = emitter.builder();
    AttentionParts parts(context);
    auto attention = DilatedAttentionOp::create(
        builder, context.loc(), parts.operand(0), parts.operand(1), parts.operand(2),
        parts.positions(emitter), Value(), Value(), ValueRange(), dilation(context), parts.scale(builder),
        parts.decay(builder), parts.flag(builder, "bidirectional"), parts.flag(builder, "frozen_mixture"));
    return parts.finish(attention, emitter, results);
  }

private:
  // Whole numbers from 1 on, one per pattern.
  static std::optional<SmallVector<int64_t>> wholeNumbers(LayerContext &context, StringRef clause,
                                                          int64_t patterns) {
    std::optional<SmallVector<double>> numbers = context.series(clause, "pattern", patterns);
    if (!numbers)
      return std::nullopt;
    SmallVector<int64_t> whole;
    for (double number : *numbers) {
      if (number != std::floor(number) || number < 1 || number > double(LayerContext::kMaxCount)) {
        context
            .report(context.clauseLoc(clause), ErrorId::SpecValue,
                    "expected whole numbers from 1 to " + Twine(LayerContext::kMaxCount) + " in '" + clause +
                        "', found " + formatNumber(number))
            .help("segments([2048, 4096, 8192]) ratios([1, 2, 4]), say");
        return std::nullopt;
      }
      whole.push_back(static_cast<int64_t>(number));
    }
    return whole;
  }

  // Null, after a report, if the patterns are wrong.
  static DilationAttr dilation(LayerContext &context) {
    std::optional<int64_t> patterns;
    if (context.has("patterns")) {
      patterns = context.count("patterns", kMaxPatterns);
      if (!patterns) // reported
        return {};
    } else {
      for (StringRef clause : {"segments", "ratios"})
        if (spec::ClauseAttr found = context.find(clause);
            found && !found.getArgs().empty() && found.getArgs()[0].is(spec::ExprKind::List) && !patterns)
          patterns = static_cast<int64_t>(found.getArgs()[0].size());
    }
    if (!patterns || *patterns < 1 || *patterns > kMaxPatterns) {
      context
          .report(context.clauseLoc("segments"), ErrorId::SpecClause,
                  "dilated_attention: expected 1 to " + Twine(kMaxPatterns) + " patterns, found " +
                      (patterns ? Twine(*patterns) : Twine("no number of them")))
          .help("give a list, as in segments([2048, 4096]), or patterns(COUNT)");
      return {};
    }
    auto segments = wholeNumbers(context, "segments", *patterns);
    auto ratios = wholeNumbers(context, "ratios", *patterns);
    if (!segments || !ratios)
      return {};
    for (auto [segment, ratio] : llvm::zip_equal(*segments, *ratios))
      if (ratio > segment) {
        context
            .report(context.clauseLoc("ratios"), ErrorId::SpecValue,
                    "expected a ratio of at most its segment's " + Twine(segment) + " tokens, found " +
                        Twine(ratio))
            .help("a head sees every ratio-th token of a segment");
        return {};
      }
    auto offsets = symbolizeHeadOffsets(context.word("offsets")).value_or(HeadOffsets::Blocks);
    return DilationAttr::get(context.op()->getContext(), *segments, *ratios, offsets);
  }

  static constexpr int64_t kMaxPatterns = 64; // each is code of its own in a kernel
};

} // namespace

void rondo::attachAttentionLayers(MLIRContext *context) {
  spec::AttentionOp::attachInterface<AttentionLayer>(*context);
  spec::DilatedAttentionOp::attachInterface<DilatedAttentionLayer>(*context);
}
