// Attention's derivative against differences of its definition, in float64.
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "test/evaluator/AttentionCase.h"
#include "test/evaluator/OpGradient.h"
#include "test/property/CaseFactor.h"

#include <cmath>
#include <gtest/gtest.h>

using namespace mlir;
using namespace rondo;
using namespace rondo::reference;

namespace {

constexpr double kTolerance = 1e-6;
constexpr int kDirections = 3;

AttentionCase smallAttention(Random &random) {
  AttentionCase test = randomAttention(random, pick(random, 1, 10), 5);
  test.keyWidth = pick(random, 1, 4);
  test.valueWidth = pick(random, 1, 4);
  for (double &lane : test.decay)
    lane *= 40; // large enough to show at these lengths
  test.decay.resize(test.decay.empty() ? 0 : test.keyWidth, -0.05);
  return test;
}

class AttentionDerivatives : public testing::Test {
protected:
  AttentionDerivatives() : context(makeRegistry()) { context.loadAllAvailableDialects(); }

  static DialectRegistry makeRegistry() {
    DialectRegistry registry;
    registerReferences(registry);
    return registry;
  }
  std::vector<NamedValue> argumentsOf(const AttentionCase &test) {
    std::vector<NamedValue> arguments{test.q(), test.k(), test.v()};
    llvm::append_range(arguments, test.documentInputs());
    llvm::append_range(arguments, test.cacheInputs());
    return arguments;
  }
  // A function of q, k, v, documents and caches.
  OwningOpRef<ModuleOp> parse(const AttentionCase &test, const std::string &body,
                              const std::vector<NamedValue> &results) {
    std::string text = test.function("forward", argumentsOf(test), test.documentsLine() + body, results);
    auto module = parseSourceString<ModuleOp>(text, &context);
    EXPECT_TRUE(module) << text;
    return module;
  }

  MLIRContext context;
};

TEST_F(AttentionDerivatives, OfTheExactMixture) {
  for (unsigned seed = 1; seed <= 200 * rondo::property::caseFactor(); ++seed) {
    Random random(seed);
    AttentionCase test = smallAttention(random);
    test.frozen = false;
    // A query without keys has lse = -inf, of which there are no differences.
    bool takesLse = !test.documents && chance(random, 0.5), takesO = !takesLse || chance(random, 0.6);
    if (takesLse)
      test.ratios[0] = 1;
    std::vector<NamedValue> results;
    if (takesO)
      results.push_back(test.o());
    if (takesLse)
      results.push_back(test.lse());
    SCOPED_TRACE("seed " + std::to_string(seed) + "\n" + test.forwardLine());
    OpUnderTest op{parse(test, test.forwardLine(), results), {}};
    ASSERT_TRUE(op.module);
    for (size_t cache = 0; cache < test.cacheShapes().size(); ++cache)
      op.constants.insert(static_cast<unsigned>(5 + cache));
    OpGradient gradient(std::move(op));
    ASSERT_TRUE(succeeded(verify(gradient.gradient())));
    GradientScore score = gradient.check(random, randomArguments(gradient.forward(), random), kDirections);
    EXPECT_LE(score.relativeError(), kTolerance);
    EXPECT_EQ(score.skipped(), 0);
  }
}

// The patterns of a mixture apart, and what they weigh in it at one point.
struct ApartPatterns {
  std::vector<OwningOpRef<ModuleOp>> modules; // o and lse of each
  std::vector<Tensor> weights;                // e^(lse_p - lse), [B, T, H]

  std::vector<Tensor> run(size_t pattern, const std::vector<Tensor> &arguments) {
    return Evaluator().run(modules[pattern]->lookupSymbol<func::FuncOp>("forward"), arguments);
  }
  // sum_p weight_p <o_p, dO>.
  double valueAt(const std::vector<Tensor> &arguments, const Tensor &dO) {
    double sum = 0;
    for (size_t p = 0; p < modules.size(); ++p) {
      Tensor o = run(p, arguments)[0];
      for (size_t i = 0; i < o.data.size(); ++i)
        sum += weights[p].data[i / static_cast<size_t>(o.width())] * o.data[i] * dO.data[i];
    }
    return sum;
  }
};

// torchscale's: o = sum_p c_p o_p, in whose derivative c_p counts as constant.
TEST_F(AttentionDerivatives, OfAMixtureHeldConstant) {
  for (unsigned seed = 1; seed <= 60 * rondo::property::caseFactor(); ++seed) {
    Random random(seed);
    AttentionCase test = smallAttention(random);
    test.frozen = true;
    test.caches = false;
    SCOPED_TRACE("seed " + std::to_string(seed) + "\n" + test.forwardLine());
    OpUnderTest op{parse(test, test.forwardLine(), {test.o()}), {}};
    ASSERT_TRUE(op.module);
    OpGradient gradient(std::move(op));
    std::vector<Tensor> arguments = randomArguments(gradient.forward(), random);
    ApartPatterns apart;
    auto both = parse(test, test.forwardLine(), {test.lse()});
    Tensor lse = Evaluator().run(both->lookupSymbol<func::FuncOp>("forward"), arguments)[0];
    for (size_t p = 0; p < test.segments.size(); ++p) {
      AttentionCase one = test;
      one.segments = {test.segments[p]};
      one.ratios = {test.ratios[p]};
      apart.modules.push_back(parse(one, one.forwardLine(), {one.o(), one.lse()}));
      ASSERT_TRUE(apart.modules.back());
      Tensor weight = apart.run(p, arguments)[1];
      for (size_t i = 0; i < weight.data.size(); ++i)
        weight.data[i] = std::isinf(lse.data[i]) ? 0 : std::exp(weight.data[i] - lse.data[i]);
      apart.weights.push_back(weight);
    }
    Tensor dO = randomTensor(random, {test.batch, test.time, test.heads, test.valueWidth});
    std::vector<Tensor> all = arguments;
    all.push_back(dO);
    std::vector<Tensor> gradients = Evaluator().run(gradient.gradient(), all);
    GradientScore score;
    for (int n = 0; n < kDirections; ++n) {
      std::vector<Tensor> direction;
      double slope = 0;
      for (size_t i = 0; i < 3; ++i) {
        direction.push_back(randomTensor(random, arguments[i].shape));
        slope += innerProduct(gradients[i], direction[i]);
      }
      auto value = [&](double t) {
        std::vector<Tensor> moved = arguments;
        for (size_t i = 0; i < 3; ++i)
          moved[i] = along(arguments[i], t, direction[i]);
        return apart.valueAt(moved, dO);
      };
      score.add(derivativeAtZero(value), slope);
    }
    EXPECT_LE(score.relativeError(), kTolerance);
    EXPECT_EQ(score.skipped(), 0);
  }
}

} // namespace
