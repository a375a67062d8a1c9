// A function in a process of its own.
#include "tools/rondo-compile/ChildProcess.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace rondo;

bool ChildEnd::crashed() const {
  switch (signal) {
  case SIGSEGV:
  case SIGBUS:
  case SIGILL:
  case SIGFPE:
  case SIGABRT:
  case SIGTRAP:
  case SIGSYS:
    return true;
  default:
    return false;
  }
}

// Points stdout and stderr to `logFile`.
static void redirect(const std::string &logFile) {
  int log = open(logFile.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (log < 0)
    return;
  dup2(log, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
}

ChildEnd rondo::runInChild(const std::function<int()> &body, const std::string &logFile) {
  ChildEnd end;
  void *shared = mmap(nullptr, sizeof(bool), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED)
    return end;
  auto *returned = static_cast<volatile bool *>(shared); // new pages are zero
  std::fflush(nullptr);                                  // what is buffered would be written twice
  pid_t parent = getpid(), child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
      _exit(1);
    if (!logFile.empty())
      redirect(logFile);
    int code = body();
    *returned = true;
    std::exit(code);
  }
  int status = 0;
  if (child > 0) {
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
      continue;
    end.started = true;
    end.returned = *returned;
    end.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    end.exitCode = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
  }
  munmap(shared, sizeof(bool));
  return end;
}
