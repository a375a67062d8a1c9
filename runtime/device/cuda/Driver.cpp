// Finds the driver's library and its calls.
#include "runtime/device/cuda/Driver.h"

#include "absl/strings/str_cat.h"

#include <cstdlib>
#include <dlfcn.h>

namespace rondo::rt::cuda {

constexpr int kOldestVersion = 11080; // of the driver: CUDA 11.8

static absl::Status noGpu(std::string_view why) {
  return makeError(ErrorId::NoGpu,
                   absl::StrCat("expected a GPU with its driver, found none: ", std::string(why)));
}

Driver::~Driver() {
  if (library_)
    ::dlclose(library_);
}

absl::StatusOr<std::shared_ptr<Driver>> Driver::open() {
  std::shared_ptr<Driver> driver(new Driver);
  const char *named = std::getenv("RONDO_CUDA_DRIVER");
  const char *name = named && *named ? named : "libcuda.so.1";
  driver->library_ = ::dlopen(name, RTLD_NOW | RTLD_LOCAL);
  if (!driver->library_)
    return noGpu(absl::StrCat(name, " cannot be opened"));
#define RONDO_CUDA_FIND(member, symbol, parameters)                                                          \
  driver->api_.member = reinterpret_cast<Result(*) parameters>(::dlsym(driver->library_, #symbol));          \
  if (!driver->api_.member)                                                                                  \
    return noGpu(absl::StrCat(name, " has no ", #symbol));
  RONDO_CUDA_CALLS(RONDO_CUDA_FIND)
#undef RONDO_CUDA_FIND
  int version = 0;
  if (Result result = driver->api_.init(0); result != kSuccess)
    return noGpu(driver->textOf(result));
  if (driver->api_.driverVersion(&version) != kSuccess || version < kOldestVersion)
    return noGpu(absl::StrCat("the driver is of version ", version / 1000, ".", version % 1000 / 10,
                              ", older than 11.8"));
  return driver;
}

std::string Driver::textOf(Result result) const {
  const char *name = nullptr;
  if (api_.errorName(result, &name) != kSuccess || !name)
    name = "an unknown error";
  return absl::StrCat(name, " (", result, ")");
}

absl::Status Driver::check(Result result, std::string_view what) {
  if (!status_.ok())
    return status_;
  if (result == kSuccess)
    return absl::OkStatus();
  if (result == kOutOfMemory)
    return makeError(ErrorId::OutOfMemory,
                     absl::StrCat("the GPU's memory does not suffice for ", std::string(what)));
  return status_ =
             makeError(ErrorId::DeviceLost, absl::StrCat(std::string(what), " failed: ", textOf(result)));
}

} // namespace rondo::rt::cuda
