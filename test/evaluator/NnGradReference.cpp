// References of the layer ops' gradients.
#include "test/evaluator/Evaluator.h"

#include <cmath>
#include <numbers>
#include <numeric>

using namespace mlir;
using namespace rondo;
using namespace rondo::reference;

static Tensor zerosOf(Value value) {
  return Tensor(cast<RankedTensorType>(value.getType()).getShape().vec());
}

// 1 / sqrt(mean(x^2) + eps) of one row.
static double inverseRms(const double *x, int64_t width, double eps) {
  double squares = 0;
  for (int64_t i = 0; i < width; ++i)
    squares += x[i] * x[i];
  return 1 / std::sqrt(squares / static_cast<double>(width) + eps);
}

static double slope(Activation kind, double x) {
  double sigmoid = 1 / (1 + std::exp(-x));
  switch (kind) {
  case Activation::Silu:
    return sigmoid * (1 + x * (1 - sigmoid));
  case Activation::Gelu: // x Phi(x): Phi(x) + x phi(x)
    return 0.5 * std::erfc(-x / std::numbers::sqrt2) +
           x * std::exp(-x * x / 2) * std::numbers::inv_sqrtpi / std::numbers::sqrt2;
  case Activation::Relu:
    return x > 0 ? 1 : 0;
  case Activation::Sigmoid:
    return sigmoid * (1 - sigmoid);
  case Activation::Tanh:
    return 1 - std::tanh(x) * std::tanh(x);
  }
  llvm_unreachable("every activation has a slope");
}

namespace {

struct ActivationGradReference
    : ReferenceOpInterface::ExternalModel<ActivationGradReference, ActivationGradOp> {
  std::vector<Tensor> evaluate(Operation *op, Evaluator &evaluator) const {
    auto grad = cast<ActivationGradOp>(op);
    const Tensor &x = evaluator[grad.getX()], &dy = evaluator[grad.getDy()];
    Tensor dx(x.shape);
    for (size_t i = 0; i < x.data.size(); ++i)
      dx.data[i] = slope(grad.getKind(), x.data[i]) * dy.data[i];
    return {dx};
  }
};

struct EmbeddingGradReference : ReferenceOpInterface::ExternalModel<EmbeddingGradReference, EmbeddingGradOp> {
  std::vector<Tensor> evaluate(Operation *op, Evaluator &evaluator) const {
    auto grad = cast<EmbeddingGradOp>(op);
    const Tensor &tokens = evaluator[grad.getTokens()], &dy = evaluator[grad.getDy()];
    Tensor table = zerosOf(grad.getDtable());
    for (int64_t row = 0; row < dy.rows(); ++row)
      for (int64_t i = 0; i < dy.width(); ++i)
        table.at({static_cast<int64_t>(tokens.data[row]), i}) += dy.data[row * dy.width() + i];
    return {table};
  }
};

struct LinearGradInputReference
    : ReferenceOpInterface::ExternalModel<LinearGradInputReference, LinearGradInputOp> {
  std::vector<Tensor> evaluate(Operation *op, Evaluator &evaluator) const {
    auto grad = cast<LinearGradInputOp>(op);
    const Tensor &dy = evaluator[grad.getDy()], &weight = evaluator[grad.getWeight()];
    int64_t outputs = weight.size(0), depth = weight.size(1);
    Tensor dx = zerosOf(grad.getDx());
    for (int64_t row = 0; row < dy.rows(); ++row)
      for (int64_t k = 0; k < depth; ++k)
        for (int64_t n = 0; n < outputs; ++n)
          dx.data[row * depth + k] += dy.data[row * outputs + n] * weight.at({n, k});
    return {dx};
  }
};

struct LinearGradWeightReference
    : ReferenceOpInterface::ExternalModel<LinearGradWeightReference, LinearGradWeightOp> {
  std::vector<Tensor> evaluate(Operation *op, Evaluator &evaluator) const {
    auto grad = cast<LinearGradWeightOp>(op);
    const Tensor &dy = evaluator[grad.getDy()], &x = evaluator[grad.getX()];
    Tensor dw = zerosOf(grad.getDw());
    int64_t outputs = dw.size(0), depth = dw.size(1);
    for (int64_t row = 0; row < dy.rows(); ++row)
      for (int64_t n = 0; n < outputs; ++n)
        for (int64_t k = 0; k < depth; ++k)
          dw.at({n, k}) += dy.data[row * outputs + n] * x.data[row * depth + k];
    return {dw};
  }
};

// One row of a norm and its cotangent; a layer norm's x less its mean.
struct NormRow {
  NormRow(Operation *op, const Tensor &x, int64_t row, double eps)
      : x(&x.data[row * x.width()], &x.data[row * x.width()] + x.width()) {
    if (isa<LayerNormGradOp, LayerNormGradWeightOp, LayerNormGradBlocksOp>(op)) {
      double mean = std::accumulate(this->x.begin(), this->x.end(), 0.0) / static_cast<double>(x.width());
      for (double &value : this->x)
        value -= mean;
      centred = true;
    }
    r = inverseRms(this->x.data(), x.width(), eps);
  }

  std::vector<double> x;
  double r;
  bool centred = false;
};

template <typename GradOp>
struct NormGradReference : ReferenceOpInterface::ExternalModel<NormGradReference<GradOp>, GradOp> {
  std::vector<Tensor> evaluate(Operation *op, Evaluator &evaluator) const {
    auto grad = cast<GradOp>(op);
    const Tensor &x = evaluator[grad.getX()], &dy = evaluator[grad.getDy()];
    const Tensor *weight = evaluator.find(grad.getWeight());
    Tensor dx(x.shape);
    int64_t width = x.width();
    for (int64_t row = 0; row < x.rows(); ++row) {
      NormRow in(op, x, row, grad.getEps().convertToDouble());
      double along = 0, mean = 0;
      auto g = [&](int64_t i) { return dy.data[row * width + i] * (weight ? weight->data[i] : 1); };
      for (int64_t i = 0; i < width; ++i) {
        along += in.x[i] * g(i) / static_cast<double>(width);
        mean += in.centred ? g(i) / static_cast<double>(width) : 0;
      }
      for (int64_t i = 0; i < width; ++i)
        dx.data[row * width + i] = in.r * (g(i) - mean) - in.r * in.r * in.r * in.x[i] * along;
    }
    return {dx};
  }
};

template <typename GradOp>
struct NormGradWeightReference
    : ReferenceOpInterface::ExternalModel<NormGradWeightReference<GradOp>, GradOp> {
  std::vector<Tensor> evaluate(Operation *op, Evaluator &evaluator) const {
    auto grad = cast<GradOp>(op);
    const Tensor &x = evaluator[grad.getX()], &dy = evaluator[grad.getDy()];
    Tensor dw({x.width()});
    for (int64_t row = 0; row < x.rows(); ++row) {
      NormRow in(op, x, row, grad.getEps().convertToDouble());
      for (int64_t i = 0; i < x.width(); ++i)
        dw.data[i] += dy.data[row * x.width() + i] * in.x[i] * in.r;
    }
    return {dw};
  }
};

// Position b * block + i counts in block b; heads of a position are rows of their own.
struct Blocks {
  explicit Blocks(const Tensor &x) : positions(x.size(0) * x.size(1)), runs(x.rows() / positions) {}
  int64_t count() const { return (positions + size - 1) / size; }
  int64_t of(int64_t row) const { return row / runs / size; }

  int64_t positions, runs, size = std::max<int64_t>(64, (positions + 63) / 64);
};

template <typename GradOp>
struct NormGradBlocksReference
    : ReferenceOpInterface::ExternalModel<NormGradBlocksReference<GradOp>, GradOp> {
  std::vector<Tensor> evaluate(Operation *op, Evaluator &evaluator) const {
    auto grad = cast<GradOp>(op);
    const Tensor &x = evaluator[grad.getX()], &dy = evaluator[grad.getDy()];
    Blocks blocks(x);
    Tensor sums({blocks.count(), x.width()});
    for (int64_t row = 0; row < x.rows(); ++row) {
      NormRow in(op, x, row, grad.getEps().convertToDouble());
      for (int64_t i = 0; i < x.width(); ++i)
        sums.at({blocks.of(row), i}) += dy.data[row * x.width() + i] * in.x[i] * in.r;
    }
    return {sums};
  }
};

struct SumRowsReference : ReferenceOpInterface::ExternalModel<SumRowsReference, SumRowsOp> {
  std::vector<Tensor> evaluate(Operation *op, Evaluator &evaluator) const {
    const Tensor &dy = evaluator[cast<SumRowsOp>(op).getDy()];
    Tensor sum({dy.width()});
    for (size_t i = 0; i < dy.data.size(); ++i)
      sum.data[i % sum.data.size()] += dy.data[i];
    return {sum};
  }
};

struct SumRowsBlocksReference : ReferenceOpInterface::ExternalModel<SumRowsBlocksReference, SumRowsBlocksOp> {
  std::vector<Tensor> evaluate(Operation *op, Evaluator &evaluator) const {
    const Tensor &dy = evaluator[cast<SumRowsBlocksOp>(op).getDy()];
    Blocks blocks(dy);
    Tensor sums({blocks.count(), dy.width()});
    for (int64_t row = 0; row < dy.rows(); ++row)
      for (int64_t i = 0; i < dy.width(); ++i)
        sums.at({blocks.of(row), i}) += dy.data[row * dy.width() + i];
    return {sums};
  }
};

struct SumBlocksReference : ReferenceOpInterface::ExternalModel<SumBlocksReference, SumBlocksOp> {
  std::vector<Tensor> evaluate(Operation *op, Evaluator &evaluator) const {
    const Tensor &sums = evaluator[cast<SumBlocksOp>(op).getSums()];
    Tensor sum({sums.width()});
    for (int64_t block = 0; block < sums.rows(); ++block)
      for (int64_t i = 0; i < sums.width(); ++i)
        sum.data[i] += sums.at({block, i});
    return {sum};
  }
};

struct SumHeadsReference : ReferenceOpInterface::ExternalModel<SumHeadsReference, SumHeadsOp> {
  std::vector<Tensor> evaluate(Operation *op, Evaluator &evaluator) const {
    const Tensor &x = evaluator[cast<SumHeadsOp>(op).getX()];
    Tensor y = zerosOf(op->getResult(0));
    int64_t together = x.size(2) / y.size(2);
    for (int64_t row = 0; row < x.rows(); ++row) // a row is one head of one position
      for (int64_t i = 0; i < x.width(); ++i)
        y.data[row / together * x.width() + i] += x.data[row * x.width() + i];
    return {y};
  }
};

struct SegmentStartsReference : ReferenceOpInterface::ExternalModel<SegmentStartsReference, SegmentStartsOp> {
  std::vector<Tensor> evaluate(Operation *op, Evaluator &evaluator) const {
    const Tensor &segments = evaluator[cast<SegmentStartsOp>(op).getSegments()];
    Tensor reset(segments.shape);
    for (int64_t b = 0; b < segments.size(0); ++b)
      for (int64_t t = 1; t < segments.size(1); ++t)
        reset.at({b, t}) = segments.at({b, t}) != segments.at({b, t - 1}) ? 1 : 0;
    return {reset};
  }
};

} // namespace

void rondo::reference::attachNnGradReferences(MLIRContext *context) {
  ActivationGradOp::attachInterface<ActivationGradReference>(*context);
  EmbeddingGradOp::attachInterface<EmbeddingGradReference>(*context);
  LinearGradInputOp::attachInterface<LinearGradInputReference>(*context);
  LinearGradWeightOp::attachInterface<LinearGradWeightReference>(*context);
  LayerNormGradOp::attachInterface<NormGradReference<LayerNormGradOp>>(*context);
  LayerNormGradBlocksOp::attachInterface<NormGradBlocksReference<LayerNormGradBlocksOp>>(*context);
  LayerNormGradWeightOp::attachInterface<NormGradWeightReference<LayerNormGradWeightOp>>(*context);
  RmsNormGradOp::attachInterface<NormGradReference<RmsNormGradOp>>(*context);
  RmsNormGradBlocksOp::attachInterface<NormGradBlocksReference<RmsNormGradBlocksOp>>(*context);
  RmsNormGradWeightOp::attachInterface<NormGradWeightReference<RmsNormGradWeightOp>>(*context);
  SegmentStartsOp::attachInterface<SegmentStartsReference>(*context);
  SumBlocksOp::attachInterface<SumBlocksReference>(*context);
  SumRowsBlocksOp::attachInterface<SumRowsBlocksReference>(*context);
  SumRowsOp::attachInterface<SumRowsReference>(*context);
  SumHeadsOp::attachInterface<SumHeadsReference>(*context);
}
