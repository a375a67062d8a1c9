// manifest.json of a checkpoint: the numbers of a training run, and the files that belong to it.
//
//   {
//     "rondo.checkpoint": 1,
//     "model": "0123456789abcdef",
//     "step": 200,
//     "seed": 7,
//     "epoch": 0,
//     "index": 1600,
//     "log_bytes": 41234,
//     "streams": [],
//     "configuration": {
//       "batch": "8"
//     },
//     "counters": {
//       "tokens": 819200
//     },
//     "files": {
//       "optimizer.safetensors": {"bytes": 8192, "xxh3": "fedcba9876543210"},
//       "weights.safetensors": {"bytes": 4096, "xxh3": "89abcdef01234567"}
//     },
//     "xxh3": "76543210fedcba98"
//   }
//
// Exactly this form, maps sorted by key: equal manifests are equal files. The last member is the XXH3-64 of
// the text before it, so that no damaged number passes for a sound one.
#pragma once

#include "runtime/status/Status.h"
#include "runtime/train/TrainingState.h"

#include <map>
#include <string>
#include <string_view>

namespace rondo::rt {

inline constexpr uint64_t kMaxManifestBytes = 16 << 20;

// The files of a checkpoint. The first two are always there.
inline constexpr std::string_view kWeightsFile = "weights.safetensors";
inline constexpr std::string_view kOptimizerFile = "optimizer.safetensors";
inline constexpr std::string_view kStatesFile = "states.safetensors";
inline constexpr std::string_view kManifestFile = "manifest.json";

struct CheckpointManifest {
  struct File {
    uint64_t bytes = 0;
    uint64_t hash = 0; // XXH3-64 of the whole file

    bool operator==(const File &) const = default;
  };

  TrainingProgress progress;
  std::map<std::string, File> files; // two or three of the names above

  bool operator==(const CheckpointManifest &) const = default;
};

// Keys and texts must be UTF-8.
std::string formatManifest(const CheckpointManifest &manifest);

// The exact inverse: any other text is RND3303, and so are other files than those above.
absl::StatusOr<CheckpointManifest> parseManifest(std::string_view text, const Place &place);

} // namespace rondo::rt
