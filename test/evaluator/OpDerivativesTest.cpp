// Every op's derivative against differences of the op's own reference, in float64.
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "test/evaluator/OpGradient.h"
#include "test/property/CaseFactor.h"

#include <gtest/gtest.h>

using namespace mlir;
using namespace rondo;
using namespace rondo::reference;

namespace {

constexpr double kTolerance = 1e-6;
constexpr int kDirections = 4;

class OpDerivatives : public testing::Test {
protected:
  OpDerivatives() : context(makeRegistry()) { context.loadAllAvailableDialects(); }

  static DialectRegistry makeRegistry() {
    DialectRegistry registry;
    registerReferences(registry);
    return registry;
  }
  // `signature` and `body` of the function, text in which the op gives %y.
  void check(const std::string &arguments, const std::string &body, const std::string &result,
             int64_t leastIndex = 0) {
    std::string text = "func.func @forward(" + arguments + ") -> " + result + " {\n" + body +
                       "\n  return %y : " + result + "\n}";
    int skipped = 0, directions = 0;
    for (unsigned seed = 1; seed <= 5 * rondo::property::caseFactor(); ++seed) {
      SCOPED_TRACE(body + "\nseed " + std::to_string(seed));
      Random random(seed);
      OpUnderTest test{parseSourceString<ModuleOp>(text, &context), {}};
      ASSERT_TRUE(test.module);
      OpGradient gradient(std::move(test));
      GradientScore score =
          gradient.check(random, randomArguments(gradient.forward(), random, leastIndex), kDirections);
      EXPECT_LE(score.relativeError(), kTolerance);
      skipped += score.skipped();
      directions += score.directions();
    }
    EXPECT_LE(skipped, directions / 5)
        << body; // kinks of relu are rare, but near one most directions cross it
  }

  MLIRContext context;
};

TEST_F(OpDerivatives, Elementwise) {
  const std::string x = "tensor<2x3x4xf32>", two = "(" + x + ", " + x + ") -> " + x,
                    one = "(" + x + ") -> " + x;
  check("%a: " + x + ", %b: " + x, "%y = rondo.add %a, %b : " + two, x);
  check("%a: " + x, "%y = rondo.add %a, %a : " + two, x);
  check("%a: " + x + ", %b: " + x, "%y = rondo.mul %a, %b : " + two, x);
  check("%a: " + x, "%y = rondo.mul %a, %a : " + two, x);
  check("%a: " + x, "%y = rondo.scale %a by -0.75 : " + one, x);
  for (std::string kind : {"silu", "gelu", "relu", "sigmoid", "tanh"})
    check("%a: " + x, "%y = rondo.activation " + kind + " %a : " + one, x);
  const std::string heads = "tensor<2x3x2x2xf32>";
  check("%a: " + x, "%y = rondo.reshape %a heads 2 : (" + x + ") -> " + heads, heads);
  check("%a: " + heads, "%y = rondo.reshape %a : (" + heads + ") -> " + x, x);
}

// With the masks of a step: the same in every evaluation.
TEST_F(OpDerivatives, Dropout) {
  for (std::string x : {"tensor<2x3x4xf32>", "tensor<2x3x2x5xf32>"})
    check("%x: " + x + ", %seed: tensor<i64>, %step: tensor<i64>",
          "%s:2 = rondo.random_streams %seed, %step : (tensor<i64>, tensor<i64>) -> (tensor<2xi64>, "
          "tensor<2xi64>)\n%y = rondo.dropout %x, %s#1 rate 0.4 : (" +
              x + ", tensor<2xi64>) -> " + x,
          x);
}

TEST_F(OpDerivatives, Products) {
  const std::string w = "tensor<5x4xf32>", x = "tensor<2x3x4xf32>", y = "tensor<2x3x5xf32>",
                    heads = "tensor<2x3x2x2xf32>";
  check("%x: " + x + ", %w: " + w, "%y = rondo.linear %x, %w : (" + x + ", " + w + ") -> " + y, y);
  check("%x: " + heads + ", %w: " + w, "%y = rondo.linear %x, %w : (" + heads + ", " + w + ") -> " + y, y);
  const std::string tokens = "tensor<2x3xi32>";
  check("%t: " + tokens + ", %w: " + w, "%y = rondo.embedding %t, %w : (" + tokens + ", " + w + ") -> " + x,
        x);
  // Targets of -1 count nowhere.
  const std::string p = "tensor<2x3xf32>";
  check("%x: " + x + ", %w: " + w + ", %t: " + tokens,
        "%y, %s = rondo.linear_log_prob %x, %w, %t : (" + x + ", " + w + ", " + tokens + ") -> (" + p + ", " +
            p + ")",
        p, /*leastIndex=*/-1);
}

TEST_F(OpDerivatives, Norms) {
  // An epsilon of the size of the values, so that dropping it shows.
  for (std::string norm : {"rms_norm", "layer_norm"})
    for (std::string eps : {"1.0e-6", "0.5"}) {
      const std::string x = "tensor<2x3x4xf32>", w = "tensor<4xf32>", heads = "tensor<2x3x2x4xf32>";
      const std::string y = "%y = rondo." + norm;
      check("%x: " + x, y + " %x eps " + eps + " : (" + x + ") -> " + x, x);
      check("%x: " + x + ", %w: " + w, y + " %x, %w eps " + eps + " : (" + x + ", " + w + ") -> " + x, x);
      check("%x: " + heads + ", %w: " + w,
            y + " %x, %w eps " + eps + " : (" + heads + ", " + w + ") -> " + heads, heads);
    }
}

TEST_F(OpDerivatives, Biases) {
  for (std::string x : {"tensor<2x3x4xf32>", "tensor<2x3x2x4xf32>"})
    check("%x: " + x + ", %b: tensor<4xf32>",
          "%y = rondo.add_bias %x, %b : (" + x + ", tensor<4xf32>) -> " + x, x);
}

TEST_F(OpDerivatives, Rotations) {
  const std::string x = "tensor<2x3x2x4xf32>", p = "tensor<2x3xi64>", c = "tensor<2x3x4xf32>";
  for (std::string pairs : {"interleaved", "halves"})
    for (std::string inverse : {"", " inverse"})
      check("%x: " + x + ", %p: " + p,
            "%c, %s = rondo.rotary_table %p theta [0.7, 0.2] pairs " + pairs + " : (" + p + ") -> (" + c +
                ", " + c + ")\n%y = rondo.rotate %x, %c, %s pairs " + pairs + inverse + " : (" + x + ", " +
                c + ", " + c + ") -> " + x,
            x);
}

TEST_F(OpDerivatives, RetentionInEveryForm) {
  for (unsigned seed = 1; seed <= 400 * rondo::property::caseFactor(); ++seed) {
    Random random(seed);
    OpUnderTest test = makeRandomRetention(&context, random);
    std::string text;
    llvm::raw_string_ostream(text) << *test.module;
    SCOPED_TRACE("seed " + std::to_string(seed) + "\n" + text);
    ASSERT_TRUE(succeeded(verify(*test.module)));
    OpGradient gradient(std::move(test));
    ASSERT_TRUE(succeeded(verify(gradient.gradient())));
    GradientScore score = gradient.check(random, randomArguments(gradient.forward(), random), kDirections);
    EXPECT_LE(score.relativeError(), kTolerance);
    EXPECT_EQ(score.skipped(), 0);
  }
}

} // namespace
