// Where a shard that an index names lies.
#pragma once

#include <string>

namespace rondo::rt::safetensors {

// `folder`/`shard`, where links are refused later (PathTrust::FromFile), with one exception. Caches of
// Hugging Face keep a checkpoint as models--NAME/snapshots/REVISION/FILE, links that read ../../blobs/HASH.
// If the folder's real path has that form and the shard is such a link, the result is the blob beside
// `snapshots`, which must be a regular file itself: a checkpoint cannot lead to anything else this way.
// `shard` is a plain file name.
std::string shardPath(const std::string &folder, const std::string &shard);

} // namespace rondo::rt::safetensors
