// manifest.json of a checkpoint: the numbers of a training run, and the files that belong to it.
//
//   {
//     "rondo.checkpoint": 1,
//     "model": "0123456789abcdef",
//     "step": 200, "seed": 7, "log_bytes": 41234,
//     "epoch": 0, "index": 1600, "streams": [],
//     "configuration": {"batch": "8"},
//     "counters": {"tokens": 819200},
//     "files": {"weights.safetensors": {"bytes": 4096, "xxh3": "89abcdef01234567"}},
//     "xxh3": "76543210fedcba98"
//   }
//
// One member a line (the groups above are broken up), keys in this order, maps sorted: equal manifests are
// equal files. The last member is the XXH3-64 of the text before it, so that no damaged number passes for a
// sound one.
#pragma once

#include "runtime/status/Status.h"
#include "runtime/train/TrainingState.h"

#include <map>
#include <string>
#include <string_view>

namespace rondo::rt {

inline constexpr uint64_t kMaxManifestBytes = 16 << 20;

struct CheckpointManifest {
  struct File {
    uint64_t bytes = 0;
    uint64_t hash = 0; // XXH3-64 of the whole file

    bool operator==(const File &) const = default;
  };

  TrainingProgress progress;
  std::map<std::string, File> files; // plain names beside the manifest

  bool operator==(const CheckpointManifest &) const = default;
};

std::string formatManifest(const CheckpointManifest &manifest);

// The exact inverse: any other text is RND3303, and so is a file name that leads out of the folder.
absl::StatusOr<CheckpointManifest> parseManifest(std::string_view text, const Place &place);

} // namespace rondo::rt
