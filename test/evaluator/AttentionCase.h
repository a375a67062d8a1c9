// Random problems of attention: the text of their graphs, their inputs, and the same problem for the
// definition.
#pragma once

#include "test/evaluator/AttentionProblem.h"
#include "test/evaluator/RandomGraph.h"

#include <string>

namespace rondo::reference {

// A value of a graph's text: "%q" and "tensor<1x8x2x4xf32>".
struct NamedValue {
  std::string name, type;
};

struct AttentionCase {
  int64_t batch = 1, time = 1, heads = 1, keyHeads = 1, keyWidth = 1, valueWidth = 1;
  std::vector<int64_t> segments, ratios;
  bool modulo = false;
  double scale = 1;
  std::vector<double> decay;
  bool bidirectional = false, frozen = false;
  bool documents = false; // with positions and lengths
  bool caches = false;    // with documents
  bool wholeRows = false; // documents fill their rows and begin with them

  NamedValue q() const { return {"%q", tensor({batch, time, heads, keyWidth})}; }
  NamedValue k() const { return {"%k", tensor({batch, time, keyHeads, keyWidth})}; }
  NamedValue v() const { return {"%v", tensor({batch, time, keyHeads, valueWidth})}; }
  NamedValue o(const std::string &name = "%o") const {
    return {name, tensor({batch, time, heads, valueWidth})};
  }
  NamedValue lse(const std::string &name = "%lse") const { return {name, tensor({batch, time, heads})}; }
  NamedValue delta(int64_t numbers) const { return {"%delta", tensor({batch, time, heads, numbers})}; }
  // Positions and lengths, then keys and values per pattern.
  std::vector<NamedValue> documentInputs() const;
  std::vector<NamedValue> cacheInputs() const;
  std::vector<std::vector<int64_t>> cacheShapes() const;

  // A line that makes %index and %bounds; empty without documents.
  std::string documentsLine() const;
  // A line that defines `results` by rondo.`mnemonic`, `operands` before the clauses that all of them have.
  std::string line(const std::string &mnemonic, const std::vector<NamedValue> &operands,
                   const std::vector<NamedValue> &results, bool takesCaches = true) const;
  std::string forwardLine() const { return line("dilated_attention", {q(), k(), v()}, {o(), lse()}); }
  // func.func @name with an entry's attribute.
  std::string function(const std::string &name, const std::vector<NamedValue> &arguments,
                       const std::string &body, const std::vector<NamedValue> &results) const;
  std::string dilation() const; // "<[4, 8], [1, 2], blocks>"

  // Without tensors.
  AttentionProblem problem() const;

  static std::string tensor(const std::vector<int64_t> &shape, const char *element = "f32");
};

// Widths, heads and patterns at random: shared heads of k, ratios above the number of heads and such that do
// not divide their segments, either rule of offsets, lane decay; documents, caches or bidirectional. `unit`
// is about the length of a segment.
AttentionCase randomAttention(Random &random, int64_t time, int64_t unit);

} // namespace rondo::reference
