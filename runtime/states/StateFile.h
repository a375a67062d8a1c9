// Saved states: a safetensors file from which a sequence, or a batch of them, continues exactly.
//
//   tensors           per state of the model, under its name: [rows, shape of one slot], in the model's types
//   __metadata__      "rondo.state": "1"; "rondo.model": the model's hash, 16 hexadecimal digits;
//   "rondo.positions": tokens
//                     that each row has had, "5,7"; "rondo.hash": XXH3-64 of the data, 16 hexadecimal digits
#pragma once

#include "runtime/states/StatePool.h"

#include <string>

namespace rondo::rt {

// Writes the states of `slots`, in this order, as rows. Poisoned slots are RND4006; the file appears whole or
// not at all.
absl::Status saveStates(const std::string &path, uint64_t modelHash, const StatePool &pool,
                        absl::Span<const uint64_t> slots);

// Reads rows 0, 1, ... of a file into `slots`: as many as the file has rows. RND3001-3022 if the file is
// malformed, RND3301 if another model saved it, RND3302 if its contents do not fit. The pool changes only if
// all is well.
absl::Status loadStates(const std::string &path, uint64_t modelHash, StatePool &pool,
                        absl::Span<const uint64_t> slots);

// The number of rows that a file holds, without its states; the same errors.
absl::StatusOr<uint64_t> countSavedRows(const std::string &path, uint64_t modelHash);

// Whether a state of whole numbers holds a negative one. Such states count tokens, and kernels compute
// positions from them, so a file with one is refused.
bool hasNegativeCount(format::DType dtype, absl::Span<const uint8_t> bytes);

} // namespace rondo::rt
