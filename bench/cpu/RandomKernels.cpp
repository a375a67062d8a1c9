// Dropout in the second-level cache beside the same pass without random numbers: what a word of Philox costs.
// One thread.
#include "bench/cpu/KernelReport.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

namespace rondo::bench {
namespace {

constexpr int64_t kRows = 64;

constexpr const char *kKernel = R"(
tile.kernel @k(%key: memref<2xi64>, %x: memref<64x$Nxf32>, %y: memref<64x$Nxf32>) writes [false, false, true] grid [1] ids(%i) {
  %c0 = arith.constant 0 : index
  %seed = memref.load %key[%c0] : memref<2xi64>
  %t = tile.load %x[%c0, %c0] : memref<64x$Nxf32> -> tensor<64x$Nxf32>
  %scale = arith.constant dense<1.25> : tensor<64x$Nxf32>
  %s = arith.mulf %t, %scale : tensor<64x$Nxf32>
)";

constexpr const char *kMask = R"(
  %bits = tile.random_bits %seed, %seed [%c0, %c0] width $N $ALIGNED : tensor<64x$Nxi32>
  %eight = arith.constant dense<8> : tensor<64x$Nxi32>
  %n = arith.shrui %bits, %eight : tensor<64x$Nxi32>
  %rate = arith.constant dense<3355444> : tensor<64x$Nxi32>
  %kept = arith.cmpi sle, %rate, %n : tensor<64x$Nxi32>
  %zero = arith.constant dense<0.0> : tensor<64x$Nxf32>
  %r = arith.select %kept, %s, %zero : tensor<64x$Nxi1>, tensor<64x$Nxf32>
)";

constexpr const char *kEnd = R"(
  tile.store %$R, %y[%c0, %c0] : tensor<64x$Nxf32>, memref<64x$Nxf32>
  tile.return
})";

std::string textOf(bool drops, int64_t columns) {
  std::string mask = kMask, end = kEnd;
  mask.replace(mask.find("$ALIGNED"), 8, columns % 4 == 0 ? "aligned" : "");
  end.replace(end.find("$R"), 2, drops ? "r" : "s");
  return fillIn(kKernel + (drops ? mask : "") + end, {{"N", columns}});
}

double nanoseconds(KernelRunner &kernel, const std::vector<void *> &buffers) {
  double best = 1e18;
  for (int turn = 0; turn < 200; ++turn) {
    auto begin = std::chrono::steady_clock::now();
    kernel.run(buffers, 0, 1);
    best = std::min(
        best, std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begin).count());
  }
  return best;
}

} // namespace

bool runDropout(const target::Target &target) {
  for (int64_t columns : {512, 511}) {
    KernelRunner dropout(textOf(true, columns), target), plain(textOf(false, columns), target);
    if (!dropout.ok() || !plain.ok())
      return false;
    AlignedFloats x = randomFloats(kRows * columns), y(kRows * columns);
    int64_t key[] = {1, 2};
    std::vector<void *> buffers = {key, x.data(), y.data()};
    double sixteenths = static_cast<double>(kRows * columns) / 16;
    std::printf("dropout of %lld columns  %5.2f ns per 16 elements, without random numbers %5.2f\n",
                static_cast<long long>(columns), nanoseconds(dropout, buffers) / sixteenths,
                nanoseconds(plain, buffers) / sixteenths);
  }
  return true;
}

} // namespace rondo::bench
