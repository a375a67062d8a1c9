// A function in a process of its own.
#pragma once

#include <functional>
#include <string>

namespace rondo {

// How a child ended.
struct ChildEnd {
  bool started = false;  // false: no process could be made
  bool returned = false; // the function came back; otherwise something in it ended the process
  int exitCode = 0;
  int signal = 0; // the one that ended it, or 0

  // Signals that a program raises by its own mistake, such as SIGSEGV and SIGABRT.
  bool crashed() const;
};

// Runs `body` in a child and waits for it. With a log file the child's stdout and stderr go there. The child
// ends with this process. The caller must have no other threads.
ChildEnd runInChild(const std::function<int()> &body, const std::string &logFile = "");

} // namespace rondo
