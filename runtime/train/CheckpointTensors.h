// The safetensors files of a checkpoint.
#pragma once

#include "runtime/status/Status.h"
#include "runtime/train/CheckpointManifest.h"
#include "runtime/train/TrainingState.h"

#include <map>
#include <string>

namespace rondo::rt {

// Writes the files of `tensors` into `folder`, durably, and returns their sizes and hashes. RND4004 if the
// disk fails, RND9001 for spans that do not have the sizes their shapes state.
absl::StatusOr<std::map<std::string, CheckpointManifest::File>>
writeCheckpointTensors(const std::string &folder, const TrainingTensors &tensors);

// The inverse. Names, types and shapes of all files are checked before the first span is written: RND3302,
// and RND3001-3022 for malformed files.
absl::Status readCheckpointTensors(const std::string &folder, const TrainingTensors &tensors);

} // namespace rondo::rt
