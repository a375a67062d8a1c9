// Finds the device that a name means.
#include "runtime/device/OpenDevice.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "runtime/device/cpu/CpuDevice.h"
#include "runtime/device/cpu/ThreadPool.h"
#include "runtime/device/cuda/CudaDevice.h"

namespace rondo::rt {

absl::StatusOr<std::unique_ptr<Device>> openDevice(std::string_view name, const Package &package,
                                                   unsigned threads) {
  std::string wanted(name);
  if (wanted.empty())
    wanted = package.root().target()->str().rfind("cuda:", 0) == 0 ? "cuda" : "cpu";
  if (wanted == "cpu")
    return createCpuDevice(threads);
  int ordinal = 0;
  bool isNumbered =
      wanted.rfind("cuda:", 0) == 0 && absl::SimpleAtoi(wanted.substr(5), &ordinal) && ordinal >= 0;
  if (wanted != "cuda" && !isNumbered)
    return makeError(ErrorId::Usage,
                     absl::StrCat("expected --device cpu, cuda or cuda:N, found '", wanted, "'"));
  return createCudaDevice(ordinal);
}

std::vector<std::string> listDevices() {
  std::vector<std::string> lines = {absl::StrCat("cpu: ", availableProcessors(), " threads")};
  absl::StatusOr<std::vector<std::string>> gpus = listCudaDevices();
  for (size_t i = 0; gpus.ok() && i < gpus->size(); ++i)
    lines.push_back(absl::StrCat("cuda:", i, ": ", (*gpus)[i]));
  return lines;
}

} // namespace rondo::rt
