// Retention layers.
#include "frontends/spec/layers/GraphLayers.h"
#include "frontends/spec/layers/LayerContext.h"

using namespace mlir;
using namespace rondo;

namespace {

struct RetentionLayer : GraphLayerOpInterface::ExternalModel<RetentionLayer, spec::RetentionOp> {
  LogicalResult inferShapes(Operation *, LayerContext &context, SmallVectorImpl<Shape> &results) const {
    (void)context.number("scale"); // for its complaints
    std::optional<QkvShapes> found = context.queryKeyValueShapes();
    if (!found)
      return failure();
    const Shape *const shapes[3] = {found->q, found->k, found->v};
    int64_t heads = std::max({shapes[0]->dims[0], shapes[1]->dims[0], shapes[2]->dims[0]});
    results.push_back(Shape::numbers({heads, shapes[2]->dims[1]}));
    LogicalResult heading = checkHeads(context, shapes, heads), decaying = checkDecay(context, heads);
    if (failed(heading) || failed(decaying))
      return failure();
    return context.checkReset();
  }

  SmallVector<Value> emit(Operation *, LayerContext &context, GraphEmitter &emitter,
                          ArrayRef<Shape> results) const {
    OpBuilder &builder = emitter.builder();
    Value q = context.graph(context.operand(0)), v = context.graph(context.operand(2));
    Value k =
        emitter.scale(context.graph(context.operand(1)), context.number("scale").value_or(1), context.loc());
    int64_t heads = results[0].dims[0], keyWidth = context.shape(context.operand(0))->dims[1];
    Type state = RankedTensorType::get({ShapedType::kDynamic, heads, keyWidth, results[0].dims[1]},
                                       builder.getF32Type());
    Value logDecay = context.has("log_decay") ? context.graph(context.value("log_decay")) : Value();
    Value reset = context.has("reset") ? context.graph(context.value("reset")) : Value();
    RowScale rowScale = symbolizeRowScale(context.word("row_scale")).value_or(RowScale::None);
    Type finalScale;
    if (rowScale == RowScale::TorchscaleRecurrent)
      finalScale = RankedTensorType::get({ShapedType::kDynamic, heads}, builder.getF32Type());
    auto retention = RetentionOp::create(
        builder, context.loc(), emitter.type(results[0]), state, finalScale, q, k, v, logDecay,
        /*initial_state=*/Value(), reset, /*length=*/Value(), /*initial_scale=*/Value(), DenseF64ArrayAttr(),
        Direction::Forward, /*transposed_state=*/false, rowScale, ScheduleAttr());
    if (!logDecay)
      retention.setDecay(*context.series("decay", "head", heads));
    emitter.tagSequenceOp(retention);
    return {retention.getO()};
  }

private:
  static LogicalResult checkHeads(LayerContext &context, const Shape *const shapes[3], int64_t heads) {
    static constexpr StringRef names[] = {"q", "k", "v"};
    LogicalResult fits = success();
    for (unsigned i = 0; i < 3; ++i)
      if (heads % shapes[i]->dims[0] != 0)
        fits = context.reportShape(context.operand(i),
                                   names[i] + " with a head count that divides " + Twine(heads),
                                   "q, k and v may share heads only evenly");
    if (shapes[0]->dims[1] != shapes[1]->dims[1]) {
      context
          .report(context.loc(), ErrorId::SpecShape,
                  "retention: expected q and k of one head width, found " + shapes[0]->str() + " and " +
                      shapes[1]->str())
          .note(context.operand(0).getLoc(), "q " + shapes[0]->str() + " comes from here")
          .note(context.operand(1).getLoc(), "k " + shapes[1]->str() + " comes from here")
          .help("give both linears the same 'to' and 'heads'");
      return failure();
    }
    return fits;
  }

  static LogicalResult checkDecay(LayerContext &context, int64_t heads) {
    if (context.has("decay") == context.has("log_decay")) {
      context
          .report(context.loc(), ErrorId::SpecClause,
                  StringRef("retention: expected one of decay and log_decay, found ") +
                      (context.has("decay") ? "both" : "none"))
          .help("write decay(1 - pow(2, -5 - head)), or log_decay(%x) with a value per token and head");
      return failure();
    }
    StringRef rowScale = context.word("row_scale");
    if (!rowScale.empty() && rowScale != "none" && (context.has("log_decay") || context.has("reset"))) {
      context
          .report(context.clauseLoc("row_scale"), ErrorId::SpecClause,
                  "retention: expected row_scale with a constant decay and no reset, found it with another "
                  "clause")
          .help("leave row_scale out, or log_decay and reset");
      return failure();
    }
    if (context.has("log_decay")) {
      Value logDecay = context.value("log_decay");
      const Shape *shape = logDecay ? context.shape(logDecay) : nullptr;
      if (!shape || *shape == Shape::numbers({heads}))
        return success();
      return context.reportShape(logDecay, "log_decay as [B, T, " + Twine(heads) + "], one number per head",
                                 "the head count is the largest of q, k and v");
    }
    std::optional<SmallVector<double>> decay = context.series("decay", "head", heads);
    if (!decay)
      return failure();
    for (auto [head, gamma] : llvm::enumerate(*decay))
      if (!(gamma >= 0 && gamma <= 1)) {
        context
            .report(context.clauseLoc("decay"), ErrorId::SpecValue,
                    "expected a decay in [0, 1], found " + formatNumber(gamma) + " for head " + Twine(head))
            .help("RetNet's is 1 - pow(2, -5 - head)");
        return failure();
      }
    return success();
  }
};

} // namespace

void rondo::attachRetentionLayers(MLIRContext *context) {
  spec::RetentionOp::attachInterface<RetentionLayer>(*context);
}
