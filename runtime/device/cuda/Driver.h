// NVIDIA's driver, found when it is asked for.
#pragma once

#include "runtime/device/cuda/DriverApi.h"
#include "runtime/status/Status.h"

#include <memory>
#include <string>

namespace rondo::rt::cuda {

// The loaded library and what it has said. Calls go through check(), which turns results into statuses:
// RND4002 where memory is short, RND4011 for everything else. An error that is no shortage of memory is
// latched: the device is lost, and every later status is the same.
class Driver {
public:
  // Opens libcuda.so.1, or the library that the environment variable RONDO_CUDA_DRIVER names. RND4010 if
  // there is none, if it lacks a call, or if it says that there is no GPU.
  static absl::StatusOr<std::shared_ptr<Driver>> open();
  ~Driver();

  const DriverApi *operator->() const { return &api_; }
  // `what`: "launching kernel 'x'".
  absl::Status check(Result result, std::string_view what);
  // OK, or why the device is lost.
  const absl::Status &status() const { return status_; }
  // "CUDA_ERROR_LAUNCH_FAILED (719)"
  std::string textOf(Result result) const;

private:
  Driver() = default;

  void *library_ = nullptr;
  DriverApi api_;
  absl::Status status_;
};

} // namespace rondo::rt::cuda
