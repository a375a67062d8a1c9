// Storage of optimiser states.
#include "runtime/parameters/OptimizerStore.h"

#include <algorithm>

namespace rondo::rt {

absl::StatusOr<OptimizerStore> OptimizerStore::create(std::vector<OptimizerStateInfo> states) {
  std::vector<ParameterInfo> tensors;
  for (const OptimizerStateInfo &state : states)
    tensors.push_back(state.tensor);
  OptimizerStore store;
  store.states_ = std::move(states);
  RONDO_ASSIGN_OR_RETURN(store.block_, StorageBlock::create(tensors));
  return store;
}

std::optional<size_t> OptimizerStore::find(format::OptimizerRole role, uint32_t parameter) const {
  for (size_t i = 0; i < states_.size(); ++i)
    if (states_[i].role == role &&
        (role == format::OptimizerRole::LossWeight || states_[i].parameter == parameter))
      return i;
  return std::nullopt;
}

void OptimizerStore::clear() {
  for (size_t i = 0; i < size(); ++i)
    std::fill(storage(i).begin(), storage(i).end(), 0.0f);
  heal();
}

absl::Status OptimizerStore::fill(size_t index, const ReadElements &read) {
  return fillStorage(states_[index].tensor, storage(index), read);
}

absl::Status OptimizerStore::visit(size_t index, const WriteElements &write) const {
  return visitStorage(states_[index].tensor, storage(index), write);
}

} // namespace rondo::rt
