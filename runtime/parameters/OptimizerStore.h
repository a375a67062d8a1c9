// What the optimiser keeps beside the parameters: moments and accumulated gradients, in the storage layouts
// of their parameters, read and changed by the kernels of training entries.
#pragma once

#include "runtime/parameters/StorageBlock.h"
#include "runtime/parameters/StorageLayout.h"

#include <optional>
#include <vector>

namespace rondo::rt {

struct OptimizerStateInfo {
  ParameterInfo tensor; // its own name ("adam.m.layers.0.ffn.fc1.weight"), the parameter's shape and layout
  format::OptimizerRole role = format::OptimizerRole::FirstMoment;
  uint32_t parameter = 0; // index into the package's parameters; not used by LossWeight, a scalar
};

// Owns the storage of all optimiser states; addresses never change. Movable. Used by one thread at a time.
class OptimizerStore {
public:
  // All zeros. The errors are those of StorageBlock::create.
  static absl::StatusOr<OptimizerStore> create(std::vector<OptimizerStateInfo> states);

  size_t size() const { return states_.size(); }
  const OptimizerStateInfo &info(size_t index) const { return states_[index]; }
  absl::Span<float> storage(size_t index) { return block_.storage(index); } // padding included
  absl::Span<const float> storage(size_t index) const { return block_.storage(index); }
  StorageBlock &block() { return block_; }
  uint64_t totalBytes() const { return block_.totalBytes(); }

  // The state of a parameter in a role, nothing if the package has none; LossWeight belongs to no parameter.
  std::optional<size_t> find(format::OptimizerRole role, uint32_t parameter) const;

  // Makes all states zero, as before the first step, and heals them.
  void clear();

  // One state from and to row-major elements, as StorageLayout.h says. Padding becomes zero and stays zero.
  absl::Status fill(size_t index, const ReadElements &read);
  absl::Status visit(size_t index, const WriteElements &write) const;

  // A training call that fails half-way leaves states and parameters undefined: Session::run poisons the
  // store before such a call, heals it after, and refuses to run while it is poisoned. Whoever restores all
  // states and parameters heals it.
  void poison() { poisoned_ = true; }
  void heal() { poisoned_ = false; }
  bool isPoisoned() const { return poisoned_; }

private:
  std::vector<OptimizerStateInfo> states_;
  StorageBlock block_;
  bool poisoned_ = false;
};

} // namespace rondo::rt
