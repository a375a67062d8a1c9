// rondo-compile as released, except that the fault happens that RONDO_FAULT names: before the pass
// segv:rondo-form-groups or, where it spoils the IR, after it. The programs that users get know nothing of
// this.
#include "dialects/rondo/Rondo.h"
#include "mlir/Pass/PassInstrumentation.h"
#include "tools/rondo-compile/Compile.h"
#include "tools/rondo-compile/Supervise.h"
#include "llvm/Support/ErrorHandling.h"

#include <csignal>
#include <cstdlib>
#include <sys/resource.h>

using namespace mlir;
using namespace rondo;

namespace {

int deep(volatile int *depth) {
  volatile int local = *depth + 1;
  return local < 0 ? local : deep(&local) + local;
}

void exhaustMemory() {
  rlimit limit{rlim_t(4) << 30, rlim_t(4) << 30};
  setrlimit(RLIMIT_AS, &limit);
  for (char *volatile kept = nullptr;; kept = new char[1 << 26]) // never touched: costs addresses, not memory
    (void)kept;
}

void crash(StringRef kind) {
  if (kind == "segv")
    *reinterpret_cast<volatile int *>(std::getenv("RONDO_FAULT") == nullptr) = 1;
  else if (kind == "overflow")
    std::exit(deep([] {
      static volatile int none = 0;
      return &none;
    }()));
  else if (kind == "fatal")
    llvm::report_fatal_error("the planted fault");
  else if (kind == "exit")
    std::exit(1); // as libraries do that think they are a program
  else if (kind == "memory")
    exhaustMemory();
  else if (kind == "killed" || kind == "terminated")
    std::raise(kind == "killed" ? SIGKILL : SIGTERM);
}

// IR that the next pass cannot take, or that no verifier lets through.
void spoil(StringRef kind, ModuleOp module) {
  if (kind == "unplanned")
    module.walk([](GroupOp group) { group->removeAttr("slices"); });
  else if (kind == "invalid")
    module.walk([](WeightOp weight) { weight->removeAttr("type"); });
}

struct Fault : PassInstrumentation {
  std::pair<StringRef, StringRef> wanted = StringRef(std::getenv("RONDO_FAULT")).split(':');

  void runBeforePass(Pass *pass, Operation *) override {
    if (pass->getArgument() == wanted.second)
      crash(wanted.first);
  }
  void runAfterPass(Pass *pass, Operation *op) override {
    if (pass->getArgument() == wanted.second)
      spoil(wanted.first, cast<ModuleOp>(op));
  }
};

} // namespace

int main(int argc, char **argv) {
  std::variant<CompileOptions, int> options = parseOptions(argc, argv);
  if (const int *code = std::get_if<int>(&options))
    return *code;
  auto work = [](const CompileOptions &wanted, const std::string &recordFolder) {
    auto addFault = [](PassManager &manager) { manager.addInstrumentation(std::make_unique<Fault>()); };
    return compile(wanted, {recordFolder, addFault});
  };
  return supervise(std::get<CompileOptions>(options), work);
}
