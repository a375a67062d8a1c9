// Causal attention with an online softmax over a dilated view, one head of a sequence whose rows hold
// several. FLOPs that the result needs: 4 D per pair of a query and a key that it sees.
#include "bench/cpu/KernelReport.h"

using namespace rondo;

namespace rondo::bench {
namespace {

// Sums and products of one tile of keys; the diagonal's scores count up to it.
constexpr const char *kStep = R"(
    %nk# = arith.subi %count, %j# : index
    %jRows# = arith.muli %j#, %ratio : index
    %k# = tile.load %K[%jRows#, %column] step $S rows %nk# : memref<$Tx$Wxf32> -> tensor<$Cx$Dxf32>
    %v# = tile.load %V[%jRows#, %column] step $S rows %nk# : memref<$Tx$Wxf32> -> tensor<$Cx$Dxf32>
    %ks# = tile.stage rhs %k# : tensor<$Cx$Dxf32>
    %vs# = tile.stage rhs %v# : tensor<$Cx$Dxf32>
    %s# = tile.dot %q, %ks# {transpose_b?r} : tensor<$Cx$Dxf32>, tensor<$Cx$Dxf32> -> tensor<$Cx$Cxf32>
    %sf# = arith.mulf %s#, %scales : tensor<$Cx$Cxf32>?m
    %top# = tile.reduce max %sm# axis 1 : tensor<$Cx$Cxf32> -> tensor<$Cxf32>
    %mn# = arith.maximumf %m#, %top# : tensor<$Cxf32>
    %mb# = tile.broadcast %mn# axis 1 : tensor<$Cxf32> -> tensor<$Cx$Cxf32>
    %sh# = arith.subf %sm#, %mb# : tensor<$Cx$Cxf32>
    %p# = math.exp %sh# : tensor<$Cx$Cxf32>
    %dm# = arith.subf %m#, %mn# : tensor<$Cxf32>
    %f# = math.exp %dm# : tensor<$Cxf32>
    %row# = tile.reduce add %p# axis 1 : tensor<$Cx$Cxf32> -> tensor<$Cxf32>
    %ln# = math.fma %l#, %f#, %row# : tensor<$Cxf32>
    %fb# = tile.broadcast %f# axis 1 : tensor<$Cxf32> -> tensor<$Cx$Dxf32>
    %af# = arith.mulf %a#, %fb# : tensor<$Cx$Dxf32>
    %an# = tile.dot %p#, %vs#, %af#?l : tensor<$Cx$Cxf32>, tensor<$Cx$Dxf32>, tensor<$Cx$Dxf32> -> tensor<$Cx$Dxf32>)";

constexpr const char *kBefore = R"(
tile.kernel @attention(%Q: memref<$Tx$Wxf32>, %K: memref<$Tx$Wxf32>, %V: memref<$Tx$Wxf32>, %N: memref<1xi64>, %O: memref<$Tx$Wxf32>)
    writes [false, false, false, false, true] grid [$G] ids(%id) {
  %c0 = arith.constant 0 : index
  %c = arith.constant $C : index
  %column = arith.constant $D : index
  %ratio = arith.constant $S : index
  %count64 = memref.load %N[%c0] : memref<1xi64>
  %count = arith.index_cast %count64 : i64 to index
  %i0 = arith.muli %id, %c : index
  %iRows = arith.muli %i0, %ratio : index
  %nq = arith.subi %count, %i0 : index
  %q = tile.load %Q[%iRows, %column] step $S rows %nq : memref<$Tx$Wxf32> -> tensor<$Cx$Dxf32>
  %scales = arith.constant dense<0.125> : tensor<$Cx$Cxf32>
  %none = arith.constant dense<0xFF800000> : tensor<$Cx$Cxf32>
  %m0 = arith.constant dense<0xFF800000> : tensor<$Cxf32>
  %l0 = arith.constant dense<0.0> : tensor<$Cxf32>
  %a0 = arith.constant dense<0.0> : tensor<$Cx$Dxf32>
  %iOwn = tile.iota axis 0 : tensor<$Cx$Cxi32>
  %jOwn = tile.iota axis 1 : tensor<$Cx$Cxi32>
  %seen = arith.cmpi sle, %jOwn, %iOwn : tensor<$Cx$Cxi32>
  %mE, %lE, %aE = scf.for %jL = %c0 to %i0 step %c iter_args(%mL = %m0, %lL = %l0, %aL = %a0)
      -> (tensor<$Cxf32>, tensor<$Cxf32>, tensor<$Cx$Dxf32>) {)";

constexpr const char *kBetween = R"(
    scf.yield %mnL, %lnL, %anL : tensor<$Cxf32>, tensor<$Cxf32>, tensor<$Cx$Dxf32>
  }
  %jE = arith.addi %i0, %c0 : index)";

constexpr const char *kAfter = R"(
  %one = arith.constant dense<1.0> : tensor<$Cxf32>
  %inverse = arith.divf %one, %lnE : tensor<$Cxf32>
  %lb = tile.broadcast %inverse axis 1 : tensor<$Cxf32> -> tensor<$Cx$Dxf32>
  %r = arith.mulf %anE, %lb : tensor<$Cx$Dxf32>
  tile.store %r, %O[%iRows, %column] step $S rows %nq : tensor<$Cx$Dxf32>, memref<$Tx$Wxf32>
  tile.return
})";

std::string replaced(std::string text, const std::string &from, const std::string &to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

std::string stepText(const std::string &name, bool diagonal) {
  std::string text = replaced(replaced(kStep, "%sm#", diagonal ? "%sm#" : "%sf#"), "#", name);
  text = replaced(text, "?r", diagonal ? ", triangle = #tile.triangle<lower_result>" : "");
  text = replaced(text, "?l", diagonal ? " {triangle = #tile.triangle<lower_lhs>}" : "");
  std::string select = "\n    %sm" + name + " = arith.select %seen, %sf" + name +
                       ", %none : tensor<$Cx$Cxi1>, tensor<$Cx$Cxf32>";
  return replaced(text, "?m", diagonal ? select : "");
}

bool runAttention(const target::Target &target, int64_t rows, int64_t d, int64_t step, int64_t tile) {
  constexpr int64_t heads = 4;
  std::string text = kBefore + stepText("L", false) + kBetween + stepText("E", true) + kAfter;
  KernelRunner kernel(
      fillIn(text,
             {{"T", rows * step}, {"W", heads * d}, {"D", d}, {"S", step}, {"C", tile}, {"G", rows / tile}}),
      target);
  if (!kernel.ok())
    return false;
  size_t size = static_cast<size_t>(rows * step * heads * d);
  AlignedFloats q = randomFloats(size), k = randomFloats(size), v = randomFloats(size), o(size);
  int64_t count = rows;
  report("attention D " + std::to_string(d) + ", step " + std::to_string(step) + ", tiles of " +
             std::to_string(tile),
         kernel, {q.data(), k.data(), v.data(), &count, o.data()}, rows / tile,
         2.0 * static_cast<double>(rows * (rows + 1) * d));
  return true;
}

} // namespace

bool runAttentions(const target::Target &target) {
  for (int64_t d : {64, 128})
    for (int64_t step : {1, 4})
      for (int64_t tile : {64, 128})
        if (!runAttention(target, 2048, d, step, tile))
          return false;
  return true;
}

} // namespace rondo::bench
