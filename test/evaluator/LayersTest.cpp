// The references of the layer ops against values worked out by hand.
#include "mlir/Parser/Parser.h"
#include "test/evaluator/RandomGraph.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

using namespace mlir;
using namespace rondo;
using namespace rondo::reference;

namespace {

// Evaluates one function of the graph, given as text.
std::vector<Tensor> evaluate(StringRef text, const std::vector<Tensor> &inputs) {
  DialectRegistry registry;
  registerReferences(registry);
  MLIRContext context(registry);
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
  if (!module)
    return {};
  return Evaluator().run(*module->getOps<func::FuncOp>().begin(), inputs);
}

Tensor tensor(std::vector<int64_t> shape, std::vector<double> data) {
  Tensor result(std::move(shape));
  result.data = std::move(data);
  return result;
}

TEST(Layers, PositionsRestartAtResetsAndStopAtLength) {
  auto results =
      evaluate(R"mlir(
    func.func @f(%x: tensor<1x5xi32>, %start: tensor<1xi64>, %reset: tensor<1x5xi8>, %length: tensor<1xi32>)
        -> (tensor<1x5xi64>, tensor<1xi64>) {
      %p, %n = rondo.positions %x start(%start) reset(%reset) length(%length)
          : (tensor<1x5xi32>, tensor<1xi64>, tensor<1x5xi8>, tensor<1xi32>) -> (tensor<1x5xi64>, tensor<1xi64>)
      return %p, %n : tensor<1x5xi64>, tensor<1xi64>
    })mlir",
               {Tensor({1, 5}), tensor({1}, {7}), tensor({1, 5}, {0, 0, 1, 0, 1}), tensor({1}, {4})});
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(std::vector<double>(results[0].data.begin(), results[0].data.begin() + 4),
            (std::vector<double>{7, 8, 0, 1}));
  EXPECT_EQ(results[1].data, (std::vector<double>{2})); // The reset at position 4 is padding.
}

// A quarter turn takes (a, b) to (-b, a), whichever lanes form the pair.
TEST(Layers, RotationTurnsPairs) {
  for (auto [pairs, expected] : {std::pair<std::string, std::vector<double>>{"interleaved", {-2, 1, -4, 3}},
                                 std::pair<std::string, std::vector<double>>{"halves", {-3, -4, 1, 2}}}) {
    std::string text = R"mlir(
      func.func @f(%x: tensor<1x1x1x4xf32>, %p: tensor<1x1xi64>) -> tensor<1x1x1x4xf32> {
        %c, %s = rondo.rotary_table %p theta [1.5707963267948966, 1.5707963267948966] pairs PAIRS
            : (tensor<1x1xi64>) -> (tensor<1x1x4xf32>, tensor<1x1x4xf32>)
        %y = rondo.rotate %x, %c, %s pairs PAIRS
            : (tensor<1x1x1x4xf32>, tensor<1x1x4xf32>, tensor<1x1x4xf32>) -> tensor<1x1x1x4xf32>
        return %y : tensor<1x1x1x4xf32>
      })mlir";
    for (size_t at; (at = text.find("PAIRS")) != std::string::npos;)
      text.replace(at, 5, pairs);
    auto results = evaluate(text, {tensor({1, 1, 1, 4}, {1, 2, 3, 4}), tensor({1, 1}, {1})});
    ASSERT_EQ(results.size(), 1u);
    EXPECT_LE(relativeDifference(tensor({1, 1, 1, 4}, expected), results[0]), 1e-15) << pairs;
  }
}

TEST(Layers, NormDividesByTheRootOfTheMeanSquare) {
  auto results = evaluate(R"mlir(
    func.func @f(%x: tensor<1x1x2xf32>, %w: tensor<2xf32>) -> tensor<1x1x2xf32> {
      %y = rondo.rms_norm %x, %w eps 0.5 : (tensor<1x1x2xf32>, tensor<2xf32>) -> tensor<1x1x2xf32>
      return %y : tensor<1x1x2xf32>
    })mlir",
                          {tensor({1, 1, 2}, {1, 2}), tensor({2}, {1, 3})});
  ASSERT_EQ(results.size(), 1u);
  double root = std::sqrt(3.0); // (1 + 4) / 2 + 0.5
  EXPECT_LE(relativeDifference(tensor({1, 1, 2}, {1 / root, 6 / root}), results[0]), 1e-15);
}

TEST(Layers, LayerNormTakesTheMeanAwayFirst) {
  auto results = evaluate(R"mlir(
    func.func @f(%x: tensor<1x1x2xf32>, %w: tensor<2xf32>, %b: tensor<2xf32>) -> tensor<1x1x2xf32> {
      %n = rondo.layer_norm %x, %w eps 0.75 : (tensor<1x1x2xf32>, tensor<2xf32>) -> tensor<1x1x2xf32>
      %y = rondo.add_bias %n, %b : (tensor<1x1x2xf32>, tensor<2xf32>) -> tensor<1x1x2xf32>
      return %y : tensor<1x1x2xf32>
    })mlir",
                          {tensor({1, 1, 2}, {1, 2}), tensor({2}, {1, 3}), tensor({2}, {10, 20})});
  ASSERT_EQ(results.size(), 1u);
  // The differences are -0.5 and 0.5, the root is that of 0.25 + 0.75.
  EXPECT_LE(relativeDifference(tensor({1, 1, 2}, {9.5, 21.5}), results[0]), 1e-15);
}

TEST(Layers, GeluIsExact) {
  auto results = evaluate(R"mlir(
    func.func @f(%x: tensor<1x1x3xf32>) -> tensor<1x1x3xf32> {
      %y = rondo.activation gelu %x : (tensor<1x1x3xf32>) -> tensor<1x1x3xf32>
      return %y : tensor<1x1x3xf32>
    })mlir",
                          {tensor({1, 1, 3}, {-1, 0, 1})});
  ASSERT_EQ(results.size(), 1u);
  double phi = 0.5 * (1 + std::erf(1 / std::numbers::sqrt2));
  EXPECT_LE(relativeDifference(tensor({1, 1, 3}, {phi - 1, 0, phi}), results[0]), 1e-15);
}

} // namespace
