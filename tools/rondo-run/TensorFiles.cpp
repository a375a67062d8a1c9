// Conversion between files and the buffers of an entry point.
#include "tools/rondo-run/TensorFiles.h"

#include "absl/strings/str_cat.h"
#include "runtime/safetensors/Reader.h"
#include "runtime/safetensors/Writer.h"

namespace rondo::run {
namespace {

namespace format = rt::format;
using rt::safetensors::ElementType;
using rt::safetensors::elementTypeOf;
using rt::safetensors::Reader;
using rt::safetensors::TensorInfo;

template <typename T> absl::Span<const uint8_t> bytesOf(const std::vector<T> &values) {
  return {reinterpret_cast<const uint8_t *>(values.data()), values.size() * sizeof(T)};
}

// Reads floating-point tensors as f32 and integers as i64; the inputs take it from there.
absl::Status readInput(const Reader &file, const TensorInfo &tensor, rt::Inputs &inputs) {
  if (rt::safetensors::isReadableAsF32(tensor.type)) {
    std::vector<float> values(tensor.elements());
    RONDO_RETURN_IF_ERROR(file.readF32(tensor, 0, absl::MakeSpan(values), ErrorId::InputType));
    return inputs.set(tensor.name, {format::DType::F32, tensor.shape, bytesOf(values)});
  }
  if (rt::safetensors::isInteger(tensor.type)) {
    std::vector<int64_t> values(tensor.elements());
    RONDO_RETURN_IF_ERROR(file.readI64(tensor, 0, absl::MakeSpan(values), ErrorId::InputType));
    return inputs.set(tensor.name, {format::DType::I64, tensor.shape, bytesOf(values)});
  }
  if (tensor.type == ElementType::Bool) {
    std::vector<uint8_t> values(tensor.elements());
    RONDO_RETURN_IF_ERROR(file.readBytes(tensor, 0, absl::MakeSpan(values)));
    return inputs.set(tensor.name, {format::DType::Bool, tensor.shape, bytesOf(values)});
  }
  return rt::makeError(ErrorId::InputType,
                       absl::StrCat("input '", tensor.name, "': expected numbers of 8 bits or more"));
}

// The index of the entry's state of this name in the package, or nothing.
std::optional<size_t> findState(const rt::Session &session, const format::Entry &entry,
                                const std::string &name) {
  for (uint32_t state : *entry.states())
    if (session.package().root().states()->Get(state)->name()->str() == name)
      return state;
  return std::nullopt;
}

std::vector<uint64_t> shapeOfRows(const rt::StateInfo &info, size_t rows) {
  std::vector<uint64_t> shape = {rows};
  shape.insert(shape.end(), info.shape.begin(), info.shape.end());
  return shape;
}

absl::Status readState(const Reader &file, const TensorInfo &tensor, rt::StatePool &pool, size_t state,
                       const std::vector<uint64_t> &slots) {
  const rt::StateInfo &info = pool.infos()[state];
  std::vector<uint64_t> expected = shapeOfRows(info, slots.size());
  if (tensor.shape != expected)
    return rt::makeError(ErrorId::InputCount, absl::StrCat("input '", tensor.name, "': expected ",
                                                           rt::typeText(info.dtype, expected), ", found ",
                                                           rt::safetensors::shapeText(tensor.shape)));
  uint64_t elements = tensor.elements() / slots.size();
  for (size_t row = 0; row < slots.size(); ++row) {
    absl::Span<uint8_t> target = pool.bytes(state, slots[row]);
    if (info.dtype == format::DType::F32)
      RONDO_RETURN_IF_ERROR(file.readF32(
          tensor, row * elements, {reinterpret_cast<float *>(target.data()), elements}, ErrorId::InputType));
    else if (info.dtype == format::DType::I64)
      RONDO_RETURN_IF_ERROR(file.readI64(tensor, row * elements,
                                         {reinterpret_cast<int64_t *>(target.data()), elements},
                                         ErrorId::InputType));
    else if (info.dtype == format::DType::I32)
      RONDO_RETURN_IF_ERROR(file.readI32(tensor, row * elements,
                                         {reinterpret_cast<int32_t *>(target.data()), elements},
                                         ErrorId::InputType));
    else
      return rt::makeError(ErrorId::InputType,
                           absl::StrCat("state '", info.name, "' is of a type that files cannot give"));
  }
  return absl::OkStatus();
}

} // namespace

std::vector<uint64_t> slotsOfCall(rt::Executor &executor) {
  for (const rt::IoBuffer &input : executor.inputs().buffers()) {
    bool given = executor.inputs().isSet(static_cast<size_t>(&input - executor.inputs().buffers().data()));
    if (input.description().absent() == format::Absent::Slots && given)
      return {input.elements<int32_t>().begin(), input.elements<int32_t>().end()};
  }
  std::vector<uint64_t> slots;
  for (uint64_t row = 0; row < executor.entry().batch(); ++row)
    slots.push_back(row);
  return slots;
}

absl::Status readInputs(const std::string &path, rt::Session &session, rt::Executor &executor) {
  RONDO_ASSIGN_OR_RETURN(Reader file, Reader::open(path));
  std::vector<std::pair<const TensorInfo *, size_t>> states; // read when the slots are known
  for (const TensorInfo &tensor : file.header().tensors) {
    std::optional<size_t> state = findState(session, executor.entry(), tensor.name);
    if (state)
      states.push_back({&tensor, *state});
    else
      RONDO_RETURN_IF_ERROR(rt::withPlace(readInput(file, tensor, executor.inputs()), {path}));
  }
  std::vector<uint64_t> slots = slotsOfCall(executor);
  if (!states.empty())
    for (uint64_t slot : slots)
      RONDO_RETURN_IF_ERROR(rt::withPlace(session.states().checkUsable(slot), {path}));
  for (auto [tensor, state] : states)
    RONDO_RETURN_IF_ERROR(rt::withPlace(readState(file, *tensor, session.states(), state, slots), {path}));
  return absl::OkStatus();
}

absl::Status writeOutputs(const std::string &path, rt::Session &session, rt::Executor &executor) {
  const format::Entry &entry = executor.entry();
  rt::StatePool &pool = session.states();
  std::vector<uint64_t> slots = slotsOfCall(executor);
  std::vector<rt::safetensors::TensorToWrite> tensors;
  for (uint32_t i = 0; i < entry.outputs()->size(); ++i) {
    rt::TensorView view = executor.output(i);
    tensors.push_back({entry.outputs()->Get(i)->name()->str(),
                       elementTypeOf(view.dtype),
                       {view.shape.begin(), view.shape.end()}});
  }
  for (uint32_t state : *entry.states()) {
    const rt::StateInfo &info = pool.infos()[state];
    tensors.push_back({info.name, elementTypeOf(info.dtype), shapeOfRows(info, slots.size())});
  }
  RONDO_ASSIGN_OR_RETURN(rt::safetensors::Writer writer, rt::safetensors::Writer::create(path, tensors));
  for (uint32_t i = 0; i < entry.outputs()->size(); ++i)
    RONDO_RETURN_IF_ERROR(writer.write(executor.output(i).bytes));
  for (uint32_t state : *entry.states())
    for (uint64_t slot : slots)
      RONDO_RETURN_IF_ERROR(writer.write(pool.bytes(state, slot)));
  return writer.finish();
}

} // namespace rondo::run
