// Defaults and range checks of inputs.
#include "runtime/exec/Inputs.h"

#include "absl/strings/str_cat.h"
#include "runtime/status/NearestName.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>

namespace rondo::rt {
namespace {

using format::Absent;
using format::DType;

absl::Status outOfRange(const IoBuffer &buffer, int64_t value, int64_t minimum, int64_t maximum) {
  return makeError(ErrorId::TokenRange,
                   absl::StrCat("input '", buffer.description().name()->str(), "': expected values from ",
                                minimum, " to ", maximum, ", found ", value));
}

template <typename T> absl::Status checkRange(const IoBuffer &buffer, int64_t minimum, int64_t maximum) {
  for (T value : buffer.elements<T>())
    if (value < minimum || value > maximum)
      return outOfRange(buffer, value, minimum, maximum);
  return absl::OkStatus();
}

// Elements of an integer type become elements of another; false if one does not fit.
template <typename To, typename From> bool convert(absl::Span<const uint8_t> source, absl::Span<To> target) {
  for (size_t i = 0; i < target.size(); ++i) {
    From value;
    std::memcpy(&value, source.data() + i * sizeof(From), sizeof(From));
    if (value < std::numeric_limits<To>::min() || value > std::numeric_limits<To>::max())
      return false;
    target[i] = static_cast<To>(value);
  }
  return true;
}

template <typename To> std::optional<bool> convertTo(const TensorView &value, absl::Span<To> target) {
  switch (value.dtype) {
  case DType::I8:
    return convert<To, int8_t>(value.bytes, target);
  case DType::I32:
    return convert<To, int32_t>(value.bytes, target);
  case DType::I64:
    return convert<To, int64_t>(value.bytes, target);
  case DType::U8:
  case DType::Bool:
    return convert<To, uint8_t>(value.bytes, target);
  default:
    return std::nullopt;
  }
}

// Integers of any of these types for one of i8, i32 or i64: whether all fit, or nothing for other types.
std::optional<bool> convertIntegers(const TensorView &value, const IoBuffer &buffer) {
  switch (buffer.description().dtype()) {
  case DType::I8:
    return convertTo(value, buffer.elements<int8_t>());
  case DType::I32:
    return convertTo(value, buffer.elements<int32_t>());
  case DType::I64:
    return convertTo(value, buffer.elements<int64_t>());
  default:
    return std::nullopt;
  }
}

template <typename T> void fill(const IoBuffer &buffer, T value) {
  absl::Span<T> elements = buffer.elements<T>();
  std::fill(elements.begin(), elements.end(), value);
}

void fillOnes(const IoBuffer &buffer) {
  switch (buffer.description().dtype()) {
  case DType::F32:
    return fill<float>(buffer, 1);
  case DType::F64:
    return fill<double>(buffer, 1);
  case DType::F16:
    return fill<uint16_t>(buffer, 0x3C00);
  case DType::BF16:
    return fill<uint16_t>(buffer, 0x3F80);
  case DType::I16:
    return fill<int16_t>(buffer, 1);
  case DType::I32:
    return fill<int32_t>(buffer, 1);
  case DType::I64:
    return fill<int64_t>(buffer, 1);
  case DType::I8:
  case DType::U8:
  case DType::Bool:
    return fill<uint8_t>(buffer, 1);
  }
}

void fillValue(const IoBuffer &buffer, double value) {
  switch (buffer.description().dtype()) {
  case DType::F32:
    return fill<float>(buffer, static_cast<float>(value));
  case DType::F64:
    return fill<double>(buffer, value);
  case DType::I32:
    return fill<int32_t>(buffer, static_cast<int32_t>(value));
  case DType::I64:
    return fill<int64_t>(buffer, static_cast<int64_t>(value));
  default:
    return; // the validator lets only these types have a value
  }
}

// The next token of the same segment, the range's minimum where there is none. `segments` may be null.
void shiftRows(const IoBuffer &tokens, const IoBuffer *segments, const IoBuffer &target,
               const format::Entry &entry) {
  absl::Span<const int32_t> from = tokens.elements<int32_t>();
  absl::Span<int32_t> to = target.elements<int32_t>();
  auto none = static_cast<int32_t>(target.description().minimum());
  size_t time = entry.time();
  for (size_t i = 0; i < to.size(); ++i) {
    bool last = (i + 1) % time == 0;
    bool other =
        !last && segments && segments->elements<int32_t>()[i] != segments->elements<int32_t>()[i + 1];
    to[i] = last || other ? none : from[i + 1];
  }
}

} // namespace

absl::StatusOr<Inputs> Inputs::create(Device &device, const format::Entry &entry) {
  Inputs inputs;
  inputs.entry_ = &entry;
  for (const format::IoTensor *input : *entry.inputs()) {
    RONDO_ASSIGN_OR_RETURN(IoBuffer buffer, IoBuffer::create(device, *input));
    inputs.buffers_.push_back(std::move(buffer));
  }
  inputs.sources_.assign(inputs.buffers_.size(), Source::Nobody);
  inputs.slotSeen_.assign(entry.slots(), false);
  return absl::StatusOr<Inputs>(std::move(inputs));
}

const IoBuffer *Inputs::find(std::string_view name) const {
  for (const IoBuffer &buffer : buffers_)
    if (buffer.description().name()->string_view() == name)
      return &buffer;
  return nullptr;
}

absl::Status Inputs::set(std::string_view name, const TensorView &value) {
  const IoBuffer *buffer = find(name);
  if (!buffer) {
    std::vector<std::string> known;
    for (const IoBuffer &candidate : buffers_)
      known.push_back(candidate.description().name()->str());
    std::string nearest = nearestName(name, known);
    absl::Status status =
        makeError(ErrorId::InputUnknown, absl::StrCat("expected an input of entry '", entry_->name()->str(),
                                                      "', found '", std::string(name), "'"));
    return nearest.empty() ? status
                           : withNote(std::move(status), absl::StrCat("did you mean '", nearest, "'?"));
  }
  const format::IoTensor &description = buffer->description();
  auto mismatch = [&](ErrorId id) {
    return makeError(id, absl::StrCat("input '", std::string(name), "': expected ",
                                      typeText(description.dtype(), shapeOf(description)), ", found ",
                                      typeText(value.dtype, value.shape)));
  };
  if (value.shape != shapeOf(description))
    return mismatch(ErrorId::InputCount);
  Source &source = sources_[buffer - buffers_.data()];
  source = Source::Nobody; // until the new value is whole
  if (value.dtype == description.dtype()) {
    std::memcpy(buffer->host().data(), value.bytes.data(), buffer->host().size());
  } else {
    std::optional<bool> fits = convertIntegers(value, *buffer);
    if (!fits)
      return mismatch(ErrorId::InputType);
    if (!*fits)
      return makeError(ErrorId::TokenRange,
                       absl::StrCat("input '", std::string(name), "': expected integers that fit ",
                                    typeText(description.dtype(), value.shape), ", found another"));
  }
  source = Source::Caller;
  return absl::OkStatus();
}

void Inputs::clear() {
  for (Source &source : sources_)
    if (source == Source::Caller)
      source = Source::Nobody;
}

absl::Status Inputs::supply(size_t index) {
  const IoBuffer &buffer = buffers_[index];
  switch (buffer.description().absent()) {
  case Absent::Required:
    return makeError(ErrorId::InputCount,
                     absl::StrCat("expected input '", buffer.description().name()->str(), "', ",
                                  typeText(buffer.description().dtype(), shapeOf(buffer.description())),
                                  ", found none"));
  case Absent::Zeros:
    fill<uint8_t>(buffer, 0);
    break;
  case Absent::Ones:
    fillOnes(buffer);
    break;
  case Absent::FullLength:
    fill<int32_t>(buffer, static_cast<int32_t>(entry_->time()));
    break;
  case Absent::Slots:
    for (size_t b = 0; b < entry_->batch(); ++b)
      buffer.elements<int32_t>()[b] = static_cast<int32_t>(b);
    break;
  case Absent::ShiftedTokens:
    shiftRows(*find("tokens"), find("segment_ids"), buffer, *entry_);
    return absl::OkStatus(); // follows the tokens, so it is made anew for each call
  case Absent::Value:
    fillValue(buffer, buffer.description().default_value());
    break;
  }
  sources_[index] = Source::Default;
  return absl::OkStatus();
}

absl::Status Inputs::checkSlots(const IoBuffer &buffer) {
  absl::Span<int32_t> slots = buffer.elements<int32_t>();
  int64_t last = static_cast<int64_t>(entry_->slots()) - 1;
  std::fill(slotSeen_.begin(), slotSeen_.end(), false);
  for (int32_t slot : slots) {
    if (slot < 0 || slot > last)
      return outOfRange(buffer, slot, 0, last);
    if (slotSeen_[slot])
      return makeError(ErrorId::TokenRange,
                       absl::StrCat("input '", buffer.description().name()->str(),
                                    "': expected slots that differ, found ", slot, " twice"));
    slotSeen_[slot] = true;
  }
  return absl::OkStatus();
}

absl::Status Inputs::check(const IoBuffer &buffer) {
  const format::IoTensor &description = buffer.description();
  if (description.absent() == Absent::FullLength)
    RONDO_RETURN_IF_ERROR(checkRange<int32_t>(buffer, 0, static_cast<int64_t>(entry_->time())));
  if (description.absent() == Absent::Slots)
    RONDO_RETURN_IF_ERROR(checkSlots(buffer));
  if (!description.has_range())
    return absl::OkStatus();
  switch (description.dtype()) {
  case DType::I8:
    return checkRange<int8_t>(buffer, description.minimum(), description.maximum());
  case DType::I16:
    return checkRange<int16_t>(buffer, description.minimum(), description.maximum());
  case DType::I32:
    return checkRange<int32_t>(buffer, description.minimum(), description.maximum());
  case DType::I64:
    return checkRange<int64_t>(buffer, description.minimum(), description.maximum());
  case DType::U8:
    return checkRange<uint8_t>(buffer, description.minimum(), description.maximum());
  default:
    return absl::OkStatus(); // the validator lets only integers have ranges
  }
}

absl::Status Inputs::prepare() {
  // Tokens are checked before what is made of them.
  for (size_t i = 0; i < buffers_.size(); ++i)
    if (sources_[i] == Source::Nobody && buffers_[i].description().absent() != Absent::ShiftedTokens)
      RONDO_RETURN_IF_ERROR(supply(i));
  for (size_t i = 0; i < buffers_.size(); ++i)
    if (sources_[i] == Source::Nobody)
      RONDO_RETURN_IF_ERROR(supply(i));
  for (IoBuffer &buffer : buffers_)
    RONDO_RETURN_IF_ERROR(check(buffer));
  return absl::OkStatus();
}

absl::Status Inputs::send() {
  for (IoBuffer &buffer : buffers_)
    RONDO_RETURN_IF_ERROR(buffer.copyToDevice());
  return absl::OkStatus();
}

absl::Span<const int32_t> Inputs::slots() const {
  for (const IoBuffer &buffer : buffers_)
    if (buffer.description().absent() == Absent::Slots)
      return buffer.elements<int32_t>();
  return {};
}

} // namespace rondo::rt
