// Random retention problems: their graph, their inputs, and their results in float64.
#include "test/property/retention/RetentionCase.h"

#include <cmath>
#include <limits>
#include <sstream>

namespace rondo::test {

static std::string tensor(std::initializer_list<int64_t> shape, const char *element) {
  std::string text = "tensor<";
  for (int64_t extent : shape)
    text += std::to_string(extent) + "x";
  return text + element + ">";
}

namespace {

struct Types {
  std::string q, k, v, logDecay, state, reset, length, scale, o;

  explicit Types(const RetentionShape &s) {
    q = tensor({s.batch, s.time, s.queryHeads, s.keyWidth}, "f32");
    k = tensor({s.batch, s.time, s.keyHeads, s.keyWidth}, "f32");
    v = tensor({s.batch, s.time, s.valueHeads, s.valueWidth}, "f32");
    o = tensor({s.batch, s.time, s.heads(), s.valueWidth}, "f32");
    logDecay = tensor({s.batch, s.time, s.heads()}, "f32");
    state = tensor({s.batch, s.heads(), s.transposed ? s.valueWidth : s.keyWidth,
                    s.transposed ? s.keyWidth : s.valueWidth},
                   "f32");
    reset = tensor({s.batch, s.time}, "i8");
    length = tensor({s.batch}, "i32");
    scale = tensor({s.batch, s.heads()}, "f32");
  }
};

} // namespace

std::string RetentionShape::entry(const std::string &name, const std::string &schedule) const {
  Types types(*this);
  std::ostringstream arguments, op, operandTypes;
  arguments << "%q: " << types.q << ", %k: " << types.k << ", %v: " << types.v;
  operandTypes << types.q << ", " << types.k << ", " << types.v;
  op << "rondo.retention %q, %k, %v";
  auto operand = [&](bool present, const char *clause, const std::string &value, const std::string &type) {
    if (!present)
      return;
    arguments << ", " << value << ": " << type;
    operandTypes << ", " << type;
    op << " " << clause << "(" << value << ")";
  };
  if (!decay.empty()) {
    op.precision(17);
    op << " decay [";
    for (size_t h = 0; h < decay.size(); ++h)
      op << (h ? ", " : "") << std::scientific << decay[h];
    op << "]";
  }
  operand(decay.empty(), "log_decay", "%a", types.logDecay);
  operand(init, "init", "%s0", types.state);
  operand(reset, "reset", "%r", types.reset);
  operand(length, "length", "%n", types.length);
  operand(init && carriesScale(), "init_scale", "%c0", types.scale);
  op << " schedule <" << schedule << "> {";
  op << (adjoint ? "direction = #rondo<direction adjoint>" : "direction = #rondo<direction forward>");
  if (transposed)
    op << ", transposed_state";
  if (!rowScale.empty())
    op << ", row_scale = #rondo<row_scale " << rowScale << ">";
  std::string results = types.o + ", " + types.state + (carriesScale() ? ", " + types.scale : "");
  std::string returned = types.o + (wantsState ? ", " + types.state : "") +
                         (wantsState && carriesScale() ? ", " + types.scale : "");
  op << "} : (" << operandTypes.str() << ") -> (" << results << ")";
  std::ostringstream text;
  text << "func.func @" << name << "(" << arguments.str() << ") -> (" << returned
       << ") attributes {rondo.entry = #rondo.entry<forward, B = " << batch << ", T = " << time
       << ", slots = 1>} {\n  %x:" << (carriesScale() ? 3 : 2) << " = " << op.str() << "\n  return %x#0"
       << (wantsState ? ", %x#1" : "") << (wantsState && carriesScale() ? ", %x#2" : "") << " : " << returned
       << "\n}\n";
  return text.str();
}

std::string RetentionShape::describe() const {
  std::ostringstream text;
  text << "B " << batch << " T " << time << " Hq " << queryHeads << " Hk " << keyHeads << " Hv " << valueHeads
       << " dk " << keyWidth << " dv " << valueWidth << (decay.empty() ? " gated" : "")
       << (init ? " init" : "") << (reset ? " reset" : "") << (length ? " length" : "")
       << (transposed ? " transposed" : "") << (adjoint ? " adjoint " : " ") << rowScale;
  return text.str();
}

std::vector<Buffer> RetentionInputs::buffers(const RetentionShape &shape) const {
  std::vector<Buffer> result;
  result.push_back(Buffer::of(q));
  result.push_back(Buffer::of(k));
  result.push_back(Buffer::of(v));
  if (shape.decay.empty())
    result.push_back(Buffer::of(logDecay));
  if (shape.init)
    result.push_back(Buffer::of(init));
  if (shape.reset)
    result.push_back(Buffer::of(reset));
  if (shape.length)
    result.push_back(Buffer::of(length));
  if (shape.init && shape.carriesScale())
    result.push_back(Buffer::of(initScale));
  return result;
}

RetentionInputs RetentionInputs::row(const RetentionShape &shape, int64_t row) const {
  RetentionInputs result;
  auto part = [&](const auto &all, int64_t size) {
    using Vector = std::decay_t<decltype(all)>;
    return all.empty() ? Vector() : Vector(all.begin() + row * size, all.begin() + (row + 1) * size);
  };
  result.q = part(q, shape.time * shape.queryHeads * shape.keyWidth);
  result.k = part(k, shape.time * shape.keyHeads * shape.keyWidth);
  result.v = part(v, shape.time * shape.valueHeads * shape.valueWidth);
  result.logDecay = part(logDecay, shape.time * shape.heads());
  result.init = part(init, shape.heads() * shape.keyWidth * shape.valueWidth);
  result.initScale = part(initScale, shape.heads());
  result.reset = part(reset, shape.time);
  result.length = part(length, 1);
  return result;
}

// ---- random problems
// -----------------------------------------------------------------------------------------

static int64_t pick(std::mt19937_64 &random, std::initializer_list<int64_t> choices) {
  return choices.begin()[random() % choices.size()];
}

RetentionShape randomShape(std::mt19937_64 &random) {
  RetentionShape shape;
  int64_t heads = pick(random, {1, 2, 4});
  auto divisor = [&] {
    return heads / pick(random, heads == 4   ? std::initializer_list<int64_t>{1, 2, 4}
                                : heads == 2 ? std::initializer_list<int64_t>{1, 2}
                                             : std::initializer_list<int64_t>{1});
  };
  shape.batch = pick(random, {1, 2, 3});
  shape.time = pick(random, {1, 5, 8, 9, 17, 24, 70, 129});
  shape.queryHeads = divisor();
  shape.keyHeads = divisor();
  shape.valueHeads = heads;
  shape.keyWidth = pick(random, {1, 4, 7, 16, 33});
  shape.valueWidth = pick(random, {1, 3, 16, 20, 40});
  if (random() % 3) {
    for (int64_t h = 0; h < heads; ++h)
      shape.decay.push_back(
          std::initializer_list<double>{0.0, 0.01, 0.5, 0.96875, 0.998, 1.0}.begin()[random() % 6]);
  }
  shape.init = random() % 2;
  shape.reset = random() % 3 == 0;
  shape.length = random() % 2;
  shape.transposed = random() % 4 == 0;
  return shape;
}

RetentionInputs randomInputs(const RetentionShape &shape, Fill fill, int64_t unit, std::mt19937_64 &random) {
  std::normal_distribution<float> normal;
  std::uniform_real_distribution<float> uniform;
  RetentionInputs inputs;
  auto value = [&] {
    float x = fill == Fill::Positive ? uniform(random) : normal(random);
    return x * (fill == Fill::Small ? 1e-4f : fill == Fill::Large ? 1e4f : 1.0f);
  };
  if (shape.length)
    for (int64_t b = 0; b < shape.batch; ++b)
      inputs.length.push_back(static_cast<int32_t>(std::min(
          shape.time, pick(random, {0, 1, unit - 1, unit, unit + 1,
                                    static_cast<int64_t>(random() % (shape.time + 1)), shape.time}))));
  float nan = std::numeric_limits<float>::quiet_NaN();
  auto rows = [&](int64_t width, std::vector<float> &out) {
    for (int64_t b = 0; b < shape.batch; ++b)
      for (int64_t t = 0; t < shape.time; ++t) {
        bool isZero = fill == Fill::ZeroRows && random() % 2,
             isPadding = shape.length && t >= inputs.length[b];
        for (int64_t i = 0; i < width; ++i)
          out.push_back(isPadding ? nan : isZero ? 0.0f : value());
      }
  };
  rows(shape.queryHeads * shape.keyWidth, inputs.q);
  rows(shape.keyHeads * shape.keyWidth, inputs.k);
  rows(shape.valueHeads * shape.valueWidth, inputs.v);
  if (shape.decay.empty())
    for (int64_t i = 0; i < shape.batch * shape.time * shape.heads(); ++i) {
      int64_t t = i / shape.heads() % shape.time, b = i / shape.heads() / shape.time;
      float decay = random() % 8 == 0   ? -std::numeric_limits<float>::infinity()
                    : random() % 8 == 0 ? -200.0f
                                        : -std::exp(4 * normal(random) - 4);
      inputs.logDecay.push_back(shape.length && t >= inputs.length[b] ? nan : decay);
    }
  for (int64_t i = 0; i < shape.batch * shape.heads() * shape.keyWidth * shape.valueWidth; ++i)
    inputs.init.push_back(random() % 16 ? value() : -0.0f);
  for (int64_t i = 0; i < shape.batch * shape.heads(); ++i)
    inputs.initScale.push_back(uniform(random) * 3);
  for (int64_t i = 0; i < shape.batch * shape.time; ++i)
    inputs.reset.push_back(random() % 6 == 0);
  return inputs;
}

// ---- float64
// -------------------------------------------------------------------------------------------------

namespace {

// One head of one batch row, value and magnitude side by side.
class ReferenceHead {
public:
  ReferenceHead(const RetentionShape &shape, const RetentionInputs &inputs, int64_t batch, int64_t head)
      : shape(shape), inputs(inputs), batch(batch), head(head),
        count(shape.length ? inputs.length[batch] : shape.time), state(shape.keyWidth * shape.valueWidth),
        magnitude(state.size()) {
    for (int64_t i = 0; shape.init && i < shape.keyWidth; ++i)
      for (int64_t j = 0; j < shape.valueWidth; ++j) {
        double x = inputs.init[place(i, j)];
        state[i * shape.valueWidth + j] = x;
        magnitude[i * shape.valueWidth + j] = std::fabs(x);
      }
    scale = shape.init && !inputs.initScale.empty() ? inputs.initScale[batch * shape.heads() + head] : 0;
  }

  void run(RetentionReference &result) {
    for (int64_t step = 0; step < count; ++step) {
      int64_t t = shape.adjoint ? count - 1 - step : step;
      if (!shape.adjoint)
        decayBy(gamma(t));
      update(t);
      read(t, result);
      if (shape.adjoint)
        decayBy(gamma(t));
    }
    for (int64_t i = 0; i < shape.keyWidth; ++i)
      for (int64_t j = 0; j < shape.valueWidth; ++j) {
        result.state.value[place(i, j)] = state[i * shape.valueWidth + j];
        result.state.magnitude[place(i, j)] = magnitude[i * shape.valueWidth + j];
      }
    result.scale[batch * shape.heads() + head] = scale;
  }

private:
  size_t place(int64_t i, int64_t j) const {
    int64_t first = (batch * shape.heads() + head) * shape.keyWidth * shape.valueWidth;
    return first + (shape.transposed ? j * shape.keyWidth + i : i * shape.valueWidth + j);
  }
  double gamma(int64_t t) const {
    if (shape.reset && inputs.reset[batch * shape.time + t])
      return 0;
    return shape.decay.empty()
               ? std::exp(double(inputs.logDecay[(batch * shape.time + t) * shape.heads() + head]))
               : shape.decay[head];
  }
  const float *row(const std::vector<float> &all, int64_t heads, int64_t width, int64_t t) const {
    return &all[((batch * shape.time + t) * heads + head / (shape.heads() / heads)) * width];
  }
  void decayBy(double g) {
    for (size_t i = 0; i < state.size(); ++i) {
      state[i] *= g;
      magnitude[i] *= g;
    }
    scale = scale * g + 1;
  }
  void update(int64_t t) {
    const float *k = row(inputs.k, shape.keyHeads, shape.keyWidth, t);
    const float *v = row(inputs.v, shape.valueHeads, shape.valueWidth, t);
    for (int64_t i = 0; i < shape.keyWidth; ++i)
      for (int64_t j = 0; j < shape.valueWidth; ++j) {
        double term = double(k[i]) * v[j];
        state[i * shape.valueWidth + j] += term;
        magnitude[i * shape.valueWidth + j] += std::fabs(term);
      }
  }
  void read(int64_t t, RetentionReference &result) const {
    const float *q = row(inputs.q, shape.queryHeads, shape.keyWidth, t);
    double factor = shape.rowScale.empty() ? 1.0 : 1.0 / std::sqrt(scale);
    for (int64_t j = 0; j < shape.valueWidth; ++j) {
      double value = 0, sum = 0;
      for (int64_t i = 0; i < shape.keyWidth; ++i) {
        value += q[i] * state[i * shape.valueWidth + j];
        sum += std::fabs(q[i]) * magnitude[i * shape.valueWidth + j];
      }
      size_t at = ((batch * shape.time + t) * shape.heads() + head) * shape.valueWidth + j;
      result.o.value[at] = value * factor;
      result.o.magnitude[at] = sum * factor;
    }
  }

  const RetentionShape &shape;
  const RetentionInputs &inputs;
  int64_t batch, head, count;
  std::vector<double> state, magnitude;
  double scale = 0;
};

} // namespace

RetentionReference reference(const RetentionShape &shape, const RetentionInputs &inputs) {
  RetentionReference result;
  double nan = std::numeric_limits<double>::quiet_NaN(); // in padding: anything finite
  size_t outputs = shape.batch * shape.time * shape.heads() * shape.valueWidth;
  size_t states = shape.batch * shape.heads() * shape.keyWidth * shape.valueWidth;
  result.o = {std::vector<double>(outputs, nan), std::vector<double>(outputs)};
  result.state = {std::vector<double>(states), std::vector<double>(states)};
  result.scale.resize(shape.batch * shape.heads());
  for (int64_t b = 0; b < shape.batch; ++b)
    for (int64_t h = 0; h < shape.heads(); ++h)
      ReferenceHead(shape, inputs, b, h).run(result);
  return result;
}

double errorFactor(const RetentionShape &shape, int64_t head) {
  double steps = static_cast<double>(shape.time);
  if (!shape.decay.empty() && shape.decay[head] < 1)
    steps = std::min(steps, 1 / (1 - shape.decay[head]));
  return (4 + 0.5 * std::sqrt(steps)) * std::numeric_limits<float>::epsilon();
}

} // namespace rondo::test
