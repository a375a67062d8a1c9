// Attention with an online softmax over dilated views, against plain float64: tiles carried through loops
// whose bounds are known at run time only, within branches and other loops.
#include "test/codegen/cpu/KernelCase.h"

#include <algorithm>

using namespace rondo;
using namespace rondo::test;

namespace {

// One head at columns [column, column + d) of rows of `width`.
struct Heads {
  int64_t time, width, column, d;
  AlignedFloats q, k, v;

  Heads(int64_t time, int64_t width, int64_t column, int64_t d)
      : time(time), width(width), column(column), d(d), q(randomFloats(time * width, 1)),
        k(randomFloats(time * width, 2)), v(randomFloats(time * width, 3)) {}

  const float *row(AlignedFloats &of, int64_t t) { return &of[t * width + column]; }
};

struct Row {
  std::vector<double> o;
  double logSumExp;
};

// Softmax of the scores with `keys` over their values; zeros if there are none.
Row attend(Heads &heads, int64_t query, const std::vector<int64_t> &keys) {
  std::vector<double> scores;
  for (int64_t key : keys) {
    double score = 0;
    for (int64_t e = 0; e < heads.d; ++e)
      score += double(heads.row(heads.q, query)[e]) * heads.row(heads.k, key)[e];
    scores.push_back(score / std::sqrt(double(heads.d)));
  }
  double top = -INFINITY, sum = 0;
  for (double score : scores)
    top = std::max(top, score);
  Row row{std::vector<double>(heads.d), -INFINITY};
  for (double score : scores)
    sum += std::exp(score - top);
  for (size_t i = 0; i < keys.size(); ++i)
    for (int64_t e = 0; e < heads.d; ++e)
      row.o[e] += std::exp(scores[i] - top) / sum * heads.row(heads.v, keys[i])[e];
  if (!keys.empty())
    row.logSumExp = top + std::log(sum);
  return row;
}

void compare(Heads &heads, int64_t query, AlignedFloats &o, float logSumExp, const Row &expected) {
  SCOPED_TRACE(::testing::Message() << "query " << query);
  for (int64_t e = 0; e < heads.d; ++e)
    ASSERT_NEAR(o[query * heads.width + heads.column + e], expected.o[e], 1e-5) << "column " << e;
  if (std::isfinite(expected.logSumExp))
    ASSERT_NEAR(logSumExp, expected.logSumExp, 1e-5);
  else
    ASSERT_EQ(logSumExp, -INFINITY);
}

// One tile of keys: what the running maximum %mi, sum %li and output %ai become, as %mn, %ln and %an. %seen
// says which scores count.
constexpr const char *kSoftmaxStep = R"(
      %s = tile.dot %qs, %ks {transpose_b} : tensor<$QTx$Dxf32>, tensor<$KTx$Dxf32> -> tensor<$QTx$KTxf32>
      %sm = arith.select %seen, %s, %none : tensor<$QTx$KTxi1>, tensor<$QTx$KTxf32>
      %top = tile.reduce max %sm axis 1 : tensor<$QTx$KTxf32> -> tensor<$QTxf32>
      %mn = arith.maximumf %mi, %top : tensor<$QTxf32>
      %isNone = arith.cmpf oeq, %mn, %m0 : tensor<$QTxf32>
      %mz = arith.select %isNone, %l0, %mn : tensor<$QTxi1>, tensor<$QTxf32>
      %mb = tile.broadcast %mz axis 1 : tensor<$QTxf32> -> tensor<$QTx$KTxf32>
      %sh = arith.subf %sm, %mb : tensor<$QTx$KTxf32>
      %p = math.exp %sh : tensor<$QTx$KTxf32>
      %dm = arith.subf %mi, %mz : tensor<$QTxf32>
      %f = math.exp %dm : tensor<$QTxf32>
      %row = tile.reduce add %p axis 1 : tensor<$QTx$KTxf32> -> tensor<$QTxf32>
      %ln = math.fma %li, %f, %row : tensor<$QTxf32>
      %fb = tile.broadcast %f axis 1 : tensor<$QTxf32> -> tensor<$QTx$Dxf32>
      %af = arith.mulf %ai, %fb : tensor<$QTx$Dxf32>
      %an = tile.dot %p, %vs, %af : tensor<$QTx$KTxf32>, tensor<$KTx$Dxf32>, tensor<$QTx$Dxf32> -> tensor<$QTx$Dxf32>)";

// Before the first: nothing seen; the queries, scaled.
constexpr const char *kSoftmaxBegin = R"(
    %m0 = arith.constant dense<0xFF800000> : tensor<$QTxf32>
    %l0 = arith.constant dense<0.0> : tensor<$QTxf32>
    %a0 = arith.constant dense<0.0> : tensor<$QTx$Dxf32>
    %none = arith.constant dense<0xFF800000> : tensor<$QTx$KTxf32>
    %scale = memref.load %Scale[%c0] : memref<1xf32>
    %scales = tile.broadcast %scale : f32 -> tensor<$QTx$Dxf32>
    %qs = arith.mulf %q, %scales : tensor<$QTx$Dxf32>
    %ones = arith.constant dense<1.0> : tensor<$QTxf32>)";

// After the last, of %l, %a and %m: output %r and log-sum-exp %e; zeros and minus infinity where nothing was
// seen.
constexpr const char *kSoftmaxEnd = R"(
    %empty = arith.cmpf oeq, %l, %l0 : tensor<$QTxf32>
    %ls = arith.select %empty, %ones, %l : tensor<$QTxi1>, tensor<$QTxf32>
    %inverse = arith.divf %ones, %ls : tensor<$QTxf32>
    %lb = tile.broadcast %inverse axis 1 : tensor<$QTxf32> -> tensor<$QTx$Dxf32>
    %r = arith.mulf %a, %lb : tensor<$QTx$Dxf32>
    %log = math.log %ls : tensor<$QTxf32>
    %e1 = arith.addf %m, %log : tensor<$QTxf32>
    %e = tile.reshape %e1 : tensor<$QTxf32> -> tensor<$QTx1xf32>)";

// ---- a dilated view
// ---------------------------------------------------------------------------------------------

// Segments of `length` positions, of which those at `offset`, offset + ratio, ... take part.
struct Dilation {
  int64_t length, ratio, offset;
};

// A workgroup has one tile of the queries of one segment. The segment's rows are those of a strided view,
// counted where the sequence or the segment ends.
constexpr const char *kDilated = R"(
    %c1 = arith.constant 1 : index
    %time = arith.constant $TIME : index
    %length = arith.constant $LENGTH : index
    %ratio = arith.constant $RATIO : index
    %offset = arith.constant $OFFSET : index
    %up = arith.constant $UP : index
    %qt = arith.constant $QT : index
    %kt = arith.constant $KT : index
    %column = arith.constant $COLUMN : index
    %perSegment = arith.constant $PER : index
    %segment = arith.divui %id, %perSegment : index
    %part = arith.remui %id, %perSegment : index
    %begin = arith.muli %segment, %length : index
    %left = arith.subi %time, %begin : index
    %own = arith.minsi %left, %length : index
    %behind = arith.subi %own, %offset : index
    %raised = arith.addi %behind, %up : index
    %count = arith.divsi %raised, %ratio : index
    %i0 = arith.muli %part, %qt : index
    %nq = arith.subi %count, %i0 : index
    %any = arith.cmpi sgt, %nq, %c0 : index
    scf.if %any {
    %first = arith.addi %begin, %offset : index
    %iRows = arith.muli %i0, %ratio : index
    %qRow = arith.addi %first, %iRows : index
    %q = tile.load %Q[%qRow, %column] step $RATIO rows %nq : memref<$TIMEx$WIDTHxf32> -> tensor<$QTx$Dxf32>)";

constexpr const char *kDilatedLoop = R"(
    %qEnd = arith.addi %i0, %qt : index
    %jEnd = arith.minsi %qEnd, %count : index
    %i0s = arith.index_cast %i0 : index to i32
    %iBase = tile.broadcast %i0s : i32 -> tensor<$QTx$KTxi32>
    %iOwn = tile.iota axis 0 : tensor<$QTx$KTxi32>
    %i = arith.addi %iBase, %iOwn : tensor<$QTx$KTxi32>
    %jOwn = tile.iota axis 1 : tensor<$QTx$KTxi32>
    %m, %l, %a = scf.for %j0 = %c0 to %jEnd step %kt iter_args(%mi = %m0, %li = %l0, %ai = %a0)
        -> (tensor<$QTxf32>, tensor<$QTxf32>, tensor<$QTx$Dxf32>) {
      %jRows = arith.muli %j0, %ratio : index
      %kRow = arith.addi %first, %jRows : index
      %nk = arith.subi %count, %j0 : index
      %k = tile.load %K[%kRow, %column] step $RATIO rows %nk : memref<$TIMEx$WIDTHxf32> -> tensor<$KTx$Dxf32>
      %v = tile.load %V[%kRow, %column] step $RATIO rows %nk : memref<$TIMEx$WIDTHxf32> -> tensor<$KTx$Dxf32>
      %ks = tile.stage rhs %k : tensor<$KTx$Dxf32>
      %vs = tile.stage rhs %v : tensor<$KTx$Dxf32>
      %j0s = arith.index_cast %j0 : index to i32
      %jBase = tile.broadcast %j0s : i32 -> tensor<$QTx$KTxi32>
      %j = arith.addi %jBase, %jOwn : tensor<$QTx$KTxi32>
      %seen = arith.cmpi sle, %j, %i : tensor<$QTx$KTxi32>)";

constexpr const char *kDilatedEnd = R"(
    tile.store %r, %O[%qRow, %column] step $RATIO rows %nq : tensor<$QTx$Dxf32>, memref<$TIMEx$WIDTHxf32>
    tile.store %e, %E[%qRow, %c0] step $RATIO rows %nq : tensor<$QTx1xf32>, memref<$TIMEx1xf32>
    })";

constexpr const char *kYield = R"(
      scf.yield %mn, %ln, %an : tensor<$QTxf32>, tensor<$QTxf32>, tensor<$QTx$Dxf32>
    })";

std::string dilatedText(const Heads &heads, Dilation dilation, int64_t queryTile, int64_t keyTile,
                        int64_t perSegment) {
  std::string body = std::string(kDilated) + kSoftmaxBegin + kDilatedLoop + kSoftmaxStep + kYield +
                     kSoftmaxEnd + kDilatedEnd;
  return fillIn(
      kernelText("%Q: memref<$TIMEx$WIDTHxf32>, %K: memref<$TIMEx$WIDTHxf32>, %V: memref<$TIMEx$WIDTHxf32>, "
                 "%Scale: memref<1xf32>, %O: memref<$TIMEx$WIDTHxf32>, %E: memref<$TIMEx1xf32>",
                 "false, false, false, false, true, true", body),
      {{"TIME", heads.time},
       {"WIDTH", heads.width},
       {"COLUMN", heads.column},
       {"D", heads.d},
       {"LENGTH", dilation.length},
       {"RATIO", dilation.ratio},
       {"OFFSET", dilation.offset},
       {"UP", dilation.ratio - 1},
       {"PER", perSegment},
       {"QT", queryTile},
       {"KT", keyTile}});
}

void checkDilated(int64_t time, int64_t d, Dilation dilation, int64_t queryTile, int64_t keyTile) {
  SCOPED_TRACE(::testing::Message() << "time " << time << ", d " << d << ", segments of " << dilation.length
                                    << " by " << dilation.ratio << " from " << dilation.offset
                                    << ", tiles of " << queryTile << " x " << keyTile);
  Heads heads(time, 3 * d, d, d);
  int64_t segments = (time + dilation.length - 1) / dilation.length;
  int64_t rows = (dilation.length - dilation.offset + dilation.ratio - 1) / dilation.ratio;
  int64_t perSegment = (rows + queryTile - 1) / queryTile;
  AlignedFloats o(time * heads.width, 7), e(time, 7), scale(1, 1 / std::sqrt(float(d)));
  runKernel(dilatedText(heads, dilation, queryTile, keyTile, perSegment),
            {heads.q.data(), heads.k.data(), heads.v.data(), scale.data(), o.data(), e.data()},
            segments * perSegment);
  for (int64_t t = 0; t < time; ++t) {
    int64_t local = t % dilation.length, begin = t - local;
    bool takesPart = local % dilation.ratio == dilation.offset;
    for (int64_t c = 0; c < heads.width; ++c)
      if (!takesPart || c < d || c >= 2 * d)
        ASSERT_EQ(o[t * heads.width + c], 7) << "row " << t << ", column " << c << " is not the kernel's";
    if (!takesPart)
      continue;
    std::vector<int64_t> keys;
    for (int64_t key = begin + dilation.offset; key <= t; key += dilation.ratio)
      keys.push_back(key);
    compare(heads, t, o, e[t], attend(heads, t, keys));
  }
}

TEST(Attention, CausalOverADilatedView) {
  checkDilated(300, 64, {128, 4, 1}, 16, 16);
  checkDilated(300, 64, {300, 1, 0}, 64, 64);
  checkDilated(257, 16, {100, 3, 2}, 64, 32); // 33 rows per segment, 19 in the last
  checkDilated(130, 24, {64, 12, 11}, 5, 3);
  checkDilated(65, 128, {64, 6, 5}, 64, 64); // the last segment has no row
  checkDilated(200, 40, {256, 1, 0}, 32, 48);
}

// ---- runs of keys
// -----------------------------------------------------------------------------------------------

// The keys of queries [0, 9) come in runs that a table gives: begin, end, pairs of i32. An outer loop over as
// many runs as the table says, a branch that passes the carries on, an inner loop over the run's tiles.
constexpr const char *kRuns = R"(
    %c1 = arith.constant 1 : index
    %kt = arith.constant $KT : index
    %runs32 = memref.load %N[%c0] : memref<1xi32>
    %runs = arith.index_cast %runs32 : i32 to index
    %q = tile.load %Q[%c0, %c0] : memref<$TIMEx$Dxf32> -> tensor<$QTx$Dxf32>)";

constexpr const char *kRunsLoop = R"(
    %jOwn = tile.iota axis 1 : tensor<$QTx$KTxi32>
    %m, %l, %a = scf.for %run = %c0 to %runs step %c1 iter_args(%mo = %m0, %lo = %l0, %ao = %a0)
        -> (tensor<$QTxf32>, tensor<$QTxf32>, tensor<$QTx$Dxf32>) {
      %begin32 = memref.load %R[%run, %c0] : memref<16x2xi32>
      %end32 = memref.load %R[%run, %c1] : memref<16x2xi32>
      %begin = arith.index_cast %begin32 : i32 to index
      %end = arith.index_cast %end32 : i32 to index
      %counts = arith.cmpi ne, %begin32, %end32 : i32
      %mf, %lf, %of = scf.if %counts -> (tensor<$QTxf32>, tensor<$QTxf32>, tensor<$QTx$Dxf32>) {
      %mx, %lx, %ax = scf.for %at = %begin to %end step %kt iter_args(%mi = %mo, %li = %lo, %ai = %ao)
          -> (tensor<$QTxf32>, tensor<$QTxf32>, tensor<$QTx$Dxf32>) {
      %nk = arith.subi %end, %at : index
      %k = tile.load %K[%at, %c0] rows %nk : memref<$TIMEx$Dxf32> -> tensor<$KTx$Dxf32>
      %v = tile.load %V[%at, %c0] rows %nk : memref<$TIMEx$Dxf32> -> tensor<$KTx$Dxf32>
      %ks = tile.stage rhs %k : tensor<$KTx$Dxf32>
      %vs = tile.stage rhs %v : tensor<$KTx$Dxf32>
      %nk32 = arith.index_cast %nk : index to i32
      %nks = tile.broadcast %nk32 : i32 -> tensor<$QTx$KTxi32>
      %seen = arith.cmpi slt, %jOwn, %nks : tensor<$QTx$KTxi32>)";

constexpr const char *kRunsEnd = R"(
      scf.yield %mx, %lx, %ax : tensor<$QTxf32>, tensor<$QTxf32>, tensor<$QTx$Dxf32>
      } else {
      scf.yield %mo, %lo, %ao : tensor<$QTxf32>, tensor<$QTxf32>, tensor<$QTx$Dxf32>
      }
      scf.yield %mf, %lf, %of : tensor<$QTxf32>, tensor<$QTxf32>, tensor<$QTx$Dxf32>
    })";

constexpr const char *kRunsStores = R"(
    tile.store %r, %O[%c0, %c0] : tensor<$QTx$Dxf32>, memref<$QTx$Dxf32>
    tile.store %e, %E[%c0, %c0] : tensor<$QTx1xf32>, memref<$QTx1xf32>)";

TEST(Attention, RunsOfKeysWithBoundsAtRunTime) {
  constexpr int64_t time = 90, d = 20, queries = 9, keyTile = 16;
  Heads heads(time, d, 0, d);
  std::string body = std::string(kRuns) + kSoftmaxBegin + kRunsLoop + kSoftmaxStep + kYield + kRunsEnd +
                     kSoftmaxEnd + kRunsStores;
  bench::KernelRunner kernel(
      fillIn(kernelText(
                 "%Q: memref<$TIMEx$Dxf32>, %K: memref<$TIMEx$Dxf32>, %V: memref<$TIMEx$Dxf32>, "
                 "%Scale: memref<1xf32>, %N: memref<1xi32>, %R: memref<16x2xi32>, %O: memref<$QTx$Dxf32>, "
                 "%E: memref<$QTx1xf32>",
                 "false, false, false, false, false, false, true, true", body),
             {{"TIME", time}, {"D", d}, {"QT", queries}, {"KT", keyTile}}),
      hostTarget());
  ASSERT_TRUE(kernel.ok());
  AlignedFloats scale(1, 1 / std::sqrt(float(d)));
  using Runs = std::vector<std::pair<int32_t, int32_t>>;
  for (const Runs &runs : {Runs{}, Runs{{5, 5}}, Runs{{0, 90}}, Runs{{7, 8}, {30, 30}, {33, 49}, {50, 90}},
                           Runs{{4, 4}, {0, 17}, {0, 17}, {88, 90}, {9, 9}}}) {
    SCOPED_TRACE(::testing::Message() << runs.size() << " runs");
    std::vector<int32_t> table(32, -1);
    std::vector<int64_t> keys;
    for (size_t i = 0; i < runs.size(); ++i) {
      table[2 * i] = runs[i].first;
      table[2 * i + 1] = runs[i].second;
      for (int64_t key = runs[i].first; key < runs[i].second; ++key)
        keys.push_back(key);
    }
    int32_t count = static_cast<int32_t>(runs.size());
    AlignedFloats o(queries * d, NAN), e(queries, NAN);
    kernel.run({heads.q.data(), heads.k.data(), heads.v.data(), scale.data(), &count, table.data(), o.data(),
                e.data()},
               0, 1);
    for (int64_t t = 0; t < queries; ++t)
      compare(heads, t, o, e[t], attend(heads, t, keys));
  }
}

} // namespace
