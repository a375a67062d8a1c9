// Reads the tensors of a conformance file, unrounded.
#pragma once

#include "test/evaluator/Tensor.h"

#include <map>
#include <string>

namespace rondo::reference {

// The tensors of test/conformance/vectors/NAME.safetensors; f64, f32 and i64. Ends the process if the file is
// not as expected.
std::map<std::string, Tensor> readVectors(const std::string &path);

} // namespace rondo::reference
