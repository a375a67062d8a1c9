// Random retention problems: their graph, their inputs, and their results in float64.
#pragma once

#include "test/property/retention/CompiledModule.h"

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace rondo::test {

enum class Fill { ZeroMean, Positive, Small, Large, ZeroRows };

// One graph; lengths and values are inputs.
struct RetentionShape {
  int64_t batch = 1, time = 1, queryHeads = 1, keyHeads = 1, valueHeads = 1, keyWidth = 1, valueWidth = 1;
  std::vector<double> decay; // per head; empty: log_decay is an input
  bool init = false, reset = false, length = false, transposed = false, adjoint = false;
  std::string rowScale{}; // "torchscale_recurrent" or "torchscale_parallel"
  bool wantsState = true;

  int64_t heads() const { return std::max({queryHeads, keyHeads, valueHeads}); }
  bool carriesScale() const { return rowScale == "torchscale_recurrent"; }
  // An entry point that runs the graph under `schedule` ("chunkwise, 8").
  std::string entry(const std::string &name, const std::string &schedule) const;
  std::string describe() const;
};

struct RetentionInputs {
  std::vector<float> q, k, v, logDecay, init, initScale;
  std::vector<int8_t> reset;
  std::vector<int32_t> length;

  std::vector<Buffer> buffers(const RetentionShape &shape) const;
  // Batch row `row` alone; `shape` is that of one row.
  RetentionInputs row(const RetentionShape &shape, int64_t row) const;
};
RetentionShape randomShape(std::mt19937_64 &random);
// `unit`: interesting lengths lie around its multiples. Padding is NaN.
RetentionInputs randomInputs(const RetentionShape &shape, Fill fill, int64_t unit, std::mt19937_64 &random);

// Values, and for each the sum of the absolute values of its terms.
struct Expected {
  std::vector<double> value, magnitude;
};
struct RetentionReference {
  Expected o, state;
  std::vector<double> scale;
};
RetentionReference reference(const RetentionShape &shape, const RetentionInputs &inputs);
// The bound on errors that Rondo promises, as a factor of the magnitude.
double errorFactor(const RetentionShape &shape, int64_t head);

} // namespace rondo::test
