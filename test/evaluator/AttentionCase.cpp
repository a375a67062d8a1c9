// Random problems of attention: the text of their graphs.
#include "test/evaluator/AttentionCase.h"

#include <cmath>
#include <sstream>

namespace rondo::reference {

template <typename Range, typename Print>
static std::string joined(const Range &range, Print print, const char *separator = ", ") {
  std::ostringstream text;
  text.precision(17);
  bool first = true;
  for (const auto &item : range) {
    text << (first ? "" : separator);
    print(text, item);
    first = false;
  }
  return text.str();
}

static std::string list(const std::vector<int64_t> &numbers) {
  return "[" + joined(numbers, [](auto &text, int64_t number) { text << number; }) + "]";
}

static std::string names(const std::vector<NamedValue> &values) {
  return joined(values, [](auto &text, const NamedValue &value) { text << value.name; });
}

static std::string types(const std::vector<NamedValue> &values) {
  return joined(values, [](auto &text, const NamedValue &value) { text << value.type; });
}

std::string AttentionCase::tensor(const std::vector<int64_t> &shape, const char *element) {
  return "tensor<" +
         joined(shape, [](auto &text, int64_t extent) { text << extent; }, "x") + "x" + element + ">";
}

std::string AttentionCase::dilation() const {
  return "<" + list(segments) + ", " + list(ratios) + ", " + (modulo ? "modulo" : "blocks") + ">";
}

std::vector<NamedValue> AttentionCase::documentInputs() const {
  if (!documents)
    return {};
  return {{"%p", tensor({batch, time}, "i64")}, {"%n", tensor({batch}, "i32")}};
}

std::vector<std::vector<int64_t>> AttentionCase::cacheShapes() const {
  std::vector<std::vector<int64_t>> shapes;
  AttentionProblem heading = problem();
  for (int64_t pattern = 0; caches && pattern < heading.patterns(); ++pattern)
    for (int64_t width : {keyWidth, valueWidth})
      shapes.push_back({batch, heading.streams(pattern), heading.capacity(pattern), width});
  return shapes;
}

std::vector<NamedValue> AttentionCase::cacheInputs() const {
  std::vector<NamedValue> inputs;
  for (const std::vector<int64_t> &shape : cacheShapes())
    inputs.push_back({"%c" + std::to_string(inputs.size()), tensor(shape)});
  return inputs;
}

std::string AttentionCase::documentsLine() const {
  if (!documents)
    return "";
  std::vector<NamedValue> inputs = documentInputs();
  return "  %index, %bounds = rondo.documents %p length(%n) : (" + types(inputs) + ") -> (" +
         tensor({batch, time}, "i32") + ", " + tensor({batch, time + 1}, "i32") + ")\n";
}

std::string AttentionCase::line(const std::string &mnemonic, const std::vector<NamedValue> &operands,
                                const std::vector<NamedValue> &results, bool takesCaches) const {
  std::ostringstream text;
  text.precision(17);
  text << "  " << names(results) << " = rondo." << mnemonic << " " << names(operands);
  std::vector<NamedValue> all = operands;
  if (documents) {
    text << " positions(%p) documents(%index, %bounds)";
    all.insert(all.end(), {documentInputs()[0],
                           {"%index", tensor({batch, time}, "i32")},
                           {"%bounds", tensor({batch, time + 1}, "i32")}});
  }
  if (caches && takesCaches) {
    text << " caches(" << names(cacheInputs()) << ")";
    for (const NamedValue &cache : cacheInputs())
      all.push_back(cache);
  }
  text << " dilation " << dilation() << " scale " << std::scientific << scale;
  if (!decay.empty())
    text << " lane_log_decay ["
         << joined(decay, [](auto &out, double lane) { out << std::scientific << lane; }) << "]";
  bool holds = frozen && mnemonic == "dilated_attention";
  if (bidirectional || holds)
    text << " {" << (bidirectional ? "bidirectional" : "") << (bidirectional && holds ? ", " : "")
         << (holds ? "frozen_mixture" : "") << "}";
  text << " : (" << types(all) << ") -> (" << types(results) << ")\n";
  return text.str();
}

std::string AttentionCase::function(const std::string &name, const std::vector<NamedValue> &arguments,
                                    const std::string &body, const std::vector<NamedValue> &results) const {
  std::ostringstream text;
  text << "func.func @" << name << "("
       << joined(arguments,
                 [](auto &out, const NamedValue &value) { out << value.name << ": " << value.type; })
       << ") -> (" << types(results) << ") attributes {rondo.entry = #rondo.entry<forward, B = " << batch
       << ", T = " << time << ", slots = 1>} {\n"
       << body << "  return " << names(results) << " : " << types(results) << "\n}\n";
  return text.str();
}

AttentionProblem AttentionCase::problem() const {
  AttentionProblem result;
  result.q = Tensor({batch, time, heads, keyWidth});
  result.k = Tensor({batch, time, keyHeads, keyWidth});
  result.v = Tensor({batch, time, keyHeads, valueWidth});
  result.segments = segments;
  result.ratios = ratios;
  result.modulo = modulo;
  result.scale = scale;
  result.decay = decay;
  result.bidirectional = bidirectional;
  return result;
}

// ---- at random
// -------------------------------------------------------------------------------------------------------

// Segments of all patterns are made of those of one, which shows every row of them: it covers others.
static void nestPatterns(Random &random, AttentionCase &attention, int64_t unit) {
  constexpr int64_t common = 12; // of the ratios
  int64_t base = common * pick(random, 1, std::max<int64_t>(unit / common, 1));
  for (size_t pattern = 0; pattern < attention.segments.size(); ++pattern) {
    attention.segments[pattern] = base * pick(random, 1, 3);
    attention.ratios[pattern] = std::initializer_list<int64_t>{1, 2, 3, 4, 6, 12}.begin()[pick(random, 0, 5)];
  }
  auto covering = pick(random, 0, static_cast<int64_t>(attention.segments.size()) - 1);
  attention.segments[covering] = base;
  attention.ratios[covering] = 1;
}

AttentionCase randomAttention(Random &random, int64_t time, int64_t unit) {
  auto oneOf = [&](std::initializer_list<int64_t> choices) {
    return choices.begin()[pick(random, 0, static_cast<int64_t>(choices.size()) - 1)];
  };
  AttentionCase result;
  result.batch = pick(random, 1, 3);
  result.time = time;
  result.heads = oneOf({1, 2, 3, 4});
  result.keyHeads = chance(random, 0.6) ? result.heads : result.heads == 4 ? oneOf({1, 2}) : 1;
  result.keyWidth = oneOf({1, 3, 16, 24, 64, 80});
  result.valueWidth = oneOf({1, 3, 16, 24, 64, 80});
  for (int64_t left = pick(random, 1, 3); left > 0; --left) {
    int64_t segment = chance(random, 0.2) ? pick(random, 1, 3) : pick(random, 1, 3 * unit);
    result.segments.push_back(segment);
    result.ratios.push_back(std::min(segment, chance(random, 0.3) ? 1 : pick(random, 1, 7)));
  }
  if (chance(random, 0.4))
    nestPatterns(random, result, unit);
  result.modulo = chance(random, 0.5);
  result.scale = 1 / std::sqrt(static_cast<double>(result.keyWidth));
  if (chance(random, 0.4))
    for (int64_t lane = 0; lane < result.keyWidth; ++lane)
      result.decay.push_back(-0.0025 * static_cast<double>(pick(random, 0, 9)) / 9);
  result.bidirectional = chance(random, 0.3);
  result.documents = !result.bidirectional && chance(random, 0.6);
  result.caches = result.documents && chance(random, 0.6);
  result.frozen = chance(random, 0.3);
  return result;
}

} // namespace rondo::reference
