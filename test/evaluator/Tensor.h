// Plain tensors of the reference evaluator: every element type is held as float64.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <numeric>
#include <vector>

namespace rondo::reference {

struct Tensor {
  std::vector<int64_t> shape;
  std::vector<double> data; // row-major

  Tensor() = default;
  explicit Tensor(std::vector<int64_t> sizes)
      : shape(std::move(sizes)),
        data(std::accumulate(shape.begin(), shape.end(), int64_t(1), std::multiplies<int64_t>()), 0.0) {}

  int64_t size(unsigned dim) const { return shape[dim]; }
  int64_t width() const { return shape.back(); } // of the last dimension
  int64_t rows() const { return static_cast<int64_t>(data.size()) / width(); }

  double &at(std::initializer_list<int64_t> index) { return data[offset(index)]; }
  double at(std::initializer_list<int64_t> index) const { return data[offset(index)]; }

private:
  int64_t offset(std::initializer_list<int64_t> index) const {
    int64_t result = 0;
    unsigned dim = 0;
    for (int64_t i : index)
      result = result * shape[dim++] + i;
    return result;
  }
};

} // namespace rondo::reference
