// Numbers in written specs.
#include "frontends/import/Number.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

std::string rondo::shortestNumber(double value) {
  std::string text;
  for (int digits = 1; digits <= 17; ++digits) {
    text.clear();
    llvm::raw_string_ostream(text) << llvm::format("%.*g", digits, value);
    if (strtod(text.c_str(), nullptr) == value)
      break;
  }
  return text;
}
