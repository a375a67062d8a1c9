// Values of hyper-parameters: defaults, presets, the command line; ranges and requirements.
#pragma once

#include "frontends/spec/layers/Diagnosis.h"
#include "frontends/spec/layers/Evaluate.h"

#include <string>
#include <utility>
#include <vector>

namespace rondo {

// What the command line says about a spec: `--preset NAME` and `-D name=value`, in order. Values are text:
// they may be whole or decimal numbers; -D wins over the preset, the preset over the defaults of the spec.
struct SpecSettings {
  std::string preset; // empty: none
  std::vector<std::pair<std::string, std::string>> hypers;
};

// Binds every hyper-parameter of `model`. Reports unknown names and presets (RND2108), values out of range
// (RND2106) and requirements that do not hold (RND2107); what could be bound is bound all the same.
Scope bindHypers(spec::ModelOp model, const SpecSettings &settings, Diagnosis &diagnosis);

} // namespace rondo
