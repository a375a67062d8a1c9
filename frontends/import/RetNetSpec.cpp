// Writes a RetNet's spec line by line.
#include "frontends/import/RetNetSpec.h"

#include "frontends/import/Number.h"
#include "llvm/Support/raw_ostream.h"

using namespace rondo;
using llvm::StringRef;
using llvm::Twine;

namespace {
class SpecText {
public:
  explicit SpecText(const RetNetDescription &model) : model(model), os(text) {}

  std::string write() {
    header();
    layer();
    graph();
    return std::move(text);
  }

private:
  void header();
  void layer();
  void retention();
  void feedForward();
  void graph();

  std::string weight(const std::string &name, StringRef initial, bool decay) const {
    return (" weight(\"" + name + "\", " + initial + ", " + (decay ? "decay" : "no_decay") + ")").str();
  }
  std::string norm(StringRef from, const std::string &name) const {
    return ("spec.rms_norm %" + from + " eps(@eps)").str() + weight(name, "ones", false);
  }
  // DeepNorm starts the paths into the residual stream smaller.
  std::string shrunk(const std::string &initial) const {
    if (!model.deepNorm)
      return initial;
    StringRef text = initial;
    if (text.consume_back(")"))
      return (text + " * pow(8 * @layers, -0.25))").str();
    return initial + "(gain = pow(8 * @layers, -0.25))";
  }
  std::string residual(StringRef value) const {
    return (" residual(%" + value + (model.deepNorm ? ", pow(2 * @layers, 0.25))" : ")")).str();
  }

  const RetNetDescription &model;
  std::string text;
  llvm::raw_string_ostream os;
};
} // namespace

void SpecText::header() {
  os << "// A RetNet with the conventions and parameter names of " << model.origin
     << ", written by rondo-import.\n"
     << "spec.model @retnet {\n";
  auto hyper = [&](StringRef name, int64_t value) {
    os << "  spec.hyper @" << name << " = " << value << " in [1, 2147483647]\n";
  };
  hyper("vocab", model.vocab);
  hyper("width", model.width);
  if (model.keyWidth == model.width)
    os << "  spec.hyper @key_width = @width in [1, 2147483647]\n";
  else
    hyper("key_width", model.keyWidth);
  hyper("value_width", model.valueWidth);
  hyper("heads", model.heads);
  if (model.keyValueHeads != model.heads)
    hyper("kv_heads", model.keyValueHeads);
  hyper("ffn_width", model.ffnWidth);
  hyper("layers", model.layers);
  os << "  spec.hyper @eps = " << shortestNumber(model.eps) << " in [0, 1]\n"
     << "  spec.require @key_width mod (2 * @heads) == 0, \"each head rotates pairs of lanes\"\n"
     << "  spec.require @value_width mod @heads == 0, \"heads must divide the value width\"\n";
  if (model.keyValueHeads != model.heads)
    os << "  spec.require @heads mod @kv_heads == 0, \"heads of keys and values must divide those of "
          "queries\"\n";
  os << '\n';
}

void SpecText::retention() {
  const auto &names = model.names;
  StringRef from = model.normBefore ? "n" : "x";
  if (model.normBefore)
    os << "    %n = " << norm("x", names.retentionNorm) << '\n';
  bool shared = model.keyValueHeads != model.heads;
  auto keyValue = [&](StringRef width) {
    return shared ? ("to(" + width + " / @heads * @kv_heads) heads(@kv_heads)").str()
                  : ("to(" + width + ") heads(@heads)").str();
  };
  os << "    %q = spec.linear %" << from << " to(@key_width) heads(@heads)"
     << weight(names.query, model.queryInitial, true) << '\n'
     << "    %k = spec.linear %" << from << ' ' << keyValue("@key_width")
     << weight(names.key, model.queryInitial, true) << '\n'
     << "    %v = spec.linear %" << from << ' ' << keyValue("@value_width")
     << weight(names.value, shrunk(model.queryInitial), true) << '\n';
  if (model.gated)
    os << "    %g = spec.linear %" << from << " to(@value_width) heads(@heads) act(silu)"
       << weight(names.gate, model.queryInitial, true) << '\n';
  os << "    %qr, %kr = spec.rotary %q, %k theta(" << model.theta << ") pairs(" << model.pairs << ")\n"
     << "    %o = spec.retention %qr, %kr, %v decay(1 - pow(2, -5 - head)) scale(rsqrt(@key_width / @heads))";
  if (model.rowScale != "none")
    os << " row_scale(" << model.rowScale << ')';
  os << "\n    %h = spec.rms_norm %o eps(@eps)";
  if (!names.headNorm.empty())
    os << weight(names.headNorm, "ones", false);
  os << '\n';
  if (model.gated)
    os << "    %m = spec.mul %h, %g\n";
  StringRef result = model.normBefore ? "y" : "r";
  os << "    %" << result << " = spec.linear %" << (model.gated ? 'm' : 'h') << " to(@width)"
     << weight(names.out, shrunk(model.outInitial), true) << residual("x") << '\n';
  if (!model.normBefore)
    os << "    %y = " << norm("r", names.retentionNorm) << '\n';
}

void SpecText::feedForward() {
  const auto &names = model.names;
  StringRef from = model.normBefore ? "f" : "y";
  if (model.normBefore)
    os << "    %f = " << norm("y", names.ffnNorm) << '\n';
  os << "    %a = spec.linear %" << from << " to(@ffn_width) act(" << model.activation << ')'
     << weight(names.ffnActivated, shrunk(model.ffnInitial), true) << '\n'
     << "    %b = spec.linear %" << from << " to(@ffn_width)"
     << weight(names.ffnLinear, model.ffnInitial, true) << '\n'
     << "    %c = spec.mul %a, %b\n"
     << "    %" << (model.normBefore ? 'z' : 's') << " = spec.linear %c to(@width)"
     << weight(names.ffnDown, shrunk(model.ffnInitial), true) << residual("y") << '\n';
  if (!model.normBefore)
    os << "    %z = " << norm("s", names.ffnNorm) << '\n';
}

void SpecText::layer() {
  os << "  spec.block @layer(%x) {\n";
  retention();
  feedForward();
  os << "    spec.yield %z\n  }\n";
}

void SpecText::graph() {
  const auto &names = model.names;
  os << "  %tokens = spec.input \"tokens\" tokens(@vocab)\n"
     << "  %e = spec.embedding %tokens to(@width)" << weight(names.embedding, model.embeddingInitial, false);
  if (model.tied)
    os << " alias(\"" << names.head << "\")";
  os << (model.scaledEmbedding ? " scale(sqrt(@width))\n" : "\n");
  if (model.normAfterEmbedding)
    os << "  %en = " << norm("e", names.embeddingNorm) << '\n';
  os << "  %s = spec.repeat @layer(" << (model.normAfterEmbedding ? "%en" : "%e")
     << ") times(@layers) names(\"" << names.layers << "\")\n";
  if (model.normBefore)
    os << "  %n = " << norm("s", names.finalNorm) << '\n';
  os << "  %logits = spec.linear %" << (model.normBefore ? 'n' : 's') << " to(@vocab)";
  if (model.tied)
    os << " weight(\"" << names.embedding << "\")\n";
  else
    os << weight(names.head, model.headInitial, true) << '\n';
  os << "  spec.output \"logits\" %logits\n}\n";
}

std::string rondo::writeRetNetSpec(const RetNetDescription &model) { return SpecText(model).write(); }
