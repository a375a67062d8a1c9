// Kernels written by hand in the tile dialect, one thread, against the FMA peak measured between their runs:
// a product with packed weights, chunkwise retention, and a layer's gradients (GradientKernels.cpp); last
// dropout (RandomKernels.cpp). Counted are the FLOPs that the result needs:
//   product     2 M N K
//   retention   per token and head C (dk + dv) + 4 dk dv: half of the C x C products, and the state's two
#include "bench/cpu/KernelReport.h"

using namespace rondo;
using bench::AlignedFloats;
using bench::randomFloats;
using bench::report;

namespace {

constexpr const char *kProduct = R"(
tile.kernel @product(%x: memref<$Mx$Kxf32>,
                     %w: memref<$Nx$Kxf32, affine_map<(n, k) -> (n floordiv 32, k, n mod 32)>>,
                     %y: memref<$Mx$Nxf32>) writes [false, false, true] grid [$GM, $GN] ids(%i, %j) {
  %c0 = arith.constant 0 : index
  %mt = arith.constant $MT : index
  %nt = arith.constant $NT : index
  %row = arith.muli %i, %mt : index
  %column = arith.muli %j, %nt : index
  %a = tile.load %x[%row, %c0] : memref<$Mx$Kxf32> -> tensor<$MTx$Kxf32>
  %b = tile.load %w[%column, %c0] : memref<$Nx$Kxf32, affine_map<(n, k) -> (n floordiv 32, k, n mod 32)>> -> tensor<$NTx$Kxf32>
  %d = tile.dot %a, %b {transpose_b} : tensor<$MTx$Kxf32>, tensor<$NTx$Kxf32> -> tensor<$MTx$NTxf32>
  tile.store %d, %y[%row, %column] : tensor<$MTx$NTxf32>, memref<$Mx$Nxf32>
  tile.return
})";

constexpr const char *kRetention = R"(
tile.kernel @retention(%q: memref<$Tx$QWxf32>, %k: memref<$Tx$QWxf32>, %v: memref<$Tx$VWxf32>,
                       %decays: memref<$HCx$Cxf32>, %rows: memref<$HCxf32>, %ends: memref<$HCxf32>, %gamma: memref<$Hxf32>,
                       %o: memref<$Tx$VWxf32>)
    writes [false, false, false, false, false, false, false, true] grid [$H] ids(%h) {
  %c0 = arith.constant 0 : index
  %t_end = arith.constant $T : index
  %c = arith.constant $C : index
  %dk = arith.constant $DK : index
  %dv = arith.constant $DV : index
  %qc = arith.muli %h, %dk : index
  %vc = arith.muli %h, %dv : index
  %hc = arith.muli %h, %c : index
  %mask = tile.load %decays[%hc, %c0] : memref<$HCx$Cxf32> -> tensor<$Cx$Cxf32>
  %row = tile.load %rows[%hc] : memref<$HCxf32> -> tensor<$Cxf32>
  %end = tile.load %ends[%hc] : memref<$HCxf32> -> tensor<$Cxf32>
  %row2 = tile.broadcast %row axis 1 : tensor<$Cxf32> -> tensor<$Cx$DVxf32>
  %end2 = tile.broadcast %end axis 1 : tensor<$Cxf32> -> tensor<$Cx$DKxf32>
  %g = memref.load %gamma[%h] : memref<$Hxf32>
  %g2 = tile.broadcast %g : f32 -> tensor<$DKx$DVxf32>
  %zero = arith.constant dense<0.0> : tensor<$DKx$DVxf32>
  %last = scf.for %t = %c0 to %t_end step %c iter_args(%s = %zero) -> (tensor<$DKx$DVxf32>) {
    %qt = tile.load %q[%t, %qc] : memref<$Tx$QWxf32> -> tensor<$Cx$DKxf32>
    %kt = tile.load %k[%t, %qc] : memref<$Tx$QWxf32> -> tensor<$Cx$DKxf32>
    %vt = tile.load %v[%t, %vc] : memref<$Tx$VWxf32> -> tensor<$Cx$DVxf32>
    %ks = tile.stage rhs %kt : tensor<$Cx$DKxf32>
    %vs = tile.stage rhs %vt : tensor<$Cx$DVxf32>
    %ss = tile.stage rhs %s : tensor<$DKx$DVxf32>
    %p = tile.dot %qt, %ks {transpose_b, triangle = #tile.triangle<lower_result>} : tensor<$Cx$DKxf32>, tensor<$Cx$DKxf32> -> tensor<$Cx$Cxf32>
    %pm = arith.mulf %p, %mask : tensor<$Cx$Cxf32>
    %qs = tile.dot %qt, %ss : tensor<$Cx$DKxf32>, tensor<$DKx$DVxf32> -> tensor<$Cx$DVxf32>
    %qd = arith.mulf %qs, %row2 : tensor<$Cx$DVxf32>
    %ot = tile.dot %pm, %vs, %qd {triangle = #tile.triangle<lower_lhs>} : tensor<$Cx$Cxf32>, tensor<$Cx$DVxf32>, tensor<$Cx$DVxf32> -> tensor<$Cx$DVxf32>
    tile.store %ot, %o[%t, %vc] : tensor<$Cx$DVxf32>, memref<$Tx$VWxf32>
    %kz = arith.mulf %kt, %end2 : tensor<$Cx$DKxf32>
    %kzs = tile.stage lhs %kz : tensor<$Cx$DKxf32>
    %sg = arith.mulf %s, %g2 : tensor<$DKx$DVxf32>
    %sn = tile.dot %kzs, %vs, %sg {transpose_a} : tensor<$Cx$DKxf32>, tensor<$Cx$DVxf32>, tensor<$DKx$DVxf32> -> tensor<$DKx$DVxf32>
    scf.yield %sn : tensor<$DKx$DVxf32>
  }
  tile.return
})";

bool runProduct(const target::Target &target, int64_t m, int64_t n, int64_t k, int64_t rows,
                int64_t columns) {
  bench::KernelRunner kernel(bench::fillIn(kProduct, {{"M", m},
                                                      {"N", n},
                                                      {"K", k},
                                                      {"MT", rows},
                                                      {"NT", columns},
                                                      {"GM", m / rows},
                                                      {"GN", n / columns}}),
                             target);
  if (!kernel.ok())
    return false;
  AlignedFloats x = randomFloats(m * k), w = randomFloats(n * k), y(m * n);
  std::string name = "product " + std::to_string(m) + "x" + std::to_string(n) + "x" + std::to_string(k) +
                     " in " + std::to_string(rows) + "x" + std::to_string(columns);
  report(name, kernel, {x.data(), w.data(), y.data()}, m / rows * (n / columns),
         2.0 * static_cast<double>(m * n * k));
  return true;
}

bool runRetention(const target::Target &target, int64_t chunk, int64_t dk, int64_t dv) {
  constexpr int64_t time = 1024, heads = 2;
  bench::KernelRunner kernel(bench::fillIn(kRetention, {{"T", time},
                                                        {"H", heads},
                                                        {"C", chunk},
                                                        {"DK", dk},
                                                        {"DV", dv},
                                                        {"QW", heads * dk},
                                                        {"VW", heads * dv},
                                                        {"HC", heads * chunk}}),
                             target);
  if (!kernel.ok())
    return false;
  AlignedFloats q = randomFloats(time * heads * dk), k = randomFloats(time * heads * dk);
  AlignedFloats v = randomFloats(time * heads * dv), o(time * heads * dv);
  AlignedFloats decays(heads * chunk * chunk, 0.5f), rows(heads * chunk, 0.5f), ends(heads * chunk, 0.5f);
  AlignedFloats gamma(heads, 0.5f);
  std::string name =
      "retention C " + std::to_string(chunk) + ", " + std::to_string(dk) + "/" + std::to_string(dv);
  double flops = static_cast<double>(time * heads * (chunk * (dk + dv) + 4 * dk * dv));
  report(name, kernel,
         {q.data(), k.data(), v.data(), decays.data(), rows.data(), ends.data(), gamma.data(), o.data()},
         heads, flops);
  return true;
}

} // namespace

int main() {
  return bench::measureAll([](const target::Target &target) {
    return runProduct(target, 512, 512, 512, 64, 256) && runProduct(target, 512, 512, 512, 128, 256) &&
           runProduct(target, 1024, 1024, 1024, 64, 256) && runProduct(target, 1, 4096, 1024, 1, 512) &&
           runRetention(target, 64, 64, 128) && runRetention(target, 64, 256, 512) &&
           runRetention(target, 128, 256, 512) && bench::runGradients(target) &&
           bench::runAttentions(target) && bench::runDropout(target);
  });
}
