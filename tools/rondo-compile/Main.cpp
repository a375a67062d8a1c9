// rondo-compile: from a model's spec to a package.
#include "tools/rondo-compile/Compile.h"

int main(int argc, char **argv) {
  std::variant<rondo::CompileOptions, int> options = rondo::parseOptions(argc, argv);
  if (const int *code = std::get_if<int>(&options))
    return *code;
  return rondo::compile(std::get<rondo::CompileOptions>(options));
}
