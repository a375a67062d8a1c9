// Inputs from and outputs to safetensors files, states among them.
#pragma once

#include "runtime/exec/Session.h"

#include <string>

namespace rondo::run {

// Sets the executor's inputs from a file. Tensors named like states, [rows of the call, shape of one slot],
// go into the slots of the call. Unknown names are RND2203, other shapes RND2201, other types RND2202.
absl::Status readInputs(const std::string &path, rt::Session &session, rt::Executor &executor);

// Writes all outputs, and the states of the slots that took part.
absl::Status writeOutputs(const std::string &path, rt::Session &session, rt::Executor &executor);

// The slots of the next or last call, one per row: as the slot input says, 0, 1, ... without one.
std::vector<uint64_t> slotsOfCall(rt::Executor &executor);

} // namespace rondo::run
