// Replaces calls and repeats by their ops, with full weight names, and folds what is known of expressions.
#pragma once

#include "frontends/spec/layers/Diagnosis.h"
#include "frontends/spec/layers/Evaluate.h"

namespace rondo {

// Makes `model` flat, in place: afterwards it holds hyper-parameters, inputs, layers and outputs alone.
// `scope` has the hyper-parameters. Of each repeat only the first `instances` are made (errors of the others
// are the same); 0 = all.
void unroll(spec::ModelOp model, const Scope &scope, unsigned instances, Diagnosis &diagnosis);

} // namespace rondo
