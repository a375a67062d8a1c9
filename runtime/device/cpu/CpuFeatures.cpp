// Reads processor flags as Linux lists them.
#include "runtime/device/cpu/CpuFeatures.h"

#include "absl/strings/str_cat.h"

#include <cstdio>
#include <memory>

namespace rondo::rt {

std::string_view cpuFlags(std::string_view cpuinfo) {
  while (!cpuinfo.empty()) {
    std::string_view line = cpuinfo.substr(0, cpuinfo.find('\n'));
    size_t colon = line.find(':');
    if (line.substr(0, 5) == "flags" && colon != std::string_view::npos)
      return line.substr(colon + 1);
    cpuinfo.remove_prefix(std::min(cpuinfo.size(), line.size() + 1));
  }
  return {};
}

// Whether `word` stands in the blank-separated list `words`.
static bool hasWord(std::string_view words, std::string_view word) {
  for (size_t at = words.find(word); at != std::string_view::npos; at = words.find(word, at + 1)) {
    size_t end = at + word.size();
    if ((at == 0 || words[at - 1] == ' ') && (end == words.size() || words[end] == ' '))
      return true;
  }
  return false;
}

absl::Status checkCpuFeatures(const format::Package &package, std::string_view flags) {
  std::string target = package.target()->str();
  if (target.rfind("cpu:", 0) != 0)
    return withHelp(
        makeError(ErrorId::TargetMismatch, absl::StrCat("expected code for a CPU, found code for ", target)),
        target.rfind("cuda:", 0) == 0
            ? "Run it with --device cuda, or compile for this machine: --target cpu."
            : "Compile for this machine: --target cpu.");
  std::string missing;
  for (const flatbuffers::String *feature : *package.cpu_features())
    if (!hasWord(flags, feature->string_view()))
      absl::StrAppend(&missing, missing.empty() ? "" : ", ", feature->str());
  if (missing.empty())
    return absl::OkStatus();
  return makeError(ErrorId::TargetMismatch, absl::StrCat("expected a processor that runs code for ", target,
                                                         ", found one without ", missing));
}

std::string readCpuInfo() {
  std::unique_ptr<FILE, int (*)(FILE *)> file(std::fopen("/proc/cpuinfo", "re"), std::fclose);
  std::string text;
  if (!file)
    return text;
  char block[4096];
  while (size_t bytes = std::fread(block, 1, sizeof(block), file.get()))
    text.append(block, bytes);
  return text;
}

} // namespace rondo::rt
