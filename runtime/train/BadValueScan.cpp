// Looks at what commands have written.
#include "runtime/train/BadValueScan.h"

#include "absl/strings/str_cat.h"
#include "runtime/safetensors/ElementType.h"
#include "runtime/safetensors/Writer.h"

#include <cmath>
#include <limits>

namespace rondo::rt {
namespace {

const format::Kernel &kernelOf(const Package &package, const format::Entry &entry, size_t command) {
  uint32_t kernel = entry.commands()->Get(static_cast<uint32_t>(command))->kernel();
  return *package.root().kernels()->Get(kernel);
}

// Counts what is bad; minus infinity is not.
std::optional<BadValue> lookAt(absl::Span<const float> values) {
  BadValue found;
  found.elements = values.size();
  for (float value : values) {
    if (std::isfinite(value) || value == -std::numeric_limits<float>::infinity())
      continue;
    found.isNan = found.bad == 0 ? std::isnan(value) : found.isNan;
    ++found.bad;
  }
  return found.bad == 0 ? std::nullopt : std::optional(found);
}

// The scan of one entry.
class Scan {
public:
  Scan(const Package &package, Executor &executor) : package_(package), executor_(executor) {}

  // Whether to go on.
  bool after(size_t command) {
    const format::Kernel &kernel = kernelOf(package_, executor_.entry(), command);
    const auto *types = kernel.argument_types();
    for (uint32_t i = 0; types && i < types->size() && !found && status.ok(); ++i)
      if (kernel.arguments()->Get(i)->access() != format::Access::Read)
        lookAtArgument(command, i, kernel.arguments()->Get(i)->bytes(), types->GetEnum<format::DType>(i));
    return !found && status.ok();
  }

  std::optional<BadValue> found;
  absl::Status status;

private:
  void lookAtArgument(size_t command, size_t argument, uint64_t bytes, format::DType dtype) {
    safetensors::ElementType type = safetensors::elementTypeOf(dtype);
    if (!safetensors::isReadableAsF32(type))
      return;
    raw_.resize(bytes);
    status = executor_.commands().readArgument(command, argument, absl::MakeSpan(raw_));
    values_.resize(bytes / elementBytes(dtype));
    safetensors::convertToF32(type, raw_.data(), values_.size(), values_.data());
    if (std::optional<BadValue> bad = lookAt(values_)) {
      found = bad;
      found->command = command;
      found->argument = argument;
    }
  }

  const Package &package_;
  Executor &executor_;
  std::vector<uint8_t> raw_;
  std::vector<float> values_;
};

} // namespace

std::string BadValue::toString(const Package &package, const format::Entry &entry) const {
  const format::Command &source = *entry.commands()->Get(static_cast<uint32_t>(command));
  std::string kernel = kernelOf(package, entry, command).source()->str();
  return absl::StrCat(package.locationText(source.location()), kernel.empty() ? "" : " (", kernel,
                      kernel.empty() ? "" : ")", " writes ", isNan ? "NaN" : "infinity", ", in ", bad, " of ",
                      elements, " values");
}

absl::StatusOr<std::optional<BadValue>> findBadValue(Session &session, Executor &executor) {
  Scan scan(session.package(), executor);
  RONDO_RETURN_IF_ERROR(session.runStepwise(executor, [&](size_t command) { return scan.after(command); }));
  RONDO_RETURN_IF_ERROR(scan.status);
  return scan.found;
}

absl::Status dumpArguments(const std::string &path, const Package &package, Executor &executor,
                           size_t command) {
  const format::Kernel &kernel = kernelOf(package, executor.entry(), command);
  const auto *types = kernel.argument_types();
  if (!types)
    return makeError(ErrorId::Internal, "expected a package that states the types of arguments");
  std::vector<safetensors::TensorToWrite> tensors;
  for (uint32_t i = 0; i < types->size(); ++i) {
    auto dtype = types->GetEnum<format::DType>(i);
    uint64_t elements = kernel.arguments()->Get(i)->bytes() / elementBytes(dtype);
    tensors.push_back({absl::StrCat("argument.", i), safetensors::elementTypeOf(dtype), {elements}});
  }
  uint32_t location = executor.entry().commands()->Get(static_cast<uint32_t>(command))->location();
  RONDO_ASSIGN_OR_RETURN(safetensors::Writer writer,
                         safetensors::Writer::create(path, tensors,
                                                     {{"command", absl::StrCat(command)},
                                                      {"kernel", kernel.source()->str()},
                                                      {"location", package.locationText(location)}}));
  std::vector<uint8_t> bytes;
  for (uint32_t i = 0; i < types->size(); ++i) {
    bytes.resize(tensors[i].shape[0] * elementBytes(types->GetEnum<format::DType>(i)));
    RONDO_RETURN_IF_ERROR(executor.commands().readArgument(command, i, absl::MakeSpan(bytes)));
    RONDO_RETURN_IF_ERROR(writer.write(bytes));
  }
  return writer.finish();
}

} // namespace rondo::rt
