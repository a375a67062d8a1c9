// XXH3-64 in pieces.
#include "runtime/files/ContentHash.h"

#include "absl/strings/str_cat.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace rondo::rt {

struct ContentHash::State {
  XXH3_state_t xxh3;
};

ContentHash::ContentHash() : state_(std::make_unique<State>()) { XXH3_64bits_reset(&state_->xxh3); }
ContentHash::ContentHash(ContentHash &&other) noexcept = default;
ContentHash &ContentHash::operator=(ContentHash &&other) noexcept = default;
ContentHash::~ContentHash() = default;

void ContentHash::add(absl::Span<const uint8_t> bytes) {
  XXH3_64bits_update(&state_->xxh3, bytes.data(), bytes.size());
}

uint64_t ContentHash::value() const { return XXH3_64bits_digest(&state_->xxh3); }

uint64_t contentHash(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

std::string hashText(uint64_t hash) { return absl::StrCat(absl::Hex(hash, absl::kZeroPad16)); }

} // namespace rondo::rt
