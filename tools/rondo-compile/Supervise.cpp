// Tells a fault of Rondo from everything else, and writes its reproducer.
#include "tools/rondo-compile/Supervise.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "frontends/spec/Prescan.h"
#include "runtime/status/Status.h"
#include "tools/rondo-compile/ChildProcess.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/Signals.h"
#include "llvm/TargetParser/Host.h"

#include <cctype>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <new>
#include <sys/mman.h>
#include <unistd.h>

namespace rondo {
namespace {

namespace fs = std::filesystem;

int report(const absl::Status &status) {
  std::string text = rt::formatError(status);
  std::fwrite(text.data(), 1, text.size(), stderr);
  return rt::exitCodeOf(status);
}

// Keeps a spec that comes through a pipe, so that the second run and the reproducer can read it again. A spec
// that is too long is kept as far as that shows.
bool keepStandardInput() {
  int file = memfd_create("spec", MFD_CLOEXEC);
  if (file < 0)
    return false;
  char buffer[1 << 16];
  size_t total = 0;
  ssize_t bytes;
  while (total <= kMaxSpecBytes && (bytes = read(STDIN_FILENO, buffer, sizeof buffer)) > 0) {
    if (write(file, buffer, bytes) != bytes)
      return false;
    total += bytes;
  }
  return lseek(file, 0, SEEK_SET) == 0 && dup2(file, STDIN_FILENO) == STDIN_FILENO;
}

void rewindStandardInput(const CompileOptions &options) {
  if (options.spec == "-")
    lseek(STDIN_FILENO, 0, SEEK_SET);
}

// A new folder of that name in the first place that can be written to; empty if there is none.
std::string makeFolder() {
  const char *temporary = std::getenv("TMPDIR");
  for (std::string place : {std::string(), absl::StrCat(temporary ? temporary : "/tmp", "/")}) {
    std::string name = place + "rondo-crash-XXXXXX";
    if (mkdtemp(name.data()))
      return name;
  }
  return "";
}

void copySpec(const CompileOptions &options, const std::string &to) {
  rewindStandardInput(options);
  std::ifstream from(options.spec == "-" ? "/dev/stdin" : options.spec, std::ios::binary);
  std::ofstream(to, std::ios::binary) << from.rdbuf();
}

std::string shellQuoted(const std::string &argument) {
  bool plain = !argument.empty();
  for (char c : argument)
    plain &= std::isalnum(static_cast<unsigned char>(c)) || std::strchr("-_=:,./@+", c) != nullptr;
  std::string quoted = "'";
  for (char c : argument)
    absl::StrAppend(&quoted, c == '\'' ? "'\\''" : std::string(1, c));
  return plain ? argument : quoted + "'";
}

// The command that compiles the copy of the spec, with paths into `folder`.
std::string wholeCommand(const CompileOptions &options, const std::string &folder) {
  std::string command = absl::StrCat("rondo-compile ", folder, "/spec.mlir");
  for (const std::string &argument : options.arguments())
    absl::StrAppend(&command, " ", shellQuoted(argument));
  return absl::StrCat(command, options.explainSchedule ? " --explain-schedule" : "",
                      options.output.empty() ? "" : absl::StrCat(" -o ", folder, "/package.rondo"));
}

// What a recorded run left: the name of its last stage, and whether a pass stands there.
struct LastStage {
  std::string name = "parse"; // before any stage
  std::string file;
  bool isPass = false;
};

LastStage findLastStage(const std::string &folder) {
  LastStage last;
  for (const fs::directory_entry &entry : fs::directory_iterator(folder)) {
    std::string name = entry.path().stem();
    if (!absl::StartsWith(name, "before-"))
      continue;
    last.name = name.substr(strlen("before-"));
    last.file = entry.path().string();
    std::ifstream stream(last.file, std::ios::binary);
    std::string text(std::istreambuf_iterator<char>(stream), {});
    last.isPass = absl::StrContains(text, "mlir_reproducer");
  }
  return last;
}

std::string describe(const ChildEnd &end) {
  if (end.signal != 0)
    return absl::StrCat("crashed (", strsignal(end.signal), ")");
  return end.returned ? "failed on a valid spec" : "ended the process";
}

void writeReport(const CompileOptions &options, const std::string &folder, const std::string &fault,
                 const std::string &repeat) {
  std::ofstream(folder + "/report.txt")
      << "fault: " << fault << "\nversions: rondo " RONDO_VERSION ", LLVM " LLVM_VERSION_STRING "\nmachine: "
      << llvm::sys::getHostCPUName().str() << ", " << llvm::sys::getProcessTriple()
      << "\nthe failing stage: " << repeat << "\nthe whole run: " << wholeCommand(options, folder) << "\n";
}

bool isFault(const ChildEnd &end) {
  int internal = findError(static_cast<uint16_t>(ErrorId::Internal))->exitCode;
  return end.crashed() || (end.signal == 0 && (!end.returned || end.exitCode == internal));
}

// Spent memory ends the child as the system itself would end it, and is told as that.
int workInChild(const CompileWork &work, const CompileOptions &options, const std::string &recordFolder) {
  std::set_new_handler([] { raise(SIGKILL); });
  llvm::install_bad_alloc_error_handler([](void *, const char *, bool) { raise(SIGKILL); });
  return work(options, recordFolder);
}

// Runs the work again under record and reports the fault.
int reproduce(CompileOptions options, const CompileWork &work, const ChildEnd &first) {
  std::string folder = makeFolder();
  if (folder.empty())
    return report(rt::withHelp(
        rt::makeError(ErrorId::Internal, absl::StrCat("the compiler ", describe(first))),
        "report it with the spec and this command line; no reproducer was written, as neither the "
        "current folder nor $TMPDIR can be written to"));
  copySpec(options, folder + "/spec.mlir");
  CompileOptions again = options;
  again.output = options.output.empty() ? "" : folder + "/package.rondo";
  again.dumpFolder.clear();
  rewindStandardInput(options);
  ChildEnd second = runInChild(
      [&] {
        llvm::sys::PrintStackTraceOnErrorSignal("rondo-compile");
        return workInChild(work, again, folder);
      },
      folder + "/log.txt");
  LastStage last = findLastStage(folder);
  bool repeats = isFault(second);
  std::string where = repeats ? absl::StrCat("stage '", last.name, "' ") : "the compiler ";
  std::string fault = absl::StrCat(where, describe(first));
  std::string repeat = repeats && last.isPass ? absl::StrCat("rondo-opt --run-reproducer ", last.file)
                                              : wholeCommand(options, folder);
  writeReport(options, folder, fault, repeat);
  absl::Status status = rt::withNote(rt::makeError(ErrorId::Internal, fault),
                                     absl::StrCat("the reproducer is in ", folder, "/"));
  if (!repeats)
    status = rt::withNote(std::move(status), "a second run of the same did not fail");
  status = rt::withNote(std::move(status), absl::StrCat("this repeats it: ", repeat));
  return report(
      rt::withHelp(std::move(status), "please report it with that folder, which holds a copy of the spec"));
}

} // namespace

int supervise(const CompileOptions &options, const CompileWork &work) {
  if (options.spec == "-" && !keepStandardInput())
    return report(rt::makeError(ErrorId::FileMissing, "cannot keep the standard input"));
  ChildEnd end = runInChild([&] { return workInChild(work, options, ""); });
  if (!end.started)
    return report(
        rt::makeError(ErrorId::OutOfMemory, absl::StrCat("cannot start a process: ", strerror(errno))));
  if (isFault(end))
    return reproduce(options, work, end);
  if (end.signal == SIGKILL)
    return report(
        rt::makeError(ErrorId::OutOfMemory, "the compiler was killed, as systems out of memory do"));
  if (end.signal != 0) {
    std::signal(end.signal, SIG_DFL);
    raise(end.signal);
  }
  return end.exitCode;
}

} // namespace rondo
