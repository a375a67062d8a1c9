// The text of a RetNet's spec, from a description that covers the variants of torchscale and
// flash-linear-attention.
#pragma once

#include <cstdint>
#include <string>

namespace rondo {

// Names are suffixes as checkpoints have them; an empty name means that the model has no such parameter.
struct RetNetDescription {
  std::string origin; // "torchscale", for the comment at the top
  int64_t vocab = 0, width = 0, keyWidth = 0, valueWidth = 0, heads = 0, keyValueHeads = 0, ffnWidth = 0,
          layers = 0;
  double eps = 1e-6;

  bool scaledEmbedding = false;    // by sqrt(width)
  bool normAfterEmbedding = false; // with embeddingNorm
  bool normBefore = true;          // pre-norm, and a norm at the end; else post-norm
  bool deepNorm = false; // residuals scaled by (2 layers)^(1/4), some initial values by (8 layers)^(-1/4)
  bool tied = false;     // the head reads the embedding
  bool gated = true;     // the head norm's output times silu(g)
  std::string activation = "silu";
  std::string theta = "linspace", pairs = "interleaved";
  std::string rowScale = "none";

  std::string queryInitial, outInitial, ffnInitial, embeddingInitial,
      headInitial; // as in weight("...", INITIAL)

  struct {
    std::string embedding, embeddingNorm, head, finalNorm, layers;     // layers: "layers.{layer}."
    std::string retentionNorm, query, key, value, gate, out, headNorm; // headNorm: empty = no factor
    std::string ffnNorm, ffnActivated, ffnLinear, ffnDown;
  } names;
};

// Spec text that a person can read and edit.
std::string writeRetNetSpec(const RetNetDescription &model);

} // namespace rondo
