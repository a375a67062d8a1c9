// Validates entry points as a caller sees them: sizes, inputs, outputs and the states they touch.
#include "runtime/package/Checks.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace rondo::rt::package {
namespace {

using format::Absent;
using format::DType;

struct ValueRange {
  int64_t minimum;
  int64_t maximum;
  bool holds(int64_t value) const { return value >= minimum && value <= maximum; }
};

// What an integer type can hold, nothing for other types.
std::optional<ValueRange> integerRange(DType dtype) {
  switch (dtype) {
  case DType::I8:
    return ValueRange{INT8_MIN, INT8_MAX};
  case DType::I16:
    return ValueRange{INT16_MIN, INT16_MAX};
  case DType::I32:
    return ValueRange{INT32_MIN, INT32_MAX};
  case DType::I64:
    return ValueRange{INT64_MIN, INT64_MAX};
  case DType::U8:
    return ValueRange{0, UINT8_MAX};
  default:
    return std::nullopt;
  }
}

bool hasShape(const format::IoTensor &tensor, std::initializer_list<uint64_t> shape) {
  return std::equal(tensor.shape()->begin(), tensor.shape()->end(), shape.begin(), shape.end());
}

const format::IoTensor *findInput(const format::Entry &entry, std::string_view name) {
  for (const format::IoTensor *input : *entry.inputs())
    if (input->name() && viewOf(input->name()) == name)
      return input;
  return nullptr;
}

absl::Status checkTensor(const format::IoTensor &tensor) {
  RONDO_RETURN_IF_ERROR(checkShape(tensor.shape(), tensor.dtype()).status());
  RONDO_RETURN_IF_ERROR(checkEnum(tensor.absent(), Absent::MAX, "default"));
  if (!tensor.has_range())
    return absl::OkStatus();
  std::optional<ValueRange> type = integerRange(tensor.dtype());
  if (!type || tensor.minimum() > tensor.maximum() || !type->holds(tensor.minimum()) ||
      !type->holds(tensor.maximum()))
    return fail(ErrorId::BadSize, absl::StrCat("expected a range that its type can hold, found ",
                                               tensor.minimum(), " to ", tensor.maximum()));
  return absl::OkStatus();
}

absl::Status unfitDefault(const char *expected) {
  return fail(ErrorId::SignatureMismatch,
              absl::StrCat("expected a default that the input can hold, found ", expected));
}

// The value that the runtime supplies must fit the type, the shape and the range of the input.
absl::Status checkDefault(const format::Entry &entry, const format::IoTensor &input) {
  auto inRange = [&](int64_t value) {
    return !input.has_range() || ValueRange{input.minimum(), input.maximum()}.holds(value);
  };
  switch (input.absent()) {
  case Absent::Required:
    return absl::OkStatus();
  case Absent::Zeros:
    return inRange(0) ? absl::OkStatus() : unfitDefault("zeros");
  case Absent::Ones:
    return inRange(1) ? absl::OkStatus() : unfitDefault("ones");
  case Absent::FullLength:
    if (input.dtype() != DType::I32 || !hasShape(input, {entry.batch()}) || entry.time() > INT32_MAX ||
        !inRange(static_cast<int64_t>(entry.time())))
      return unfitDefault("lengths");
    return absl::OkStatus();
  case Absent::Slots:
    if (input.dtype() != DType::I32 || !hasShape(input, {entry.batch()}) || entry.batch() > entry.slots() ||
        entry.slots() > INT32_MAX || !inRange(0) || !inRange(static_cast<int64_t>(entry.batch()) - 1))
      return unfitDefault("slots");
    return absl::OkStatus();
  case Absent::ShiftedTokens: {
    const format::IoTensor *tokens = findInput(entry, "tokens");
    bool fits = tokens && tokens->dtype() == input.dtype() && integerRange(input.dtype()) &&
                hasShape(input, {entry.batch(), entry.time()}) &&
                hasShape(*tokens, {entry.batch(), entry.time()});
    const format::IoTensor *segments = findInput(entry, "segment_ids");
    fits = fits && input.dtype() == DType::I32 &&
           (!segments ||
            (segments->dtype() == DType::I32 && hasShape(*segments, {entry.batch(), entry.time()})));
    // Tokens are in their own range, the last column is the minimum.
    bool holds = !input.has_range() ||
                 (fits && tokens->has_range() && inRange(tokens->minimum()) && inRange(tokens->maximum()));
    return fits && holds ? absl::OkStatus() : unfitDefault("shifted tokens");
  }
  case Absent::Value: {
    double value = input.default_value();
    bool whole = value == std::trunc(value) && std::abs(value) <= INT32_MAX;
    bool holds = input.dtype() == DType::F32 || input.dtype() == DType::F64
                     ? std::isfinite(value)
                     : (input.dtype() == DType::I32 || input.dtype() == DType::I64) && whole &&
                           inRange(static_cast<int64_t>(value));
    return holds ? absl::OkStatus() : unfitDefault("another number");
  }
  }
  return absl::OkStatus();
}

} // namespace

absl::Status checkTensors(const format::Package &package, const format::Entry &entry) {
  Names inputs;
  Names outputs;
  for (uint32_t state : *entry.states()) {
    // The entry's states travel in the same files as its inputs and outputs.
    std::string_view name = viewOf(package.states()->Get(state)->name());
    inputs.insert(name);
    outputs.insert(name);
  }
  RONDO_RETURN_IF_ERROR(checkList(entry.inputs(), "inputs", kMaxTensors));
  RONDO_RETURN_IF_ERROR(checkList(entry.outputs(), "outputs", kMaxTensors));
  for (const format::IoTensor *input : *entry.inputs()) {
    RONDO_RETURN_IF_ERROR(checkName(input->name(), "input", &inputs));
    RONDO_RETURN_IF_ERROR(within(checkTensor(*input), "input", viewOf(input->name())));
  }
  for (const format::IoTensor *input : *entry.inputs())
    RONDO_RETURN_IF_ERROR(within(checkDefault(entry, *input), "input", viewOf(input->name())));
  for (const format::IoTensor *output : *entry.outputs()) {
    RONDO_RETURN_IF_ERROR(checkName(output->name(), "output", &outputs));
    RONDO_RETURN_IF_ERROR(within(checkTensor(*output), "output", viewOf(output->name())));
  }
  return absl::OkStatus();
}

absl::Status checkEntry(const format::Package &package, const format::Entry &entry) {
  RONDO_RETURN_IF_ERROR(checkEnum(entry.kind(), format::EntryKind::MAX, "kind of entry point"));
  bool decode = entry.kind() == format::EntryKind::Decode;
  // An update reads what was accumulated, whatever sequences it came from.
  bool sizes = entry.kind() == format::EntryKind::Update
                   ? entry.batch() == 0 && entry.time() == 0
                   : entry.batch() != 0 && entry.time() != 0 && (!decode || entry.time() == 1);
  if (!sizes || entry.batch() > INT32_MAX)
    return fail(ErrorId::BadSize,
                absl::StrCat("expected a batch and a time of at least 1, 1 step for decode, "
                             "0 for update, found batch ",
                             entry.batch(), ", time ", entry.time()));
  RONDO_RETURN_IF_ERROR(checkList(entry.states(), "states"));
  std::vector<bool> seen(package.states()->size());
  for (uint32_t state : *entry.states()) {
    RONDO_RETURN_IF_ERROR(checkIndex(state, seen.size(), "states"));
    if (seen[state])
      return fail(ErrorId::BadIndex, absl::StrCat("expected states that differ, found ", state, " twice"));
    seen[state] = true;
    const format::State &description = *package.states()->Get(state);
    std::optional<uint64_t> pool = checkedMul(description.slot_bytes(), entry.slots());
    if (entry.slots() < entry.batch() || entry.slots() > INT32_MAX || !pool || *pool > kMaxTensorBytes)
      return fail(ErrorId::BadSize, absl::StrCat("expected at least ", entry.batch(),
                                                 " slots that fit in memory, found ", entry.slots()));
  }
  RONDO_RETURN_IF_ERROR(checkTensors(package, entry));
  RONDO_RETURN_IF_ERROR(checkList(entry.commands(), "commands"));
  RONDO_RETURN_IF_ERROR(checkSlices(entry));
  RONDO_RETURN_IF_ERROR(checkCommands(package, entry));
  RONDO_RETURN_IF_ERROR(checkList(entry.schedules(), "schedules"));
  for (const format::Schedule *schedule : *entry.schedules()) {
    RONDO_RETURN_IF_ERROR(checkIndex(schedule->location(), package.locations()->size(), "locations"));
    RONDO_RETURN_IF_ERROR(checkText(schedule->choice(), "schedule"));
    RONDO_RETURN_IF_ERROR(checkText(schedule->why(), "reason of a schedule"));
  }
  return absl::OkStatus();
}

} // namespace rondo::rt::package
