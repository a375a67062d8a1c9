// The text of a LongNet's spec, from a description that covers the variants of torchscale.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rondo {

struct LongNetDescription {
  int64_t vocab = 0, width = 0, heads = 0, ffnWidth = 0, layers = 0;
  double eps = 1e-5;
  std::vector<int64_t> segments, ratios;
  std::string offsets = "blocks"; // or "modulo", the paper's
  bool frozenMixture = false;     // torchscale's derivative: the weights of the patterns count as constants
  bool xPos = false;
  double xPosBase = 512;
  bool subNorms = false;        // after attention and after the activation
  bool normBefore = true;       // norms before layers and after the last; else after each residual sum
  bool deepNorm = false;        // residual times (2 L)^(1/4), smaller initial values on the paths beside it
  bool bidirectional = false;   // the encoder form
  bool scaledEmbedding = false; // by sqrt(width)
  bool normAfterEmbedding = false;
  bool tied = false; // the head reads the embedding
  std::string activation = "gelu";
};

// Spec text that a person can read and edit, with torchscale's parameter names.
std::string writeLongNetSpec(const LongNetDescription &model);

} // namespace rondo
