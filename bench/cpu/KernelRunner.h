// Compiles tile kernels written as text and calls them: what the kernel benchmarks and the code generator's
// tests share.
#pragma once

#include "codegen/cpu/CpuImage.h"
#include "codegen/target/Target.h"
#include "runtime/format/KernelAbi.h"

#include <memory>
#include <string>
#include <vector>

namespace rondo::bench {

/// Memory that starts at a multiple of RONDO_BUFFER_ALIGNMENT.
class AlignedFloats {
public:
  explicit AlignedFloats(size_t size, float value = 0);
  float *data() { return data_.get(); }
  float &operator[](size_t i) { return data_[i]; }
  size_t size() const { return size_; }

private:
  struct Free {
    void operator()(float *pointer) const;
  };
  size_t size_;
  std::unique_ptr<float[], Free> data_;
};

/// Replaces every $NAME of a text by its number; longer names first.
std::string fillIn(std::string text, std::vector<std::pair<std::string, int64_t>> numbers);

/// The kernels of one module, ready to be called.
class KernelRunner {
public:
  /// Diagnostics go to stderr and leave `ok()` false.
  explicit KernelRunner(const std::string &moduleText, const target::Target &target);
  ~KernelRunner();
  KernelRunner(const KernelRunner &) = delete;
  KernelRunner &operator=(const KernelRunner &) = delete;

  bool ok() const { return base_ != nullptr; }
  double compileSeconds() const { return compileSeconds_; }
  const codegen::CpuImage &image() const { return image_; }
  /// Runs workgroups [begin, end) of kernel number `index`.
  void run(const std::vector<void *> &buffers, int64_t begin, int64_t end, size_t index = 0);

private:
  void load();

  codegen::CpuImage image_;
  uint8_t *base_ = nullptr;
  double compileSeconds_ = 0;
  std::vector<AlignedFloats> scratch_;
};

} // namespace rondo::bench
