// The gradients of y = x W^T with W [N, K] in panels, for M rows, in regions and blocks of the contraction:
//   dx = dy W     M x K    FLOPs 2 M N K, reads dy once per region's columns and W once per region's rows
//   dW = dy^T x   N x K    FLOPs 2 M N K, reads dy once per region's columns and x once per region's rows
#include "bench/cpu/KernelReport.h"

namespace rondo::bench {
namespace {

constexpr const char *kInput = R"(
#panels = affine_map<(n, k) -> (n floordiv 32, k, n mod 32)>
tile.kernel @dx(%dy: memref<$Mx$Nxf32>, %w: memref<$Nx$Kxf32, #panels>, %dx: memref<$Mx$Kxf32>)
    writes [false, false, true] grid [$GC, $GR] ids(%j, %i) {
  %c0 = arith.constant 0 : index
  %n = arith.constant $N : index
  %rows = arith.constant $R : index
  %columns = arith.constant $C : index
  %block = arith.constant $B : index
  %row = arith.muli %i, %rows : index
  %column = arith.muli %j, %columns : index
  %zero = arith.constant dense<0.0> : tensor<$Rx$Cxf32>
  %sum = scf.for %t = %c0 to %n step %block iter_args(%acc = %zero) -> (tensor<$Rx$Cxf32>) {
    %a = tile.load %dy[%row, %t] : memref<$Mx$Nxf32> -> tensor<$Rx$Bxf32>
    %b = tile.load %w[%t, %column] : memref<$Nx$Kxf32, #panels> -> tensor<$Bx$Cxf32>
    %d = tile.dot %a, %b, %acc : tensor<$Rx$Bxf32>, tensor<$Bx$Cxf32>, tensor<$Rx$Cxf32> -> tensor<$Rx$Cxf32>
    scf.yield %d : tensor<$Rx$Cxf32>
  }
  tile.store %sum, %dx[%row, %column] : tensor<$Rx$Cxf32>, memref<$Mx$Kxf32>
  tile.return
})";

constexpr const char *kWeight = R"(
#panels = affine_map<(n, k) -> (n floordiv 32, k, n mod 32)>
tile.kernel @dw(%dy: memref<$Mx$Nxf32>, %x: memref<$Mx$Kxf32>, %dw: memref<$Nx$Kxf32, #panels>)
    writes [false, false, true] grid [$GR, $GC] ids(%i, %j) {
  %c0 = arith.constant 0 : index
  %m = arith.constant $M : index
  %rows = arith.constant $R : index
  %columns = arith.constant $C : index
  %block = arith.constant $B : index
  %row = arith.muli %i, %rows : index
  %column = arith.muli %j, %columns : index
  %zero = arith.constant dense<0.0> : tensor<$Rx$Cxf32>
  %sum = scf.for %t = %c0 to %m step %block iter_args(%acc = %zero) -> (tensor<$Rx$Cxf32>) {
    %a = tile.load %dy[%t, %row] : memref<$Mx$Nxf32> -> tensor<$Bx$Rxf32>
    %b = tile.load %x[%t, %column] : memref<$Mx$Kxf32> -> tensor<$Bx$Cxf32>
    %as = tile.stage lhs %a : tensor<$Bx$Rxf32>
    %bs = tile.stage rhs %b : tensor<$Bx$Cxf32>
    %d = tile.dot %as, %bs, %acc {transpose_a} : tensor<$Bx$Rxf32>, tensor<$Bx$Cxf32>, tensor<$Rx$Cxf32> -> tensor<$Rx$Cxf32>
    scf.yield %d : tensor<$Rx$Cxf32>
  }
  tile.store %sum, %dw[%row, %column] : tensor<$Rx$Cxf32>, memref<$Nx$Kxf32, #panels>
  tile.return
})";

struct Case {
  int64_t m, n, k, rows, columns, block;
};

std::string sizes(const Case &c) {
  return std::to_string(c.m) + "x" + std::to_string(c.n) + "x" + std::to_string(c.k) + " in " +
         std::to_string(c.rows) + "x" + std::to_string(c.columns) + " by " + std::to_string(c.block);
}

bool runGradient(const target::Target &target, bool isWeight, const Case &c) {
  int64_t gridRows = (isWeight ? c.n : c.m) / c.rows, gridColumns = c.k / c.columns;
  KernelRunner kernel(fillIn(isWeight ? kWeight : kInput, {{"M", c.m},
                                                           {"N", c.n},
                                                           {"K", c.k},
                                                           {"R", c.rows},
                                                           {"C", c.columns},
                                                           {"B", c.block},
                                                           {"GR", gridRows},
                                                           {"GC", gridColumns}}),
                      target);
  if (!kernel.ok())
    return false;
  AlignedFloats dy = randomFloats(c.m * c.n), other = randomFloats((isWeight ? c.m : c.n) * c.k);
  AlignedFloats result((isWeight ? c.n : c.m) * c.k);
  report((isWeight ? "dW " : "dx ") + sizes(c), kernel, {dy.data(), other.data(), result.data()},
         gridRows * gridColumns, 2.0 * static_cast<double>(c.m * c.n * c.k));
  return true;
}

} // namespace

bool runGradients(const target::Target &target) {
  const Case inputs[] = {{512, 512, 512, 64, 256, 256},
                         {512, 512, 512, 256, 256, 256},
                         {512, 768, 768, 256, 256, 128},
                         {512, 3072, 768, 256, 256, 128}};
  const Case weights[] = {{512, 512, 512, 64, 256, 256},
                          {512, 512, 512, 256, 256, 256},
                          {512, 768, 768, 256, 256, 256},
                          {512, 3072, 768, 256, 256, 256},
                          {4096, 768, 768, 256, 256, 256}};
  for (const Case &c : inputs)
    if (!runGradient(target, false, c))
      return false;
  for (const Case &c : weights)
    if (!runGradient(target, true, c))
      return false;
  return true;
}

} // namespace rondo::bench
