// The hash by which Rondo's files detect damage: XXH3-64.
#pragma once

#include "absl/types/span.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace rondo::rt {

// Over bytes that come in pieces. Movable.
class ContentHash {
public:
  ContentHash();
  ContentHash(ContentHash &&other) noexcept;
  ContentHash &operator=(ContentHash &&other) noexcept;
  ~ContentHash();

  void add(absl::Span<const uint8_t> bytes);
  uint64_t value() const; // of the bytes so far

private:
  struct State;
  std::unique_ptr<State> state_;
};

// Over bytes that are at hand.
uint64_t contentHash(std::string_view bytes);

// As files have it: 16 hexadecimal digits in lower case.
std::string hashText(uint64_t hash);

} // namespace rondo::rt
