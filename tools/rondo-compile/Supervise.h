// Runs the compiler in a process of its own, so that a fault of Rondo, a crash included, ends as an error
// with a reproducer.
#pragma once

#include "tools/rondo-compile/Options.h"

#include <functional>

namespace rondo {

// Does the work of the tool and returns its exit code. With a folder it records there what the running stage
// was given.
using CompileWork = std::function<int(const CompileOptions &options, const std::string &recordFolder)>;

// The exit code of `work`, which runs in a child process. If the child crashes, leaves through another door
// than its return or returns 6, the work is done once more under record, and the user is told of a folder
// rondo-crash-XXXXXX in the current folder, or else in $TMPDIR or /tmp: the spec, report.txt with options and
// versions, the IR before the failing stage with the pass that failed, log.txt with the output of the second
// run and the stack. Prints RND9001 with the command that repeats the fault and returns 6. A child that was
// killed from outside is no fault of Rondo: RND4002 for SIGKILL, and for other signals this process ends by
// the same.
int supervise(const CompileOptions &options, const CompileWork &work);

} // namespace rondo
