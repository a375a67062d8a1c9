// Where each parameter's values lie in a checkpoint.
#pragma once

#include "runtime/parameters/ParameterInfo.h"
#include "runtime/safetensors/Checkpoint.h"
#include "runtime/status/Status.h"

#include <string>
#include <vector>

namespace rondo::rt {

// A checkpoint that has been matched with a model: every parameter has its tensor, of the right shape and a
// readable type.
class ParameterSources {
public:
  // Opens and matches; the errors are those of ParameterStore::load. `parameters` must outlive the sources.
  static absl::StatusOr<ParameterSources> open(const std::string &path,
                                               absl::Span<const ParameterInfo> parameters,
                                               absl::Span<const std::string> ignore);

  // Whether an optional parameter is not in the checkpoint.
  bool isAbsent(size_t index) const { return tensors[index].empty(); }

  // Row-major elements [first, first + target.size()) of a parameter. RND3214 if an alias holds other bits.
  absl::Status read(size_t index, uint64_t first, absl::Span<float> target);

private:
  absl::Status checkNames(absl::Span<const std::string> ignore) const;
  absl::Status checkMissing() const;
  absl::Status checkShapes() const;
  absl::Status checkTypes() const;

  safetensors::Checkpoint checkpoint;
  absl::Span<const ParameterInfo> parameters;
  // Per parameter: the tensors under its name and aliases, all of which must agree.
  std::vector<std::vector<safetensors::TensorInFile>> tensors;
  std::vector<float> twin; // an alias's values, beside the parameter's
};

} // namespace rondo::rt
