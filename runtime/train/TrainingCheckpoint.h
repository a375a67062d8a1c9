// Checkpoints of a training run: folders checkpoint-STEP, of which a reader finds the newest that was
// acknowledged, or the one before it, whatever moment the writer was killed at.
//
//   checkpoint-200/
//     weights.safetensors     parameters under their own names
//     optimizer.safetensors   adam.m.NAME and adam.v.NAME of every parameter that is trained
//     states.safetensors      carried states; only if there are any
//     manifest.json           numbers (CheckpointManifest.h), and size and XXH3-64 of each of the files
//   LATEST                    the name of the newest, for people and scripts; the reader does not rely on it
//
// A checkpoint is written in a folder .tmp-checkpoint-STEP, file after file, each made durable, the manifest
// last; the folder is synced, renamed, and its parent synced. Only then is it acknowledged and older ones are
// removed, each renamed out of sight first. docs/format/checkpoint.md describes the format for people.
#pragma once

#include "runtime/files/Folder.h"
#include "runtime/status/Status.h"
#include "runtime/train/CheckpointManifest.h"
#include "runtime/train/TrainingState.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace rondo::rt {

// A checkpoint whose files all have the size and hash that its manifest states.
struct FoundCheckpoint {
  std::string path; // of its folder
  CheckpointManifest manifest;
  // Newer checkpoints that were passed over, newest first: warnings with id RND3303 and what is wrong as a
  // note, to be printed.
  std::vector<absl::Status> skipped;
};

// The newest whole checkpoint in the folder of a run; nothing if there is no checkpoint at all, or no folder;
// RND3303 with a note for each if none of those there is whole. Reads every byte of what it returns. Needs no
// lock, but a writer may remove what was found.
absl::StatusOr<std::optional<FoundCheckpoint>> findLatestCheckpoint(const std::string &runFolder);

// A particular one, by the path of its folder. RND4003 if there is none, RND3303 if it is not whole.
absl::StatusOr<FoundCheckpoint> openCheckpoint(const std::string &path);

// Whether the run can continue exactly: RND3301 if the checkpoint belongs to another model, or if the
// configurations differ, with a note for every key that does.
absl::Status checkSameRun(const FoundCheckpoint &checkpoint, uint64_t modelHash,
                          const std::map<std::string, std::string> &configuration);

// Fills all spans of `tensors` from a checkpoint. Its tensors must be exactly these, with these shapes and
// types: RND3302 otherwise, and RND3001-3022 for files that are malformed although their hash is right.
// Everything but the values is checked before the first span is written; after an error in reading, the spans
// are undefined.
absl::Status restoreTensors(const FoundCheckpoint &checkpoint, const TrainingTensors &tensors);

// The writer's side of a run's folder, held alone: a second one on the same folder, in whatever process, is
// RND4008. Movable. Used by one thread at a time.
class CheckpointFolder {
public:
  // Makes the folder, and those above it, if they are not there. `keep` (at least 1) whole checkpoints remain
  // after each write. RND4004 if the folder cannot be made or locked.
  static absl::StatusOr<CheckpointFolder> open(const std::string &runFolder, uint32_t keep = 2);

  const std::string &path() const { return folder_.path(); }

  // Removes all checkpoints of steps after `step`, and of the others those that are too many: to be called
  // before training goes on from `step`, since a run that goes on from an older checkpoint than the newest
  // will get to those steps again. 0 removes all.
  absl::Status forgetAfter(uint64_t step);

  // Writes a checkpoint. OK acknowledges it: it survives a kill and a power failure from now on. On any error
  // (RND4004: disk full, folder not writable) nothing of it is left, and older checkpoints are as they were.
  // The run log must have been made durable up to progress.logBytes before. The step must be new to the
  // folder (see forgetAfter): if it is not, the old checkpoint of this step is removed first.
  absl::Status write(const TrainingProgress &progress, const TrainingTensors &tensors);

private:
  explicit CheckpointFolder(LockedFolder folder, uint32_t keep) : folder_(std::move(folder)), keep_(keep) {}

  LockedFolder folder_;
  uint32_t keep_;
};

// "RUN/checkpoint-200"
std::string checkpointPath(const std::string &runFolder, uint64_t step);

} // namespace rondo::rt
