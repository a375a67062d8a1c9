// Compiled attention in stretches: documents, caches in their slots, and the same outputs as the whole
// sequence has.
#include "mlir/Parser/Parser.h"
#include "test/property/CaseFactor.h"
#include "test/property/attention/AttentionChecks.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <limits>
#include <numeric>

using namespace rondo::test;
using rondo::reference::chance;
using rondo::reference::NamedValue;
using rondo::reference::pick;

TEST(Documents, BeginWherePositionsAreZero) {
  for (uint64_t seed = 1; seed <= 6 * rondo::property::caseFactor(); ++seed) {
    Random random(seed);
    AttentionCase shape = steppedCase(random, std::initializer_list<int64_t>{1, 7, 70}.begin()[seed % 3]);
    shape.caches = false;
    AttentionInputs inputs(shape, random);
    NamedValue index{"%index", AttentionCase::tensor({shape.batch, shape.time}, "i32")},
        bounds{"%bounds", AttentionCase::tensor({shape.batch, shape.time + 1}, "i32")};
    CompiledModule module(
        shape.function("documents", shape.documentInputs(), shape.documentsLine(), {index, bounds}));
    std::vector<Buffer> arguments;
    arguments.push_back(Buffer::of(inputs.positions));
    arguments.push_back(Buffer::of(inputs.lengths));
    std::vector<Buffer> found = module.run("documents", arguments);
    for (size_t result = 0; result < 2; ++result) {
      const std::vector<double> &expected = (result ? inputs.problem.bounds : inputs.problem.index)->data;
      EXPECT_EQ(found[result].values<int32_t>(), std::vector<int32_t>(expected.begin(), expected.end()))
          << "seed " << seed;
    }
  }
}

TEST(AppendCache, KeepsExactlyTheOpenSegment) {
  for (uint64_t seed = 1; seed <= 12 * rondo::property::caseFactor(); ++seed)
    checkAppendedRows(seed);
}

namespace {

// A model that is one attention, its entry points, and the outputs of its whole sequence in float64.
class Stretches {
public:
  Stretches(uint64_t seed, int64_t time)
      : random(seed), shape(steppedCase(random, time)), stretch(pick(random, 1, time + 2)),
        slots(shape.batch + 1), whole(wholeShape()), inputs(whole, random), module(text()) {
    for (int64_t b = 0; b < shape.batch; ++b) {
      slotOf.push_back(b + 1);
      at.push_back(0);
      for (int64_t t = 0; t < time; ++t)
        resets.push_back(t > 0 && inputs.positions[b * time + t] == 0);
    }
    std::shuffle(slotOf.begin(), slotOf.end(), random);
    expected.emplace(attend(inputs.problem));
    loss = lossOf(inputs.problem, expected->lse);
  }

  void checkForward() {
    std::vector<Buffer> buffers;
    for (const Tensor *tensor : {&inputs.problem.q, &inputs.problem.k, &inputs.problem.v})
      buffers.push_back(floats(*tensor));
    buffers.push_back(Buffer::of(resets));
    expectNear(module.run("forward", buffers)[0].values<float>(), expected->o, loss, "forward");
  }

  // Stretches of any length, 0 too, and single steps, until all rows are through.
  void walk() {
    poisonPools();
    while (std::any_of(at.begin(), at.end(), [&](int64_t row) { return row < shape.time; })) {
      bool decodes = chance(random, 0.4) && *std::max_element(at.begin(), at.end()) < shape.time;
      std::vector<int64_t> lengths;
      for (int64_t row : at)
        lengths.push_back(decodes ? 1 : pick(random, 0, std::min(stretch, shape.time - row)));
      step(decodes ? "decode" : "prefill", decodes ? 1 : stretch, lengths);
      if (testing::Test::HasFatalFailure())
        return;
    }
  }

  std::string describe() const { return shape.forwardLine(); }

private:
  // The whole sequence is documents of full rows from position 0.
  AttentionCase wholeShape() const {
    AttentionCase result = shape;
    result.caches = false;
    result.wholeRows = true;
    return result;
  }
  std::string text() const {
    AttentionCase graph = shape;
    auto dynamic = [](int64_t heads, int64_t width) {
      return "tensor<?x?x" + std::to_string(heads) + "x" + std::to_string(width) + "xf32>";
    };
    std::string q = dynamic(shape.heads, shape.keyWidth), k = dynamic(shape.keyHeads, shape.keyWidth),
                v = dynamic(shape.keyHeads, shape.valueWidth), o = dynamic(shape.heads, shape.valueWidth);
    graph.documents = graph.caches = false;
    std::string line = graph.forwardLine();
    std::string clauses = line.substr(line.find(" dilation"), line.find(" : ") - line.find(" dilation"));
    auto input = [](const std::string &name, const std::string &type, const char *absent) {
      return "%" + name + ": " + type + " {rondo.input = #rondo.input<\"" + name + "\", " + absent + ">}";
    };
    std::string source =
        "func.func @model(" + input("q", q, "required") + ", " + input("k", k, "required") + ", " +
        input("v", v, "required") + ", " + input("r", "tensor<?x?xi8>", "zeros, 0, 1") + ") -> (" + o +
        " {rondo.output = \"o\"}) attributes {rondo.graph} {\n  %p, %next = rondo.positions %q reset(%r) : "
        "(" +
        q +
        ", tensor<?x?xi8>) -> (tensor<?x?xi64>, tensor<?xi64>)\n  %o, %lse = rondo.dilated_attention %q, %k, "
        "%v "
        "positions(%p)" +
        clauses + " : (" + q + ", " + k + ", " + v + ", tensor<?x?xi64>) -> (" + o + ", tensor<?x?x" +
        std::to_string(shape.heads) + "xf32>)\n  return %o : " + o + "\n}\n";
    mlir::DialectRegistry registry;
    rondo::reference::registerReferences(registry);
    mlir::MLIRContext context(registry);
    context.loadAllAvailableDialects();
    auto parsed = mlir::parseSourceString<mlir::ModuleOp>(source, &context);
    std::string sizes = "B=" + std::to_string(shape.batch), pool = ",slots=" + std::to_string(slots);
    auto derived = rondo::reference::derive(
        *parsed, "forward:" + sizes + ",T=" + std::to_string(shape.time) + ";prefill:" + sizes +
                     ",T=" + std::to_string(stretch) + pool + ";decode:" + sizes + pool);
    std::string result;
    llvm::raw_string_ostream(result) << *derived;
    return result;
  }
  std::vector<std::string> poolNames() const {
    std::vector<std::string> names;
    for (int64_t p = 0; p < inputs.problem.patterns(); ++p)
      for (const char *role : {"keys", "values"})
        names.push_back("state.attention_" + std::string(role) + "." + std::to_string(p));
    return names;
  }
  // What nothing was written to must never be read.
  void poisonPools() {
    for (const std::string &name : poolNames()) {
      size_t size = module.state(name).values<float>().size();
      std::fill_n(module.state(name).as<float>(), size, std::numeric_limits<float>::quiet_NaN());
    }
  }
  std::vector<char> statesOf(int64_t slot) {
    std::vector<char> bytes;
    auto add = [&](const char *pool, size_t size) {
      bytes.insert(bytes.end(), pool + slot * size, pool + (slot + 1) * size);
    };
    add(module.state("state.position").data(), sizeof(int64_t));
    for (const std::string &name : poolNames())
      add(module.state(name).data(), module.state(name).values<float>().size() / slots * sizeof(float));
    return bytes;
  }
  // Rows [at, at + length) of `all`, then NaN; batch row i is row order[i].
  Buffer part(const Tensor &all, const std::vector<int64_t> &order, int64_t time,
              const std::vector<int64_t> &lengths) const {
    int64_t width = all.size(2) * all.width();
    std::vector<float> values(shape.batch * time * width, std::numeric_limits<float>::quiet_NaN());
    for (int64_t i = 0; i < shape.batch; ++i)
      for (int64_t n = 0; n < lengths[order[i]] * width; ++n)
        values[i * time * width + n] =
            static_cast<float>(all.data[(order[i] * shape.time + at[order[i]]) * width + n]);
    return Buffer::of(values);
  }

  void step(const std::string &entry, int64_t time, const std::vector<int64_t> &lengths) {
    std::vector<int64_t> order(shape.batch);
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), random);
    std::vector<Buffer> buffers;
    for (const Tensor *tensor : {&inputs.problem.q, &inputs.problem.k, &inputs.problem.v})
      buffers.push_back(part(*tensor, order, time, lengths));
    std::vector<int8_t> flags(shape.batch * time, 1);
    std::vector<int32_t> counts, places;
    std::vector<std::vector<char>> before;
    for (int64_t i = 0; i < shape.batch; ++i) {
      int64_t row = order[i];
      std::copy_n(resets.begin() + row * shape.time + at[row], lengths[row], flags.begin() + i * time);
      counts.push_back(static_cast<int32_t>(lengths[row]));
      places.push_back(static_cast<int32_t>(slotOf[row]));
      before.push_back(statesOf(slotOf[row]));
    }
    std::vector<char> unused = statesOf(0);
    buffers.push_back(Buffer::of(flags));
    if (entry == "prefill")
      buffers.push_back(Buffer::of(counts));
    buffers.push_back(Buffer::of(places));
    std::vector<float> found = module.run(entry, buffers)[0].values<float>();
    for (int64_t i = 0; i < shape.batch; ++i) {
      int64_t row = order[i];
      ASSERT_NO_FATAL_FAILURE(compare(found, i, time, row, lengths[row]));
      if (lengths[row] == 0)
        ASSERT_EQ(before[i], statesOf(slotOf[row])) << "a stretch of length 0 changed its state";
      at[row] += lengths[row];
    }
    ASSERT_EQ(unused, statesOf(0)) << "another's slot changed";
  }

  void compare(const std::vector<float> &found, int64_t place, int64_t time, int64_t row, int64_t length) {
    int64_t width = shape.heads * shape.valueWidth;
    for (int64_t n = 0; n < time * width; ++n) {
      float actual = found[place * time * width + n];
      if (n >= length * width) {
        ASSERT_EQ(actual, 0) << "padding";
        continue;
      }
      size_t i = (row * shape.time + at[row]) * width + n;
      ASSERT_LE(std::abs(actual - expected->o.value.data[i]), loss * expected->o.magnitude.data[i] + 1e-30)
          << "row " << row << " position " << at[row] + n / width << ": expected "
          << expected->o.value.data[i] << ", found " << actual;
    }
  }

  Random random;
  AttentionCase shape;
  int64_t stretch, slots;
  AttentionCase whole;
  AttentionInputs inputs;
  CompiledModule module;
  std::vector<int64_t> slotOf, at;
  std::vector<int8_t> resets;
  std::optional<rondo::reference::AttentionAnswer> expected;
  double loss;
};

} // namespace

TEST(Attention, StretchesAndStepsEqualTheWholeSequence) {
  for (uint64_t seed = 1; seed <= 8 * rondo::property::caseFactor(); ++seed) {
    Stretches stretches(seed, std::initializer_list<int64_t>{9, 24, 70, 150}.begin()[seed % 4]);
    SCOPED_TRACE("seed " + std::to_string(seed) + ": " + stretches.describe());
    stretches.checkForward();
    stretches.walk();
    if (testing::Test::HasFatalFailure())
      return;
  }
}
