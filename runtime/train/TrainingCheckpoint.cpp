// Writing, finding, verifying and removing of checkpoints.
#include "runtime/train/TrainingCheckpoint.h"

#include "absl/strings/str_cat.h"
#include "runtime/files/AtomicFile.h"
#include "runtime/files/ContentHash.h"
#include "runtime/files/InputFile.h"
#include "runtime/memory/AlignedBuffer.h"
#include "runtime/safetensors/Header.h"
#include "runtime/train/CheckpointTensors.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <sys/stat.h>
#include <unistd.h>

namespace rondo::rt {
namespace {

constexpr std::string_view kPrefix = "checkpoint-";
constexpr std::string_view kTemporaryPrefix = ".tmp-checkpoint-";
constexpr const char *kLatest = "LATEST";

std::string join(const std::string &folder, std::string_view name) {
  return absl::StrCat(folder, "/", std::string(name));
}

std::string temporaryPath(const std::string &runFolder, uint64_t step) {
  return absl::StrCat(runFolder, "/", std::string(kTemporaryPrefix), step);
}

// 200 for "checkpoint-200", nothing for names that checkpointPath does not make.
std::optional<uint64_t> stepOf(std::string_view name) {
  if (name.substr(0, kPrefix.size()) != kPrefix)
    return std::nullopt;
  std::string_view digits = name.substr(kPrefix.size());
  uint64_t step = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), step);
  bool whole = error == std::errc() && end == digits.data() + digits.size() && absl::StrCat(step) == digits;
  return whole ? std::optional(step) : std::nullopt;
}

// The steps of all checkpoint folders, whole or not, newest first.
absl::StatusOr<std::vector<uint64_t>> stepsIn(const std::string &runFolder) {
  RONDO_ASSIGN_OR_RETURN(std::vector<FolderEntry> entries, listFolder(runFolder));
  std::vector<uint64_t> steps;
  for (const FolderEntry &entry : entries)
    if (std::optional<uint64_t> step = stepOf(entry.name); step && entry.isFolder)
      steps.push_back(*step);
  std::sort(steps.rbegin(), steps.rend());
  return steps;
}

// --- reading ---

// Missing is torn; there but unreadable is not, and must not make anybody fall back to older work.
bool exists(const std::string &path) {
  struct stat info;
  return ::stat(path.c_str(), &info) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

absl::Status torn(const std::string &file, const std::string &message) {
  return makeError(ErrorId::CheckpointIncomplete, message, {file});
}

absl::StatusOr<InputFile> openPart(const std::string &path) {
  if (!exists(path))
    return torn(path, "expected a file, found none");
  absl::StatusOr<InputFile> file = InputFile::open(path);
  if (!file.ok() && errorIdOf(file.status()) == ErrorId::NotRegularFile)
    return torn(path, std::string(file.status().message()));
  return file;
}

absl::Status verifyFile(const std::string &path, const CheckpointManifest::File &expected) {
  RONDO_ASSIGN_OR_RETURN(InputFile file, openPart(path));
  if (file.size() != expected.bytes)
    return torn(path, absl::StrCat("expected ", expected.bytes, " bytes, found ", file.size()));
  constexpr uint64_t kPieceBytes = 1 << 20;
  RONDO_ASSIGN_OR_RETURN(AlignedBuffer piece, AlignedBuffer::allocate(std::min(kPieceBytes, file.size())));
  ContentHash hash;
  for (uint64_t done = 0; done < file.size();) {
    absl::Span<uint8_t> target = piece.bytes().first(std::min<uint64_t>(piece.size(), file.size() - done));
    RONDO_RETURN_IF_ERROR(file.readAt(done, target, ErrorId::CheckpointIncomplete));
    hash.add(target);
    done += target.size();
  }
  return hash.value() == expected.hash ? absl::OkStatus() : torn(path, "the file does not match its hash");
}

absl::StatusOr<CheckpointManifest> verifyFiles(const std::string &path) {
  std::string manifestPath = join(path, kManifestFile);
  RONDO_ASSIGN_OR_RETURN(InputFile file, openPart(manifestPath));
  constexpr ErrorId kTorn = ErrorId::CheckpointIncomplete;
  RONDO_ASSIGN_OR_RETURN(AlignedBuffer text, file.readAll(kMaxManifestBytes, kTorn, kTorn));
  RONDO_ASSIGN_OR_RETURN(
      CheckpointManifest manifest,
      parseManifest({reinterpret_cast<const char *>(text.data()), text.size()}, {manifestPath}));
  for (const auto &[name, expected] : manifest.files)
    RONDO_RETURN_IF_ERROR(verifyFile(join(path, name), expected));
  return manifest;
}

// What a person sees of a checkpoint that is not whole: the checkpoint, and what is wrong as a note.
absl::Status describeTorn(const std::string &path, const absl::Status &reason) {
  return withNote(
      makeError(ErrorId::CheckpointIncomplete, "expected a whole checkpoint, found a damaged one", {path}),
      absl::StrCat(placeOf(reason), ": ", reason.message()));
}

absl::StatusOr<FoundCheckpoint> readWhole(const std::string &path, std::optional<uint64_t> step) {
  absl::StatusOr<CheckpointManifest> manifest = verifyFiles(path);
  if (manifest.ok() && step && manifest->progress.step != *step)
    manifest = torn(
        join(path, kManifestFile),
        absl::StrCat("expected step ", *step, " as the folder's name says, found ", manifest->progress.step));
  if (!manifest.ok())
    return errorIdOf(manifest.status()) == ErrorId::CheckpointIncomplete
               ? describeTorn(path, manifest.status())
               : manifest.status();
  return FoundCheckpoint{path, *std::move(manifest), {}};
}

// --- writing ---

// Takes a checkpoint's name away before its files go, so that no part of it is ever seen under the name.
absl::Status removeCheckpoint(const std::string &runFolder, uint64_t step) {
  std::string hidden = temporaryPath(runFolder, step);
  RONDO_RETURN_IF_ERROR(removeFolder(hidden));
  RONDO_RETURN_IF_ERROR(renamePath(checkpointPath(runFolder, step), hidden));
  RONDO_RETURN_IF_ERROR(syncFolder(runFolder));
  return removeFolder(hidden);
}

absl::Status writeText(const std::string &path, std::string_view text) {
  RONDO_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::create(path));
  RONDO_RETURN_IF_ERROR(file.write({reinterpret_cast<const uint8_t *>(text.data()), text.size()}));
  return file.commit();
}

// LATEST for the newest checkpoint; none if there is none.
absl::Status updateLatest(const std::string &runFolder) {
  RONDO_ASSIGN_OR_RETURN(std::vector<uint64_t> steps, stepsIn(runFolder));
  std::string path = join(runFolder, kLatest);
  if (!steps.empty())
    return writeText(path, absl::StrCat(std::string(kPrefix), steps.front(), "\n"));
  return exists(path) ? removeFile(path) : absl::OkStatus();
}

// A whole checkpoint in `folder`, which does not exist yet. Durable, but for the folder's own name.
absl::Status fillFolder(const std::string &folder, const TrainingProgress &progress,
                        const TrainingTensors &tensors) {
  RONDO_RETURN_IF_ERROR(makeFolder(folder));
  CheckpointManifest manifest{progress, {}};
  RONDO_ASSIGN_OR_RETURN(manifest.files, writeCheckpointTensors(folder, tensors));
  std::string text = formatManifest(manifest);
  // A checkpoint that could not be read again must not be acknowledged: a configuration that is no UTF-8,
  // say.
  absl::StatusOr<CheckpointManifest> again = parseManifest(text, {});
  if (!again.ok())
    return makeError(ErrorId::Internal,
                     absl::StrCat("the checkpoint's manifest cannot be read: ", again.status().message()));
  return writeText(join(folder, kManifestFile), text);
}

// Keeps the checkpoint of `step` and the keep - 1 before it that have a manifest. What cannot be removed now
// will be tried again after the next write.
void removeBeyond(const std::string &runFolder, uint64_t step, uint32_t keep) {
  absl::StatusOr<std::vector<uint64_t>> steps = stepsIn(runFolder);
  if (!steps.ok())
    return;
  uint32_t kept = 0;
  for (uint64_t found : *steps) {
    bool whole = exists(join(checkpointPath(runFolder, found), kManifestFile));
    if (found <= step && whole && kept < keep)
      ++kept;
    else
      removeCheckpoint(runFolder, found).IgnoreError();
  }
}

// Temporary folders and files of runs that were killed. Nobody else writes here while we hold the folder.
absl::Status removeLeftovers(const std::string &runFolder) {
  RONDO_ASSIGN_OR_RETURN(std::vector<FolderEntry> entries, listFolder(runFolder));
  for (const FolderEntry &entry : entries) {
    std::string path = join(runFolder, entry.name);
    if (entry.isFolder && entry.name.substr(0, kTemporaryPrefix.size()) == kTemporaryPrefix)
      RONDO_RETURN_IF_ERROR(removeFolder(path));
    else if (!entry.isFolder && AtomicFile::isTemporaryName(entry.name))
      RONDO_RETURN_IF_ERROR(removeFile(path));
  }
  return absl::OkStatus();
}

} // namespace

std::string checkpointPath(const std::string &runFolder, uint64_t step) {
  return absl::StrCat(runFolder, "/", std::string(kPrefix), step);
}

absl::StatusOr<std::optional<FoundCheckpoint>> findLatestCheckpoint(const std::string &runFolder) {
  if (!exists(runFolder))
    return std::nullopt;
  RONDO_ASSIGN_OR_RETURN(std::vector<uint64_t> steps, stepsIn(runFolder));
  std::vector<absl::Status> skipped;
  for (uint64_t step : steps) {
    absl::StatusOr<FoundCheckpoint> found = readWhole(checkpointPath(runFolder, step), step);
    if (found.ok()) {
      found->skipped = std::move(skipped);
      return *std::move(found);
    }
    if (errorIdOf(found.status()) != ErrorId::CheckpointIncomplete)
      return found.status();
    skipped.push_back(found.status());
  }
  if (skipped.empty())
    return std::nullopt;
  absl::Status none =
      makeError(ErrorId::CheckpointIncomplete,
                absl::StrCat("expected a whole checkpoint, found ", skipped.size(), " damaged"), {runFolder});
  for (const absl::Status &status : skipped)
    none = withNote(std::move(none), notesOf(status));
  return withHelp(std::move(none), "Start afresh with --resume never.");
}

absl::StatusOr<FoundCheckpoint> openCheckpoint(const std::string &path) {
  if (!isFolder(path))
    return makeError(ErrorId::FileMissing, "expected the folder of a checkpoint, found none", {path});
  return readWhole(path, std::nullopt);
}

absl::Status checkSameRun(const FoundCheckpoint &checkpoint, uint64_t modelHash,
                          const std::map<std::string, std::string> &configuration) {
  const TrainingProgress &progress = checkpoint.manifest.progress;
  if (progress.modelHash != modelHash)
    return makeError(ErrorId::StateModelMismatch,
                     absl::StrCat("expected a checkpoint of model ", hashText(modelHash), ", found ",
                                  hashText(progress.modelHash)),
                     {checkpoint.path});
  if (progress.configuration == configuration)
    return absl::OkStatus();
  absl::Status status = makeError(ErrorId::StateModelMismatch,
                                  "expected a checkpoint of a run with the same configuration, found another",
                                  {checkpoint.path});
  auto shown = [](const std::map<std::string, std::string> &map, const std::string &key) {
    auto entry = map.find(key);
    return entry == map.end() ? std::string("nothing") : safetensors::quotedName(entry->second);
  };
  std::map<std::string, std::string> keys = configuration;
  keys.insert(progress.configuration.begin(), progress.configuration.end());
  for (const auto &[key, text] : keys)
    if (std::string now = shown(configuration, key), then = shown(progress.configuration, key); now != then)
      status = withNote(std::move(status), absl::StrCat(safetensors::quotedName(key), ": this run has ", now,
                                                        ", the checkpoint ", then));
  return withHelp(std::move(status), "Pass the same options, or start afresh with --resume never.");
}

absl::Status restoreTensors(const FoundCheckpoint &checkpoint, const TrainingTensors &tensors) {
  if (checkpoint.manifest.files.count(std::string(kStatesFile)) != (tensors.states.empty() ? 0u : 1u))
    return makeError(ErrorId::StateLayout,
                     tensors.states.empty() ? "expected a checkpoint without carried states, found some"
                                            : "expected carried states, found none",
                     {checkpoint.path});
  return readCheckpointTensors(checkpoint.path, tensors);
}

absl::StatusOr<CheckpointFolder> CheckpointFolder::open(const std::string &runFolder, uint32_t keep) {
  RONDO_ASSIGN_OR_RETURN(LockedFolder folder, LockedFolder::open(runFolder));
  RONDO_RETURN_IF_ERROR(removeLeftovers(runFolder));
  return CheckpointFolder(std::move(folder), std::max(keep, 1u));
}

absl::Status CheckpointFolder::forgetAfter(uint64_t step) {
  RONDO_ASSIGN_OR_RETURN(std::vector<uint64_t> steps, stepsIn(path()));
  // From the newest on: killed half-way, what remains is a history without its end.
  while (!steps.empty() && steps.front() > step) {
    RONDO_RETURN_IF_ERROR(removeCheckpoint(path(), steps.front()));
    steps.erase(steps.begin());
  }
  removeBeyond(path(), step, keep_); // killed after a write, the last run may not have come to it
  return updateLatest(path());
}

absl::Status CheckpointFolder::write(const TrainingProgress &progress, const TrainingTensors &tensors) {
  std::string temporary = temporaryPath(path(), progress.step);
  std::string target = checkpointPath(path(), progress.step);
  if (exists(target))
    RONDO_RETURN_IF_ERROR(removeCheckpoint(path(), progress.step));
  RONDO_RETURN_IF_ERROR(removeFolder(temporary));
  absl::Status status = fillFolder(temporary, progress, tensors);
  if (status.ok())
    status = renamePath(temporary, target);
  if (!status.ok()) {
    removeFolder(temporary).IgnoreError();
    return status;
  }
  status = syncFolder(path());
  if (status.ok())
    status = updateLatest(path());
  if (!status.ok()) {
    removeCheckpoint(path(), progress.step).IgnoreError();
    updateLatest(path()).IgnoreError();
    return status;
  }
  removeBeyond(path(), progress.step, keep_);
  return absl::OkStatus();
}

} // namespace rondo::rt
