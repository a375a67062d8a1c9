// Validates what a package holds or asks the runtime to hold: parameters, states, constants.
#include "runtime/package/Checks.h"

#include <cmath>
#include <set>

namespace rondo::rt::package {
namespace {

// Bytes of a parameter in its storage layout.
absl::StatusOr<uint64_t> storageBytes(const format::Parameter &parameter) {
  RONDO_ASSIGN_OR_RETURN(uint64_t bytes, checkShape(parameter.shape(), parameter.dtype()));
  RONDO_RETURN_IF_ERROR(checkEnum(parameter.layout(), format::Layout::MAX, "layout"));
  if (parameter.layout() == format::Layout::RowMajor)
    return bytes;
  uint64_t panel = parameter.panel();
  if (parameter.shape()->size() != 2 || panel == 0 || panel > kMaxPanel)
    return fail(ErrorId::BadSize,
                absl::StrCat("expected panels of 1 to ", kMaxPanel, " in a matrix, found panels of ", panel,
                             " in rank ", parameter.shape()->size()));
  // A padded tensor is at most kMaxPanel times the checked size, far from overflow.
  uint64_t rows = parameter.shape()->Get(0);
  return bytes / rows * ((rows + panel - 1) / panel * panel);
}

absl::Status checkParameter(const format::Package &package, const format::Parameter &parameter,
                            Names &names) {
  RONDO_RETURN_IF_ERROR(checkList(parameter.aliases(), "aliases"));
  for (const flatbuffers::String *alias : *parameter.aliases())
    RONDO_RETURN_IF_ERROR(checkName(alias, "parameter alias", &names));
  RONDO_ASSIGN_OR_RETURN(uint64_t bytes, storageBytes(parameter));
  if (parameter.storage_bytes() != bytes)
    return fail(ErrorId::BadSize,
                absl::StrCat("expected ", bytes, " bytes of storage, found ", parameter.storage_bytes()));
  RONDO_RETURN_IF_ERROR(checkEnum(parameter.group(), format::ParameterGroup::MAX, "parameter group"));
  RONDO_RETURN_IF_ERROR(checkEnum(parameter.init(), format::InitKind::MAX, "initialisation"));
  if (!std::isfinite(parameter.init_value()))
    return fail(ErrorId::BadSize, "expected a finite initial value, found none");
  return checkIndex(parameter.location(), package.locations()->size(), "locations");
}

absl::Status checkState(const format::Package &package, const format::State &state) {
  RONDO_RETURN_IF_ERROR(checkEnum(state.kind(), format::StateKind::MAX, "state kind"));
  RONDO_ASSIGN_OR_RETURN(uint64_t bytes, checkShape(state.shape(), state.dtype()));
  if (state.slot_bytes() != bytes)
    return fail(ErrorId::BadSize,
                absl::StrCat("expected ", bytes, " bytes per slot, found ", state.slot_bytes()));
  if (state.kind() == format::StateKind::Growing && state.shape()->size() < 2)
    return fail(ErrorId::BadSize, absl::StrCat("expected a growing state of at least two dimensions, found ",
                                               state.shape()->size()));
  return checkIndex(state.location(), package.locations()->size(), "locations");
}

using RolesSeen = std::set<std::pair<format::OptimizerRole, uint32_t>>;

absl::Status checkOptimizerState(const format::Package &package, const format::OptimizerState &state,
                                 RolesSeen &seen) {
  RONDO_RETURN_IF_ERROR(checkEnum(state.role(), format::OptimizerRole::MAX, "role of an optimiser state"));
  uint32_t parameter = 0;
  uint64_t bytes = elementBytes(format::DType::F32);
  if (state.role() != format::OptimizerRole::LossWeight) {
    parameter = state.parameter();
    RONDO_RETURN_IF_ERROR(checkIndex(parameter, package.parameters()->size(), "parameters"));
    const format::Parameter &whole = *package.parameters()->Get(parameter);
    if (whole.dtype() != format::DType::F32)
      return fail(ErrorId::SignatureMismatch,
                  absl::StrCat("expected a parameter of f32, found ", format::EnumNameDType(whole.dtype())));
    bytes = whole.storage_bytes();
  }
  if (state.storage_bytes() != bytes)
    return fail(ErrorId::BadSize,
                absl::StrCat("expected ", bytes, " bytes of storage, found ", state.storage_bytes()));
  if (!seen.insert({state.role(), parameter}).second)
    return fail(ErrorId::BadIndex,
                absl::StrCat("expected one state of role ", format::EnumNameOptimizerRole(state.role()),
                             " per parameter, found another"));
  return absl::OkStatus();
}

} // namespace

absl::Status checkParameters(const format::Package &package) {
  RONDO_RETURN_IF_ERROR(checkList(package.parameters(), "parameters"));
  Names names; // main names and aliases share one space: a checkpoint may use either
  for (const format::Parameter *parameter : *package.parameters()) {
    RONDO_RETURN_IF_ERROR(checkName(parameter->name(), "parameter", &names));
    RONDO_RETURN_IF_ERROR(
        within(checkParameter(package, *parameter, names), "parameter", viewOf(parameter->name())));
  }
  return absl::OkStatus();
}

absl::Status checkStates(const format::Package &package) {
  RONDO_RETURN_IF_ERROR(checkList(package.states(), "states", kMaxStates));
  Names names;
  for (const format::State *state : *package.states()) {
    RONDO_RETURN_IF_ERROR(checkName(state->name(), "state", &names));
    RONDO_RETURN_IF_ERROR(within(checkState(package, *state), "state", viewOf(state->name())));
  }
  return absl::OkStatus();
}

absl::Status checkOptimizerStates(const format::Package &package) {
  const auto *states = package.optimizer_states();
  if (!states) // packages that do not train
    return absl::OkStatus();
  RONDO_RETURN_IF_ERROR(checkList(states, "optimiser states"));
  Names names;
  RolesSeen seen;
  for (const format::OptimizerState *state : *states) {
    RONDO_RETURN_IF_ERROR(checkName(state->name(), "optimiser state", &names));
    RONDO_RETURN_IF_ERROR(
        within(checkOptimizerState(package, *state, seen), "optimiser state", viewOf(state->name())));
  }
  return absl::OkStatus();
}

absl::Status checkConstants(const format::Package &package) {
  RONDO_RETURN_IF_ERROR(checkList(package.constants(), "constant bytes"));
  RONDO_RETURN_IF_ERROR(checkList(package.constant_ranges(), "constants"));
  uint64_t index = 0;
  for (const format::ConstantRange *range : *package.constant_ranges()) {
    absl::Status status;
    if (range->offset() % RONDO_BUFFER_ALIGNMENT != 0)
      status = fail(ErrorId::Misaligned, absl::StrCat("expected an offset that is a multiple of ",
                                                      RONDO_BUFFER_ALIGNMENT, ", found ", range->offset()));
    else if (!inBounds(range->offset(), range->bytes(), package.constants()->size()))
      status = fail(ErrorId::SectionBounds,
                    absl::StrCat("expected ", range->bytes(), " bytes at ", range->offset(), " inside ",
                                 package.constants()->size(), ", found less"));
    RONDO_RETURN_IF_ERROR(within(status, "constant", index++));
  }
  return absl::OkStatus();
}

} // namespace rondo::rt::package
