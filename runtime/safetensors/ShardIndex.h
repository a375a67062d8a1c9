// The index of a model that is split over several safetensors files: {"weight_map": {NAME: FILE, ...}, ...}.
#pragma once

#include "runtime/status/Status.h"

#include <map>
#include <string>
#include <string_view>

namespace rondo::rt::safetensors {

inline constexpr uint64_t kMaxIndexBytes = 100'000'000;

// Tensor name -> file name. Every file name is a plain name beside the index: RND3201 otherwise; RND3023 for
// all that is wrong with the index itself. Keys other than weight_map are skipped.
absl::StatusOr<std::map<std::string, std::string>> parseShardIndex(std::string_view json, const Place &place);

// Whether `name` names a file in a folder: "shard.safetensors", but not "../shard", "/shard", "." or "".
bool isPlainName(std::string_view name);

} // namespace rondo::rt::safetensors
