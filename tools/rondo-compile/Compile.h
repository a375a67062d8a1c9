// The steps of rondo-compile: spec, passes, machine code, package.
#pragma once

#include "tools/rondo-compile/Options.h"

namespace rondo {

// Compiles as `options` say; the exit code of the tool. Results go to stdout and to the file, all else to
// stderr.
int compile(const CompileOptions &options);

} // namespace rondo
