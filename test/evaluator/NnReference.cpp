// References of the layer ops.
#include "test/evaluator/Evaluator.h"

#include <cmath>
#include <numbers>
#include <numeric>

using namespace mlir;
using namespace rondo;
using namespace rondo::reference;

namespace {

template <typename ConcreteOp>
struct ElementwiseReference
    : ReferenceOpInterface::ExternalModel<ElementwiseReference<ConcreteOp>, ConcreteOp> {
  static double compute(AddOp, double lhs, double rhs) { return lhs + rhs; }
  static double compute(MulOp, double lhs, double rhs) { return lhs * rhs; }
  static double compute(ScaleOp op, double x, double) { return op.getFactor().convertToDouble() * x; }
  static double compute(ActivationOp op, double x, double) {
    switch (op.getKind()) {
    case Activation::Silu:
      return x / (1 + std::exp(-x));
    case Activation::Gelu:
      return x * 0.5 * std::erfc(-x / std::numbers::sqrt2);
    case Activation::Relu:
      return x > 0 ? x : 0;
    case Activation::Sigmoid:
      return 1 / (1 + std::exp(-x));
    case Activation::Tanh:
      return std::tanh(x);
    }
    llvm_unreachable("every activation is computed");
  }

  std::vector<Tensor> evaluate(Operation *op, Evaluator &evaluator) const {
    const Tensor &first = evaluator[op->getOperand(0)], &last = evaluator[op->getOperands().back()];
    Tensor result(first.shape);
    for (size_t i = 0; i < result.data.size(); ++i)
      result.data[i] = compute(cast<ConcreteOp>(op), first.data[i], last.data[i]);
    return {result};
  }
};

struct EmbeddingReference : ReferenceOpInterface::ExternalModel<EmbeddingReference, EmbeddingOp> {
  std::vector<Tensor> evaluate(Operation *op, Evaluator &evaluator) const {
    auto lookup = cast<EmbeddingOp>(op);
    const Tensor &tokens = evaluator[lookup.getTokens()], &table = evaluator[lookup.getTable()];
    Tensor result({tokens.size(0), tokens.size(1), table.width()});
    for (int64_t row = 0; row < result.rows(); ++row)
      for (int64_t i = 0; i < table.width(); ++i)
        result.data[row * table.width() + i] = table.at({static_cast<int64_t>(tokens.data[row]), i});
    return {result};
  }
};

struct LinearReference : ReferenceOpInterface::ExternalModel<LinearReference, LinearOp> {
  std::vector<Tensor> evaluate(Operation *op, Evaluator &evaluator) const {
    auto product = cast<LinearOp>(op);
    const Tensor &x = evaluator[product.getX()], &weight = evaluator[product.getWeight()];
    int64_t outputs = weight.size(0), depth = weight.size(1);
    Tensor result({x.size(0), x.size(1), outputs});
    for (int64_t row = 0; row < result.rows(); ++row)
      for (int64_t n = 0; n < outputs; ++n)
        for (int64_t k = 0; k < depth; ++k)
          result.data[row * outputs + n] += x.data[row * depth + k] * weight.at({n, k});
    return {result};
  }
};

struct RmsNormReference : ReferenceOpInterface::ExternalModel<RmsNormReference, RmsNormOp> {
  std::vector<Tensor> evaluate(Operation *op, Evaluator &evaluator) const {
    auto norm = cast<RmsNormOp>(op);
    const Tensor &x = evaluator[norm.getX()], *weight = evaluator.find(norm.getWeight());
    Tensor result(x.shape);
    for (int64_t row = 0; row < x.rows(); ++row) {
      const double *in = &x.data[row * x.width()];
      double squares = 0;
      for (int64_t i = 0; i < x.width(); ++i)
        squares += in[i] * in[i];
      double scale =
          1 / std::sqrt(squares / static_cast<double>(x.width()) + norm.getEps().convertToDouble());
      for (int64_t i = 0; i < x.width(); ++i)
        result.data[row * x.width() + i] = in[i] * scale * (weight ? weight->data[i] : 1);
    }
    return {result};
  }
};

struct LayerNormReference : ReferenceOpInterface::ExternalModel<LayerNormReference, LayerNormOp> {
  std::vector<Tensor> evaluate(Operation *op, Evaluator &evaluator) const {
    auto norm = cast<LayerNormOp>(op);
    const Tensor &x = evaluator[norm.getX()], *weight = evaluator.find(norm.getWeight());
    Tensor result(x.shape);
    auto width = static_cast<double>(x.width());
    for (int64_t row = 0; row < x.rows(); ++row) {
      const double *in = &x.data[row * x.width()];
      double mean = std::accumulate(in, in + x.width(), 0.0) / width, squares = 0;
      for (int64_t i = 0; i < x.width(); ++i)
        squares += (in[i] - mean) * (in[i] - mean);
      double scale = 1 / std::sqrt(squares / width + norm.getEps().convertToDouble());
      for (int64_t i = 0; i < x.width(); ++i)
        result.data[row * x.width() + i] = (in[i] - mean) * scale * (weight ? weight->data[i] : 1);
    }
    return {result};
  }
};

struct AddBiasReference : ReferenceOpInterface::ExternalModel<AddBiasReference, AddBiasOp> {
  std::vector<Tensor> evaluate(Operation *op, Evaluator &evaluator) const {
    Tensor result = evaluator[cast<AddBiasOp>(op).getX()];
    const Tensor &bias = evaluator[cast<AddBiasOp>(op).getBias()];
    for (int64_t row = 0; row < result.rows(); ++row)
      for (int64_t i = 0; i < result.width(); ++i)
        result.data[row * result.width() + i] += bias.data[i];
    return {result};
  }
};

struct PositionsReference : ReferenceOpInterface::ExternalModel<PositionsReference, PositionsOp> {
  std::vector<Tensor> evaluate(Operation *op, Evaluator &evaluator) const {
    auto positions = cast<PositionsOp>(op);
    const Tensor &like = evaluator[positions.getLike()], *start = evaluator.find(positions.getStart());
    const Tensor *reset = evaluator.find(positions.getReset()),
                 *length = evaluator.find(positions.getLength());
    int64_t batch = like.size(0), time = like.size(1);
    Tensor result({batch, time}), next({batch});
    for (int64_t b = 0; b < batch; ++b) {
      double position = start ? start->data[b] : 0;
      int64_t valid = length ? static_cast<int64_t>(length->data[b]) : time;
      for (int64_t t = 0; t < time; ++t) {
        if (t == valid)
          next.data[b] = position;
        if (reset && reset->at({b, t}) != 0)
          position = 0;
        result.at({b, t}) = position++;
      }
      if (valid == time)
        next.data[b] = position;
    }
    return {result, next};
  }
};

struct RotaryTableReference : ReferenceOpInterface::ExternalModel<RotaryTableReference, RotaryTableOp> {
  std::vector<Tensor> evaluate(Operation *op, Evaluator &evaluator) const {
    auto table = cast<RotaryTableOp>(op);
    const Tensor &positions = evaluator[table.getPositions()];
    auto pairs = static_cast<int64_t>(table.getTheta().size());
    Tensor cosines({positions.size(0), positions.size(1), 2 * pairs}), sines(cosines.shape);
    for (int64_t row = 0; row < cosines.rows(); ++row)
      for (int64_t lane = 0; lane < 2 * pairs; ++lane) {
        int64_t pair = table.getPairs() == Pairs::Interleaved ? lane / 2 : lane % pairs;
        // 64 bits of mantissa, so that the angle of position 10^9 is right to about 10^-10.
        long double angle = static_cast<long double>(positions.data[row]) * table.getTheta()[pair];
        cosines.data[row * 2 * pairs + lane] = static_cast<double>(std::cos(angle));
        sines.data[row * 2 * pairs + lane] = static_cast<double>(std::sin(angle));
      }
    return {cosines, sines};
  }
};

struct RotateReference : ReferenceOpInterface::ExternalModel<RotateReference, RotateOp> {
  std::vector<Tensor> evaluate(Operation *op, Evaluator &evaluator) const {
    auto rotate = cast<RotateOp>(op);
    const Tensor &x = evaluator[rotate.getX()];
    const Tensor &cosines = evaluator[rotate.getCos()], &sines = evaluator[rotate.getSin()];
    int64_t heads = x.size(2), width = x.size(3);
    Tensor result(x.shape);
    for (int64_t row = 0; row < x.rows(); ++row)
      for (int64_t lane = 0; lane < width; ++lane) {
        bool first = rotate.getPairs() == Pairs::Interleaved ? lane % 2 == 0 : lane < width / 2;
        int64_t distance = rotate.getPairs() == Pairs::Interleaved ? 1 : width / 2;
        double other = x.data[row * width + (first ? lane + distance : lane - distance)];
        int64_t angle = row / heads * width + lane;
        double turned = first != rotate.getInverse() ? -other : other;
        result.data[row * width + lane] =
            x.data[row * width + lane] * cosines.data[angle] + turned * sines.data[angle];
      }
    return {result};
  }
};

struct ReshapeReference : ReferenceOpInterface::ExternalModel<ReshapeReference, ReshapeOp> {
  std::vector<Tensor> evaluate(Operation *op, Evaluator &evaluator) const {
    const Tensor &x = evaluator[op->getOperand(0)];
    Tensor result(cast<RankedTensorType>(op->getResult(0).getType()).getShape().vec());
    result.data = x.data;
    return {result};
  }
};

struct LastRowReference : ReferenceOpInterface::ExternalModel<LastRowReference, LastRowOp> {
  std::vector<Tensor> evaluate(Operation *op, Evaluator &evaluator) const {
    auto last = cast<LastRowOp>(op);
    const Tensor &x = evaluator[last.getX()], &length = evaluator[last.getLength()];
    Tensor result({x.size(0), 1, x.size(2)});
    for (int64_t b = 0; b < x.size(0); ++b)
      if (auto valid = static_cast<int64_t>(length.data[b]))
        for (int64_t i = 0; i < x.size(2); ++i)
          result.at({b, 0, i}) = x.at({b, valid - 1, i});
    return {result};
  }
};

} // namespace

void rondo::reference::attachNnReferences(MLIRContext *context) {
  ActivationOp::attachInterface<ElementwiseReference<ActivationOp>>(*context);
  AddBiasOp::attachInterface<AddBiasReference>(*context);
  AddOp::attachInterface<ElementwiseReference<AddOp>>(*context);
  EmbeddingOp::attachInterface<EmbeddingReference>(*context);
  LastRowOp::attachInterface<LastRowReference>(*context);
  LayerNormOp::attachInterface<LayerNormReference>(*context);
  LinearOp::attachInterface<LinearReference>(*context);
  MulOp::attachInterface<ElementwiseReference<MulOp>>(*context);
  PositionsOp::attachInterface<PositionsReference>(*context);
  ReshapeOp::attachInterface<ReshapeReference>(*context);
  RmsNormOp::attachInterface<RmsNormReference>(*context);
  RotaryTableOp::attachInterface<RotaryTableReference>(*context);
  RotateOp::attachInterface<RotateReference>(*context);
  ScaleOp::attachInterface<ElementwiseReference<ScaleOp>>(*context);
}
