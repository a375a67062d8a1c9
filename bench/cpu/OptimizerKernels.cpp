// The compiled AdamW step of one parameter beside memcpy: both are bound by memory. One thread. Bytes per
// element: adamw reads gradient, parameter and both moments and writes three of them, 28; memcpy reads and
// writes, 8.
#include "bench/cpu/FmaPeak.h"
#include "bench/cpu/GraphKernels.h"
#include "bench/cpu/KernelReport.h"

#include <cstdio>
#include <cstring>

using namespace rondo;
using bench::AlignedFloats;

namespace {

constexpr const char *kGraph = R"(
rondo.weight @w : tensor<$Nx1024xf32> init #rondo.init<normal, 0.1>
rondo.optimizer_state @m first_moment of @w : tensor<$Nx1024xf32>
rondo.optimizer_state @v second_moment of @w : tensor<$Nx1024xf32>
func.func @step(%g: tensor<$Nx1024xf32>, %rates: tensor<8xf32>)
    attributes {rondo.entry = #rondo.entry<update, B = 0, T = 0, slots = 0>} {
  rondo.adamw %g, %rates @w m @m v @v decay : tensor<$Nx1024xf32>, tensor<8xf32>
  return
})";

template <typename Body> double secondsOf(Body body) {
  double begin = bench::threadSeconds();
  body();
  return bench::threadSeconds() - begin;
}

// Best of many turns, in which both take theirs.
bool run(const target::Target &target, int64_t rows) {
  bench::GraphKernels graph(bench::fillIn(kGraph, {{"N", rows}}));
  if (!graph.ok())
    return false;
  tile::KernelOp kernel = graph.kernelOf(graph.commands().front());
  bench::KernelRunner runner(graph.textOf(kernel), target);
  if (!runner.ok())
    return false;
  size_t elements = static_cast<size_t>(rows) * 1024;
  AlignedFloats g = bench::randomFloats(elements), w = bench::randomFloats(elements), m(elements, 0.1f),
                v(elements, 0.1f), rates(8), copy(elements);
  float values[8] = {1, 1, 0.9f, 0.98f, 1e-8f, 1e-3f, 1, 1e-4f};
  std::copy(std::begin(values), std::end(values), rates.data());
  std::vector<void *> buffers = {g.data(), w.data(), m.data(), v.data(), rates.data()};
  double step = 1e9, plain = 1e9;
  for (int turn = 0; turn < 30; ++turn) {
    step = std::min(step, secondsOf([&] { runner.run(buffers, 0, kernel.getWorkgroupCount()); }));
    plain = std::min(plain, secondsOf([&] { std::memcpy(copy.data(), g.data(), elements * sizeof(float)); }));
  }
  std::printf("adamw of %5.1f MiB parameters  %6.2f ms  %5.1f GB/s, memcpy %5.1f GB/s\n",
              static_cast<double>(elements) * 4 / (1 << 20), step * 1e3,
              28e-9 * static_cast<double>(elements) / step, 8e-9 * static_cast<double>(elements) / plain);
  return true;
}

} // namespace

int main() {
  return bench::measureAll([](const target::Target &target) {
    return run(target, 64) && run(target, 1024) && run(target, 16384);
  });
}
