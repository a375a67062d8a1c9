// Compiled AdamW against float64: accumulation, clipping, bias correction, layouts, threads, gradients that
// are no numbers.
#include "test/property/CaseFactor.h"
#include "test/property/retention/CompiledModule.h"

#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <limits>
#include <random>

using namespace rondo::test;

namespace {

// Parameters of a model: a matrix that a linear layer reads (stored in panels), one of several chunks, a
// vector.
struct Shape {
  const char *name;
  int64_t rows, columns;
  bool decay;
};
constexpr Shape kShapes[] = {{"a", 50, 24, true}, {"b", 701, 70, true}, {"c", 1, 33, false}};

std::string typeOf(const Shape &shape) {
  std::string rows = shape.rows == 1 ? "" : std::to_string(shape.rows) + "x";
  return "tensor<" + rows + std::to_string(shape.columns) + "xf32>";
}

std::string declarations() {
  std::string text = "rondo.optimizer_state @acc.weight loss_weight : tensor<f32>\n";
  for (const Shape &shape : kShapes) {
    std::string name = shape.name, type = typeOf(shape);
    text += "rondo.weight @" + name + " : " + type + " init #rondo.init<normal, 0.1>\n";
    for (std::string state : {"m first_moment", "v second_moment", "acc gradient"}) {
      size_t space = state.find(' ');
      text += "rondo.optimizer_state @" + state.substr(0, space) + "." + name + state.substr(space) +
              " of @" + name + " : " + type + "\n";
    }
  }
  return text;
}

// A forward pass, for which the plan stores `a` in panels.
const char *const kForward = R"(
func.func @forward(%x: tensor<2x8x24xf32>) -> tensor<2x8x50xf32>
    attributes {rondo.entry = #rondo.entry<forward, B = 2, T = 8, slots = 0>} {
  %w = rondo.get_weight @a : tensor<50x24xf32>
  %y = rondo.linear %x, %w : (tensor<2x8x24xf32>, tensor<50x24xf32>) -> tensor<2x8x50xf32>
  return %y : tensor<2x8x50xf32>
}
)";

std::string update() {
  std::string reads, sums, names, types, steps, clears;
  for (const Shape &shape : kShapes) {
    std::string n = shape.name, type = typeOf(shape);
    std::string parts = "tensor<" + std::to_string((shape.rows * shape.columns + 16383) / 16384) + "xf32>";
    reads += "  %g" + n + " = rondo.read_optimizer_state @acc." + n + " : " + type + "\n";
    sums += "  %s" + n + " = rondo.square_sum %g" + n + " : (" + type + ") -> " + parts + "\n";
    names += (names.empty() ? "%s" : ", %s") + n;
    types += ", " + parts;
    steps += "  rondo.adamw %g" + n + ", %rates @" + n + " m @m." + n + " v @v." + n +
             (shape.decay ? " decay" : "") + " : " + type + ", tensor<8xf32>\n";
    clears += "  rondo.clear_optimizer_state @acc." + n + "\n";
  }
  return "func.func @update(%step: tensor<i64>, %lr: tensor<f32>, %wd: tensor<f32>, %clip: tensor<f32>, "
         "%b1: tensor<f32>, %b2: tensor<f32>, %eps: tensor<f32>) -> (tensor<f32>, tensor<f32>, "
         "tensor<8xf32>)\n"
         "    attributes {rondo.entry = #rondo.entry<update, B = 0, T = 0, slots = 0>} {\n" +
         reads + "  %n = rondo.read_optimizer_state @acc.weight : tensor<f32>\n" + sums +
         "  %norm, %rates = rondo.adam_rates step %step rate %lr decay %wd clip %clip beta1 %b1 beta2 %b2 "
         "epsilon "
         "%eps divisor %n sums(" +
         names +
         ") : (tensor<i64>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>, tensor<f32>, "
         "tensor<f32>" +
         types + ") -> (tensor<f32>, tensor<8xf32>)\n" + steps + clears +
         "  rondo.clear_optimizer_state @acc.weight\n"
         "  return %norm, %n, %rates : tensor<f32>, tensor<f32>, tensor<8xf32>\n}\n";
}

// Gradients as inputs: b in two parts that are added first, as those of tied weights are.
const char *const kAccumulate = R"(
func.func @accumulate(%b1: tensor<701x70xf32>, %b2: tensor<701x70xf32>, %c: tensor<33xf32>, %n: tensor<f32>) -> tensor<f32>
    attributes {rondo.entry = #rondo.entry<accumulate, B = 1, T = 1, slots = 0>} {
  %b = rondo.add_gradients %b1, %b2 : tensor<701x70xf32>
  rondo.accumulate %b into @acc.b : tensor<701x70xf32>
  rondo.accumulate %c into @acc.c : tensor<33xf32>
  rondo.accumulate %n into @acc.weight : tensor<f32>
  return %n : tensor<f32>
}
)";

struct Rates {
  int64_t step = 0;
  float rate = 1e-2f, decay = 0.1f, clip = 1, beta1 = 0.9f, beta2 = 0.98f, epsilon = 1e-8f;
  float divisor = 4;
};

using Values = std::vector<float>;

// A module and the way from rows to its storage.
class Optimizer {
public:
  explicit Optimizer(bool panels)
      : module(declarations() + (panels ? kForward : "") + update() + kAccumulate) {}

  Values read(const std::string &name, const Shape &shape) {
    Values rows(shape.rows * shape.columns), stored = module.storage(name).values<float>();
    for (int64_t i = 0; i < shape.rows * shape.columns; ++i)
      rows[i] = stored[place(shape, i)];
    return rows;
  }
  void write(const std::string &name, const Shape &shape, const Values &rows) {
    auto *stored = module.storage(name).as<float>();
    for (int64_t i = 0; i < shape.rows * shape.columns; ++i)
      stored[place(shape, i)] = rows[i];
  }
  // Elements of the storage that belong to no row.
  double padding(const std::string &name, const Shape &shape) {
    double sum = 0;
    for (float value : module.storage(name).values<float>())
      sum += std::abs(value);
    for (float value : read(name, shape))
      sum -= std::abs(value);
    return sum;
  }
  // Norm, loss weights, rates.
  std::vector<Values> step(const Rates &r, int64_t shares = 1) {
    *module.storage("acc.weight").as<float>() = r.divisor;
    std::vector<Buffer> inputs;
    inputs.push_back(Buffer::of(std::vector<int64_t>{r.step}));
    for (float rate : {r.rate, r.decay, r.clip, r.beta1, r.beta2, r.epsilon})
      inputs.push_back(Buffer::of(Values{rate}));
    std::vector<Values> outputs;
    for (Buffer &output : module.run("update", inputs, shares))
      outputs.push_back(output.values<float>());
    return outputs;
  }

  CompiledModule module;

private:
  int64_t place(const Shape &shape, int64_t i) {
    int64_t panel = module.panelOf(shape.name), n = i / shape.columns, k = i % shape.columns;
    return panel ? (n / panel * shape.columns + k) * panel + n % panel : i;
  }
};

Values randomValues(std::mt19937_64 &random, int64_t count, float scale) {
  std::normal_distribution<float> normal(0, scale);
  Values values(count);
  for (float &value : values)
    value = normal(random);
  return values;
}

// The same in float64, from the optimiser's tensors before a step.
struct Reference {
  std::vector<std::vector<double>> w, m, v, g;
  double norm = 0;

  Reference(Optimizer &optimizer) {
    for (const Shape &shape : kShapes) {
      std::string name = shape.name;
      auto load = [&](const std::string &symbol) {
        Values values = optimizer.read(symbol, shape);
        return std::vector<double>(values.begin(), values.end());
      };
      w.push_back(load(name));
      m.push_back(load("m." + name));
      v.push_back(load("v." + name));
      g.push_back(load("acc." + name));
    }
  }
  void step(const Rates &r) {
    double scale = r.divisor == 0 ? 0 : 1.0 / r.divisor, sum = 0;
    for (auto &gradient : g)
      for (double value : gradient)
        sum += value * value;
    norm = scale * std::sqrt(sum);
    double factor = scale * (r.clip == 0 || norm == 0 ? 1 : std::min(1.0, r.clip / norm));
    double c1 = -std::expm1(double(r.step + 1) * std::log(double(r.beta1)));
    double c2 = -std::expm1(double(r.step + 1) * std::log(double(r.beta2)));
    for (size_t p = 0; p < w.size(); ++p)
      for (size_t i = 0; i < w[p].size(); ++i) {
        double gradient = factor * g[p][i];
        m[p][i] = r.beta1 * m[p][i] + (1 - double(r.beta1)) * gradient;
        v[p][i] = r.beta2 * v[p][i] + (1 - double(r.beta2)) * gradient * gradient;
        double decayed = kShapes[p].decay ? double(r.rate) * r.decay * w[p][i] : 0;
        w[p][i] -= decayed + r.rate / c1 * m[p][i] / (std::sqrt(v[p][i] / c2) + r.epsilon);
      }
  }
};

void fillAll(Optimizer &optimizer, std::mt19937_64 &random) {
  for (const Shape &shape : kShapes) {
    std::string name = shape.name;
    int64_t count = shape.rows * shape.columns;
    optimizer.write(name, shape, randomValues(random, count, 1));
    optimizer.write("m." + name, shape, randomValues(random, count, 0.1f));
    Values v = randomValues(random, count, 0.1f);
    for (float &value : v)
      value *= value;
    optimizer.write("v." + name, shape, v);
  }
}

void fillGradients(Optimizer &optimizer, std::mt19937_64 &random, float scale) {
  for (const Shape &shape : kShapes)
    optimizer.write(std::string("acc.") + shape.name, shape,
                    randomValues(random, shape.rows * shape.columns, scale));
}

void expectClose(const Values &found, const std::vector<double> &expected, double relative, double absolute,
                 const std::string &what) {
  for (size_t i = 0; i < found.size(); ++i)
    ASSERT_NEAR(found[i], expected[i], relative * std::abs(expected[i]) + absolute) << what << " " << i;
}

} // namespace

TEST(Optimizer, StepsAreThoseOfFloat64) {
  Optimizer optimizer(true);
  ASSERT_EQ(optimizer.module.panelOf("a"), 32);
  for (int seed = 0; seed < 4 * static_cast<int>(rondo::property::caseFactor()); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    fillAll(optimizer, random);
    Rates rates;
    for (rates.step = seed % 2 ? 0 : seed * 1000; rates.step < (seed % 2 ? 4 : seed * 1000 + 4);
         ++rates.step) {
      rates.clip = random() % 3 == 0 ? 0 : random() % 2 ? 0.01f : 100;
      rates.divisor = 1 + static_cast<float>(random() % 5);
      fillGradients(optimizer, random, random() % 2 ? 1e-3f : 1);
      Reference reference(optimizer);
      reference.step(rates);
      std::vector<Values> outputs = optimizer.step(rates);
      EXPECT_NEAR(outputs[0][0], reference.norm, 2e-6 * reference.norm);
      EXPECT_EQ(outputs[1][0], rates.divisor);
      for (size_t p = 0; p < std::size(kShapes); ++p) {
        std::string name = kShapes[p].name;
        expectClose(optimizer.read(name, kShapes[p]), reference.w[p], 1e-6, 1e-6, name);
        expectClose(optimizer.read("m." + name, kShapes[p]), reference.m[p], 2e-6, 1e-7, "m." + name);
        expectClose(optimizer.read("v." + name, kShapes[p]), reference.v[p], 5e-6, 1e-12, "v." + name);
        for (std::string kind : {"", "m.", "v.", "acc."})
          EXPECT_NEAR(optimizer.padding(kind + name, kShapes[p]), 0, 1e-4) << kind << name;
        for (float value : optimizer.read("acc." + name, kShapes[p]))
          ASSERT_EQ(value, 0) << "what was accumulated is not cleared";
      }
      EXPECT_EQ(*optimizer.module.storage("acc.weight").as<float>(), 0);
    }
  }
}

// rates[5] and rates[6] hold the corrections; the moments' own powers must not cancel at any step.
TEST(Optimizer, BiasCorrectionIsAccurateAtAnyStep) {
  Optimizer optimizer(false);
  for (float beta : {0.0f, 0.5f, 0.9f, 0.98f, 0.999f, 0.999999f})
    for (int64_t step : {int64_t(0), int64_t(1), int64_t(2), int64_t(17), int64_t(999), int64_t(1000000),
                         (int64_t(1) << 40) + 12345}) {
      Rates rates;
      rates.step = step;
      rates.rate = 1;
      rates.beta1 = rates.beta2 = beta;
      double correction = -1 / std::expm1(double(step + 1) * std::log(double(beta)));
      if (beta == 0)
        correction = 1;
      Values found = optimizer.step(rates)[2];
      EXPECT_NEAR(found[5], correction, 4e-6 * correction) << beta << " at step " << step;
      EXPECT_NEAR(found[6], correction, 4e-6 * correction) << beta << " at step " << step;
    }
}

TEST(Optimizer, LayoutsAndThreadsGiveTheSameBits) {
  Optimizer panels(true), rows(false), shared(true);
  ASSERT_EQ(rows.module.panelOf("a"), 0);
  Optimizer *all[] = {&panels, &rows, &shared};
  for (Optimizer *each : all) {
    std::mt19937_64 random(3);
    fillAll(*each, random);
    for (int64_t step = 0; step < 3; ++step) {
      fillGradients(*each, random, 1);
      Rates rates;
      rates.step = step;
      rates.clip = 0; // a norm adds up in the storage's order
      each->step(rates, each == &shared ? 3 : 1);
    }
  }
  for (const Shape &shape : kShapes)
    for (std::string kind : {"", "m.", "v."}) {
      Values expected = panels.read(kind + shape.name, shape);
      for (Optimizer *other : {&rows, &shared}) {
        Values found = other->read(kind + shape.name, shape);
        EXPECT_EQ(std::memcmp(expected.data(), found.data(), found.size() * sizeof(float)), 0)
            << kind << shape.name;
      }
    }
}

TEST(Optimizer, NormHasTheSameBitsOnAnyNumberOfThreads) {
  Optimizer optimizer(true);
  std::mt19937_64 random(4);
  std::vector<float> norms;
  for (int64_t shares : {1, 2, 5}) {
    std::mt19937_64 same(9);
    fillGradients(optimizer, same, 1);
    norms.push_back(optimizer.step({}, shares)[0][0]);
  }
  EXPECT_EQ(norms[0], norms[1]);
  EXPECT_EQ(norms[0], norms[2]);
}

// A step whose norm is no number changes nothing but what was accumulated.
TEST(Optimizer, BadGradientsChangeNothing) {
  Optimizer optimizer(true);
  for (float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), 1e30f}) {
    std::mt19937_64 random(11);
    fillAll(optimizer, random);
    fillGradients(optimizer, random, 1);
    Values gradient = optimizer.read("acc.b", kShapes[1]);
    gradient[20000] = bad;
    optimizer.write("acc.b", kShapes[1], gradient);
    std::vector<std::vector<float>> before;
    auto snapshot = [&] {
      std::vector<std::vector<float>> all;
      for (const Shape &shape : kShapes)
        for (std::string kind : {"", "m.", "v."})
          all.push_back(optimizer.module.storage(kind + shape.name).values<float>());
      return all;
    };
    before = snapshot();
    std::vector<Values> outputs = optimizer.step({});
    EXPECT_FALSE(std::isfinite(outputs[0][0]));
    EXPECT_EQ(outputs[2][0], 0);
    std::vector<std::vector<float>> after = snapshot();
    for (size_t i = 0; i < before.size(); ++i)
      EXPECT_EQ(std::memcmp(before[i].data(), after[i].data(), before[i].size() * sizeof(float)), 0) << i;
    for (float value : optimizer.read("acc.b", kShapes[1]))
      ASSERT_EQ(value, 0);
  }
}

// Nothing accumulated: no gradient, no division by zero; moments fade, decay goes on.
TEST(Optimizer, NothingAccumulated) {
  Optimizer optimizer(true);
  std::mt19937_64 random(12);
  fillAll(optimizer, random);
  Rates rates;
  rates.divisor = 0;
  Reference reference(optimizer);
  reference.step(rates);
  EXPECT_EQ(optimizer.step(rates)[0][0], 0);
  for (size_t p = 0; p < std::size(kShapes); ++p)
    expectClose(optimizer.read(kShapes[p].name, kShapes[p]), reference.w[p], 1e-6, 1e-6, kShapes[p].name);
}

TEST(Optimizer, MicroBatchesAddUp) {
  Optimizer optimizer(false);
  std::mt19937_64 random(13);
  std::vector<double> b(701 * 70), c(33);
  double n = 0;
  for (int batch = 0; batch < 4; ++batch) {
    Values b1 = randomValues(random, 701 * 70, 1), b2 = randomValues(random, 701 * 70, 1),
           c1 = randomValues(random, 33, 1), weight = {static_cast<float>(batch + 1)};
    for (size_t i = 0; i < b.size(); ++i)
      b[i] += double(b1[i]) + b2[i];
    for (size_t i = 0; i < c.size(); ++i)
      c[i] += c1[i];
    n += weight[0];
    std::vector<Buffer> inputs;
    for (const Values &values : {b1, b2, c1, weight})
      inputs.push_back(Buffer::of(values));
    optimizer.module.run("accumulate", inputs, batch + 1);
  }
  expectClose(optimizer.read("acc.b", kShapes[1]), b, 1e-6, 1e-6, "b");
  expectClose(optimizer.read("acc.c", kShapes[2]), c, 1e-6, 1e-6, "c");
  EXPECT_EQ(*optimizer.module.storage("acc.weight").as<float>(), n);
}
