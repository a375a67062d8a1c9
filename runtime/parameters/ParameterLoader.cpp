// Matching of checkpoints with models: names, aliases, shapes and types, all differences of one kind in one
// message.
#include "runtime/parameters/ParameterLoader.h"

#include "absl/strings/str_cat.h"
#include "runtime/parameters/Glob.h"
#include "runtime/status/NearestName.h"

#include <algorithm>
#include <cstring>
#include <unordered_set>

namespace rondo::rt {
namespace {

using safetensors::quotedName;
using safetensors::shapeText;
using safetensors::TensorInFile;
using safetensors::TensorInfo;

// How many differences are shown as notes; the message has their number.
constexpr size_t kShown = 8;

// An error about several names: "`count` `what`" and a note for each of the first.
absl::Status listError(ErrorId id, const std::string &what, const std::vector<std::string> &notes,
                       const std::string &path) {
  absl::Status status = makeError(id, what, {path});
  for (size_t i = 0; i < std::min(notes.size(), kShown); ++i)
    status = withNote(std::move(status), notes[i]);
  if (notes.size() > kShown)
    status = withNote(std::move(status), absl::StrCat("and ", notes.size() - kShown, " more"));
  return status;
}

} // namespace

absl::StatusOr<ParameterSources> ParameterSources::open(const std::string &path,
                                                        absl::Span<const ParameterInfo> parameters,
                                                        absl::Span<const std::string> ignore) {
  ParameterSources sources;
  sources.parameters = parameters;
  RONDO_ASSIGN_OR_RETURN(sources.checkpoint, safetensors::Checkpoint::open(path));
  for (const ParameterInfo &info : parameters) {
    std::vector<TensorInFile> &found = sources.tensors.emplace_back();
    if (TensorInFile tensor = sources.checkpoint.find(info.name); tensor.info)
      found.push_back(tensor);
    for (const std::string &alias : info.aliases)
      if (TensorInFile tensor = sources.checkpoint.find(alias); tensor.info)
        found.push_back(tensor);
  }
  RONDO_RETURN_IF_ERROR(sources.checkMissing());
  RONDO_RETURN_IF_ERROR(sources.checkNames(ignore));
  RONDO_RETURN_IF_ERROR(sources.checkShapes());
  RONDO_RETURN_IF_ERROR(sources.checkTypes());
  return sources;
}

absl::Status ParameterSources::checkMissing() const {
  std::vector<const ParameterInfo *> missing;
  for (size_t i = 0; i < parameters.size(); ++i)
    if (tensors[i].empty() && parameters[i].group != format::ParameterGroup::Optional)
      missing.push_back(&parameters[i]);
  if (missing.empty())
    return absl::OkStatus();
  // Names that are a parameter's are no candidates for another's.
  std::unordered_set<std::string_view> taken;
  for (const std::vector<TensorInFile> &found : tensors)
    for (const TensorInFile &tensor : found)
      taken.insert(tensor.info->name);
  std::vector<std::string> candidates;
  constexpr size_t kMaxCandidates = 10'000; // a hostile file's million long names would take minutes
  for (const TensorInFile &tensor : checkpoint.tensors())
    if (!taken.count(tensor.info->name) && candidates.size() < kMaxCandidates &&
        tensor.info->name.size() <= 256)
      candidates.push_back(tensor.info->name);
  std::vector<std::string> notes;
  for (const ParameterInfo *info : missing) {
    std::string nearest = notes.size() < kShown ? nearestName(info->name, candidates) : "";
    notes.push_back(nearest.empty()
                        ? quotedName(info->name)
                        : absl::StrCat(quotedName(info->name), ", the file has ", quotedName(nearest)));
  }
  return listError(ErrorId::WeightMissing,
                   absl::StrCat("expected ", parameters.size(), " weights, found ",
                                parameters.size() - missing.size(), " of them"),
                   notes, checkpoint.path());
}

absl::Status ParameterSources::checkNames(absl::Span<const std::string> ignore) const {
  std::unordered_set<std::string_view> known;
  for (const ParameterInfo &info : parameters) {
    known.insert(info.name);
    known.insert(info.aliases.begin(), info.aliases.end());
  }
  std::vector<std::string> notes;
  for (const TensorInFile &tensor : checkpoint.tensors()) {
    const std::string &name = tensor.info->name;
    if (!known.count(name) && std::none_of(ignore.begin(), ignore.end(),
                                           [&](const std::string &glob) { return globMatches(glob, name); }))
      notes.push_back(quotedName(name));
  }
  if (notes.empty())
    return absl::OkStatus();
  return listError(ErrorId::WeightUnused,
                   absl::StrCat("expected the model's weights alone, found ", notes.size(), " other tensors"),
                   notes, checkpoint.path());
}

absl::Status ParameterSources::checkShapes() const {
  std::vector<std::string> notes;
  for (size_t i = 0; i < parameters.size(); ++i)
    for (const TensorInFile &tensor : tensors[i])
      if (tensor.info->shape != parameters[i].shape)
        notes.push_back(absl::StrCat(quotedName(tensor.info->name), ": expected ",
                                     shapeText(parameters[i].shape), ", found ",
                                     shapeText(tensor.info->shape)));
  if (notes.empty())
    return absl::OkStatus();
  return listError(ErrorId::WeightShape,
                   absl::StrCat("the shapes of ", notes.size(), " weights differ from the model's"), notes,
                   checkpoint.path());
}

absl::Status ParameterSources::checkTypes() const {
  std::vector<std::string> notes;
  for (const std::vector<TensorInFile> &found : tensors)
    for (const TensorInFile &tensor : found)
      if (!isReadableAsF32(tensor.info->type))
        notes.push_back(absl::StrCat(quotedName(tensor.info->name),
                                     ": expected F32, F64, F16 or BF16, found ",
                                     std::string(nameOf(tensor.info->type))));
  if (notes.empty())
    return absl::OkStatus();
  return listError(ErrorId::WeightDtype,
                   absl::StrCat("the types of ", notes.size(), " weights cannot be read as f32"), notes,
                   checkpoint.path());
}

absl::Status ParameterSources::read(size_t index, uint64_t first, absl::Span<float> target) {
  const std::vector<TensorInFile> &found = tensors[index];
  RONDO_RETURN_IF_ERROR(found[0].file->readF32(*found[0].info, first, target, ErrorId::WeightDtype));
  for (size_t i = 1; i < found.size(); ++i) {
    twin.resize(target.size());
    RONDO_RETURN_IF_ERROR(
        found[i].file->readF32(*found[i].info, first, absl::MakeSpan(twin), ErrorId::WeightDtype));
    if (std::memcmp(twin.data(), target.data(), target.size() * sizeof(float)) != 0)
      return makeError(ErrorId::WeightAlias,
                       absl::StrCat("expected the same values in ", quotedName(found[i].info->name),
                                    " as in ", quotedName(found[0].info->name), ", found others"),
                       {checkpoint.path()});
  }
  return absl::OkStatus();
}

} // namespace rondo::rt
