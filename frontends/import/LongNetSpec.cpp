// Writes a LongNet's spec line by line.
#include "frontends/import/LongNetSpec.h"

#include "frontends/import/Number.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/raw_ostream.h"

using namespace rondo;
using llvm::StringRef;

namespace {
class SpecText {
public:
  explicit SpecText(const LongNetDescription &model) : model(model), os(text) {}

  std::string write() {
    header();
    os << "  spec.block @layer(%x) {\n";
    attention();
    feedForward();
    os << "    spec.yield %z\n  }\n";
    graph();
    return std::move(text);
  }

private:
  void header();
  void attention();
  void feedForward();
  void graph();

  // A parameter pair NAME.weight and NAME.bias of a linear layer. On the paths into the residual stream,
  // MAGNETO's sub-layer norms go with larger values, and DeepNorm with smaller ones.
  std::string product(const std::string &name, bool intoResidual) const {
    std::string initial = !intoResidual    ? "kaiming"
                          : model.subNorms ? "kaiming(sqrt(log(2 * @layers)))"
                          : model.deepNorm ? "kaiming(pow(8 * @layers, -0.25))"
                                           : "kaiming";
    return " weight(\"" + name + ".weight\", " + initial + ", decay) bias(\"" + name + ".bias\", " + initial +
           ", no_decay)";
  }
  std::string residual(StringRef value) const {
    return (" residual(%" + value + (model.deepNorm ? ", pow(2 * @layers, 0.25))" : ")")).str();
  }
  std::string norm(StringRef from, const std::string &name, StringRef flags = "") const {
    return ("spec.layer_norm %" + from + flags).str() + " eps(@eps) weight(\"" + name +
           ".weight\", ones, no_decay) bias(\"" + name + ".bias\", zeros, no_decay)";
  }
  std::string list(const std::vector<int64_t> &values) const {
    std::string items;
    for (int64_t value : values)
      items += (items.empty() ? "" : ", ") + std::to_string(value);
    return "[" + items + "]";
  }

  const LongNetDescription &model;
  std::string text;
  llvm::raw_string_ostream os;
};
} // namespace

void SpecText::header() {
  os << "// A LongNet with the conventions and parameter names of torchscale, written by rondo-import.\n"
     << "spec.model @longnet {\n";
  auto hyper = [&](StringRef name, int64_t value) {
    os << "  spec.hyper @" << name << " = " << value << " in [1, 2147483647]\n";
  };
  hyper("vocab", model.vocab);
  hyper("width", model.width);
  hyper("heads", model.heads);
  hyper("ffn_width", model.ffnWidth);
  hyper("layers", model.layers);
  os << "  spec.hyper @eps = " << shortestNumber(model.eps) << " in [0, 1]\n"
     << "  spec.require @width mod (" << (model.xPos ? "2 * " : "") << "@heads) == 0, \""
     << (model.xPos ? "each head rotates pairs of lanes" : "heads must divide the width") << "\"\n\n";
}

void SpecText::attention() {
  StringRef from = model.normBefore ? "n" : "x";
  if (model.normBefore)
    os << "    %n = " << norm("x", "self_attn_layer_norm") << '\n';
  for (StringRef name : {"q", "k", "v"})
    os << "    %" << name << " = spec.linear %" << from << " heads(@heads)"
       << product(("self_attn." + name + "_proj").str(), name == "v") << '\n';
  if (model.xPos)
    os << "    %qr, %kr = spec.rotary %q, %k theta(standard) pairs(interleaved)\n";
  os << "    %o = spec.dilated_attention " << (model.xPos ? "%qr, %kr" : "%q, %k") << ", %v segments("
     << list(model.segments) << ") ratios(" << list(model.ratios) << ") offsets(" << model.offsets
     << ") scale(rsqrt(@width / @heads))";
  if (model.xPos)
    os << " lane_decay(pow((2 * pair + 0.4 * dim) / (1.4 * dim), 1 / " << shortestNumber(model.xPosBase)
       << "))";
  os << (model.bidirectional ? " bidirectional" : "") << (model.frozenMixture ? " frozen_mixture\n" : "\n");
  if (model.subNorms)
    os << "    %m = " << norm("o", "self_attn.inner_attn_ln", " joined") << '\n';
  os << "    %" << (model.normBefore ? 'y' : 'r') << " = spec.linear %" << (model.subNorms ? 'm' : 'o')
     << " to(@width)" << product("self_attn.out_proj", true) << residual("x") << '\n';
  if (!model.normBefore)
    os << "    %y = " << norm("r", "self_attn_layer_norm") << '\n';
}

void SpecText::feedForward() {
  if (model.normBefore)
    os << "    %f = " << norm("y", "final_layer_norm") << '\n';
  os << "    %h = spec.linear %" << (model.normBefore ? 'f' : 'y') << " to(@ffn_width)"
     << product("ffn.fc1", true) << " act(" << model.activation << ")\n";
  if (model.subNorms)
    os << "    %s = " << norm("h", "ffn.ffn_layernorm") << '\n';
  os << "    %" << (model.normBefore ? 'z' : 't') << " = spec.linear %" << (model.subNorms ? 's' : 'h')
     << " to(@width)" << product("ffn.fc2", true) << residual("y") << '\n';
  if (!model.normBefore)
    os << "    %z = " << norm("t", "final_layer_norm") << '\n';
}

void SpecText::graph() {
  constexpr StringRef initial = "normal(rsqrt(@width))";
  os << "  %tokens = spec.input \"tokens\" tokens(@vocab)\n"
     << "  %e = spec.embedding %tokens to(@width) weight(\"embed_tokens.weight\", " << initial
     << ", no_decay)";
  if (model.tied)
    os << " alias(\"output_projection.weight\")";
  os << (model.scaledEmbedding ? " scale(sqrt(@width))\n" : "\n");
  if (model.normAfterEmbedding)
    os << "  %en = " << norm("e", "layernorm_embedding") << '\n';
  os << "  %s = spec.repeat @layer(" << (model.normAfterEmbedding ? "%en" : "%e")
     << ") times(@layers) names(\"layers.{layer}.\")\n";
  if (model.normBefore)
    os << "  %n = " << norm("s", "layer_norm") << '\n';
  os << "  %logits = spec.linear %" << (model.normBefore ? 'n' : 's') << " to(@vocab)";
  if (model.tied)
    os << " weight(\"embed_tokens.weight\")\n";
  else
    os << " weight(\"output_projection.weight\", " << initial << ", decay)\n";
  os << "  spec.output \"logits\" %logits\n}\n";
}

std::string rondo::writeLongNetSpec(const LongNetDescription &model) { return SpecText(model).write(); }
