// rondo-compile: from a model's spec to a package.
#include "tools/rondo-compile/Compile.h"
#include "tools/rondo-compile/Supervise.h"

int main(int argc, char **argv) {
  std::variant<rondo::CompileOptions, int> options = rondo::parseOptions(argc, argv);
  if (const int *code = std::get_if<int>(&options))
    return *code;
  auto work = [](const rondo::CompileOptions &wanted, const std::string &recordFolder) {
    return rondo::compile(wanted, {recordFolder, nullptr});
  };
  return rondo::supervise(std::get<rondo::CompileOptions>(options), work);
}
