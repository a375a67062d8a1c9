// Facts about the flat image that its emitter, the validator and the loader share.
#pragma once

#include <cstdint>

namespace rondo::rt::format {

// Segments start at multiples of this many bytes, so that each can have its own protection.
inline constexpr uint64_t kImagePage = 4096;

} // namespace rondo::rt::format
