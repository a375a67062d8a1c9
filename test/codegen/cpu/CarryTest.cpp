// Carried tiles, branches and overwrites: what is evaluated late must still see the memory of its own time.
#include "test/codegen/cpu/KernelCase.h"

#include <numeric>

using namespace rondo;
using namespace rondo::test;

namespace {

constexpr const char *kRetentionBuffers =
    "%Q: memref<$Tx$DKxf32>, %K: memref<$Tx$DKxf32>, %V: memref<$Tx$DVxf32>, %M: memref<$Cx$Cxf32>, "
    "%R: memref<$Cxf32>, %E: memref<$Cxf32>, %G: memref<1xf32>, %S: memref<$DKx$DVxf32>, "
    "%O: memref<$Tx$DVxf32>";

// Chunkwise retention as the kernel builders write it. KS, VS and SS stand for the dots' right operands.
constexpr const char *kRetentionBody = R"(
    %c = arith.constant $C : index
    %end = arith.constant $T : index
    %mask = tile.load %M[%c0, %c0] : memref<$Cx$Cxf32> -> tensor<$Cx$Cxf32>
    %row = tile.load %R[%c0] : memref<$Cxf32> -> tensor<$Cxf32>
    %row2 = tile.broadcast %row axis 1 : tensor<$Cxf32> -> tensor<$Cx$DVxf32>
    %en = tile.load %E[%c0] : memref<$Cxf32> -> tensor<$Cxf32>
    %en2 = tile.broadcast %en axis 1 : tensor<$Cxf32> -> tensor<$Cx$DKxf32>
    %g = memref.load %G[%c0] : memref<1xf32>
    %g2 = tile.broadcast %g : f32 -> tensor<$DKx$DVxf32>
    %s0 = tile.load %S[%c0, %c0] : memref<$DKx$DVxf32> -> tensor<$DKx$DVxf32>
    %last = scf.for %t = %c0 to %end step %c iter_args(%s = %s0) -> (tensor<$DKx$DVxf32>) {
      %qt = tile.load %Q[%t, %c0] : memref<$Tx$DKxf32> -> tensor<$Cx$DKxf32>
      %kt = tile.load %K[%t, %c0] : memref<$Tx$DKxf32> -> tensor<$Cx$DKxf32>
      %vt = tile.load %V[%t, %c0] : memref<$Tx$DVxf32> -> tensor<$Cx$DVxf32>
STAGES
      %sg = arith.mulf %s, %g2 : tensor<$DKx$DVxf32>
      %kz = arith.mulf %kt, %en2 : tensor<$Cx$DKxf32>
      %sn = tile.dot %kz, VS, %sg {transpose_a} : tensor<$Cx$DKxf32>, tensor<$Cx$DVxf32>, tensor<$DKx$DVxf32> -> tensor<$DKx$DVxf32>
      %p = tile.dot %qt, KS {transpose_b, triangle = #tile.triangle<lower_result>} : tensor<$Cx$DKxf32>, tensor<$Cx$DKxf32> -> tensor<$Cx$Cxf32>
      %pm = arith.mulf %p, %mask : tensor<$Cx$Cxf32>
      %qs = tile.dot %qt, SS : tensor<$Cx$DKxf32>, tensor<$DKx$DVxf32> -> tensor<$Cx$DVxf32>
      %qd = arith.mulf %qs, %row2 : tensor<$Cx$DVxf32>
      %ot = tile.dot %pm, VS, %qd {triangle = #tile.triangle<lower_lhs>} : tensor<$Cx$Cxf32>, tensor<$Cx$DVxf32>, tensor<$Cx$DVxf32> -> tensor<$Cx$DVxf32>
      tile.store %ot, %O[%t, %c0] : tensor<$Cx$DVxf32>, memref<$Tx$DVxf32>
      scf.yield %sn : tensor<$DKx$DVxf32>
    }
    tile.store %last, %S[%c0, %c0] : tensor<$DKx$DVxf32>, memref<$DKx$DVxf32>)";

constexpr const char *kStages = R"(
      %ks = tile.stage rhs %kt : tensor<$Cx$DKxf32>
      %vs = tile.stage rhs %vt : tensor<$Cx$DVxf32>
      %ss = tile.stage rhs %s : tensor<$DKx$DVxf32>)";

void replaceAll(std::string &text, const std::string &from, const std::string &to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
}

std::string retentionKernel(bool staged) {
  std::string body = kRetentionBody;
  replaceAll(body, "STAGES", staged ? kStages : "");
  replaceAll(body, "KS", staged ? "%ks" : "%kt");
  replaceAll(body, "VS", staged ? "%vs" : "%vt");
  replaceAll(body, "SS", staged ? "%ss" : "%s");
  return kernelText(kRetentionBuffers, "false, false, false, false, false, false, false, true, true", body);
}

constexpr double kDecay = 0.9;

struct RetentionTensors {
  RetentionTensors(int64_t chunk, int64_t dk, int64_t dv)
      : time(3 * chunk), dk(dk), dv(dv), q(randomFloats(time * dk, 1)), k(randomFloats(time * dk, 2)),
        v(randomFloats(time * dv, 3)), state(randomFloats(dk * dv, 4)), o(time * dv, NAN),
        mask(chunk * chunk), rows(chunk), ends(chunk), decay(1, power(chunk)) {
    for (int64_t i = 0; i < chunk; ++i) {
      rows[i] = power(i + 1);
      ends[i] = power(chunk - 1 - i);
      for (int64_t j = 0; j <= i; ++j)
        mask[i * chunk + j] = power(i - j);
    }
  }
  static float power(int64_t exponent) { return float(std::pow(kDecay, exponent)); }

  std::vector<void *> buffers() {
    return {q.data(),    k.data(),     v.data(),     mask.data(), rows.data(),
            ends.data(), decay.data(), state.data(), o.data()};
  }

  int64_t time, dk, dv;
  AlignedFloats q, k, v, state, o, mask, rows, ends, decay;
};

// The recurrence in double, from the state `s`.
void expectRecurrence(RetentionTensors &x, std::vector<double> s) {
  for (int64_t t = 0; t < x.time; ++t)
    for (int64_t j = 0; j < x.dv; ++j) {
      double expected = 0;
      for (int64_t i = 0; i < x.dk; ++i) {
        double &cell = s[i * x.dv + j];
        cell = kDecay * cell + double(x.k[t * x.dk + i]) * x.v[t * x.dv + j];
        expected += cell * x.q[t * x.dk + i];
      }
      ASSERT_NEAR(x.o[t * x.dv + j], expected, 2e-4 * std::sqrt(double(x.dk))) << "at " << t << ", " << j;
    }
  for (int64_t i = 0; i < x.dk * x.dv; ++i)
    ASSERT_NEAR(x.state[i], s[i], 2e-4);
}

void checkRetention(int64_t chunk, int64_t dk, int64_t dv, bool staged) {
  SCOPED_TRACE(::testing::Message() << "chunk " << chunk << ", " << dk << "/" << dv
                                    << (staged ? " staged" : ""));
  RetentionTensors tensors(chunk, dk, dv);
  std::vector<double> start(tensors.state.data(), tensors.state.data() + dk * dv);
  runKernel(fillIn(retentionKernel(staged), {{"T", tensors.time}, {"C", chunk}, {"DK", dk}, {"DV", dv}}),
            tensors.buffers());
  expectRecurrence(tensors, std::move(start));
}

TEST(Carry, Retention) {
  for (bool staged : {true, false}) {
    checkRetention(16, 32, 64, staged);
    checkRetention(20, 12, 37, staged);
    checkRetention(3, 5, 7, staged);
    checkRetention(1, 16, 33, staged);
  }
}

// Attention with a running maximum: three carries, one of them rescaled.
TEST(Carry, OnlineSoftmax) {
  constexpr int64_t queries = 9, keys = 48, d = 20;
  AlignedFloats q = randomFloats(queries * d, 1), k = randomFloats(keys * d, 2),
                v = randomFloats(keys * d, 3);
  AlignedFloats o(queries * d, NAN);
  runKernel(
      kernelText("%Q: memref<9x20xf32>, %K: memref<48x20xf32>, %V: memref<48x20xf32>, %O: memref<9x20xf32>",
                 "false, false, false, true", R"(
    %end = arith.constant 48 : index
    %step = arith.constant 16 : index
    %q = tile.load %Q[%c0, %c0] : memref<9x20xf32> -> tensor<9x20xf32>
    %m0 = arith.constant dense<0xFF800000> : tensor<9xf32>
    %l0 = arith.constant dense<0.0> : tensor<9xf32>
    %a0 = arith.constant dense<0.0> : tensor<9x20xf32>
    %m, %l, %a = scf.for %t = %c0 to %end step %step iter_args(%mi = %m0, %li = %l0, %ai = %a0) -> (tensor<9xf32>, tensor<9xf32>, tensor<9x20xf32>) {
      %kt = tile.load %K[%t, %c0] : memref<48x20xf32> -> tensor<16x20xf32>
      %vt = tile.load %V[%t, %c0] : memref<48x20xf32> -> tensor<16x20xf32>
      %s = tile.dot %q, %kt {transpose_b} : tensor<9x20xf32>, tensor<16x20xf32> -> tensor<9x16xf32>
      %top = tile.reduce max %s axis 1 : tensor<9x16xf32> -> tensor<9xf32>
      %mn = arith.maximumf %mi, %top : tensor<9xf32>
      %mb = tile.broadcast %mn axis 1 : tensor<9xf32> -> tensor<9x16xf32>
      %sh = arith.subf %s, %mb : tensor<9x16xf32>
      %p = math.exp %sh : tensor<9x16xf32>
      %dm = arith.subf %mi, %mn : tensor<9xf32>
      %f = math.exp %dm : tensor<9xf32>
      %row = tile.reduce add %p axis 1 : tensor<9x16xf32> -> tensor<9xf32>
      %lf = arith.mulf %li, %f : tensor<9xf32>
      %ln = arith.addf %lf, %row : tensor<9xf32>
      %fb = tile.broadcast %f axis 1 : tensor<9xf32> -> tensor<9x20xf32>
      %af = arith.mulf %ai, %fb : tensor<9x20xf32>
      %an = tile.dot %p, %vt, %af : tensor<9x16xf32>, tensor<16x20xf32>, tensor<9x20xf32> -> tensor<9x20xf32>
      scf.yield %mn, %ln, %an : tensor<9xf32>, tensor<9xf32>, tensor<9x20xf32>
    }
    %lb = tile.broadcast %l axis 1 : tensor<9xf32> -> tensor<9x20xf32>
    %r = arith.divf %a, %lb : tensor<9x20xf32>
    tile.store %r, %O[%c0, %c0] : tensor<9x20xf32>, memref<9x20xf32>)"),
      {q.data(), k.data(), v.data(), o.data()});
  for (int64_t i = 0; i < queries; ++i) {
    std::vector<double> weights(keys);
    for (int64_t j = 0; j < keys; ++j)
      weights[j] = std::exp(std::inner_product(&q[i * d], &q[i * d] + d, &k[j * d], 0.0));
    double total = std::accumulate(weights.begin(), weights.end(), 0.0);
    for (int64_t c = 0; c < d; ++c) {
      double expected = 0;
      for (int64_t j = 0; j < keys; ++j)
        expected += weights[j] / total * v[j * d + c];
      ASSERT_NEAR(o[i * d + c], expected, 2e-5);
    }
  }
}

// Loads read what stood there before later stores, whatever is evaluated when.
TEST(Overwrites, LateReadersAreSaved) {
  AlignedFloats x = randomFloats(4 * 24, 1), before = randomFloats(4 * 24, 1), y(4 * 24);
  runKernel(kernelText("%X: memref<4x24xf32>, %Y: memref<4x24xf32>", "true, true", R"(
    %c1 = arith.constant 1 : index
    %a = tile.load %X[%c0, %c0] : memref<4x24xf32> -> tensor<3x24xf32>
    %b = tile.load %X[%c1, %c0] : memref<4x24xf32> -> tensor<3x24xf32>
    %s = arith.addf %a, %b : tensor<3x24xf32>
    tile.store %a, %X[%c1, %c0] : tensor<3x24xf32>, memref<4x24xf32>
    tile.store %s, %Y[%c0, %c0] : tensor<3x24xf32>, memref<4x24xf32>)"),
            {x.data(), y.data()});
  for (int64_t i = 0; i < 72; ++i) {
    ASSERT_EQ(x[i + 24], before[i]);
    ASSERT_EQ(y[i], before[i] + before[i + 24]);
  }
}

// Two carries that change places in every iteration, and a branch that stores.
TEST(Carry, ExchangeAndBranch) {
  AlignedFloats x = randomFloats(2 * 20, 1), y(2 * 20, 7);
  runKernel(kernelText("%X: memref<2x20xf32>, %Y: memref<2x20xf32>", "false, true", R"(
    %c1 = arith.constant 1 : index
    %c3 = arith.constant 3 : index
    %a0 = tile.load %X[%c0, %c0] : memref<2x20xf32> -> tensor<1x20xf32>
    %b0 = tile.load %X[%c1, %c0] : memref<2x20xf32> -> tensor<1x20xf32>
    %a, %b = scf.for %t = %c0 to %c3 step %c1 iter_args(%p = %a0, %q = %b0) -> (tensor<1x20xf32>, tensor<1x20xf32>) {
      %s = arith.addf %p, %q : tensor<1x20xf32>
      scf.yield %q, %s : tensor<1x20xf32>, tensor<1x20xf32>
    }
    tile.store %b, %Y[%c0, %c0] : tensor<1x20xf32>, memref<2x20xf32>
    %last = arith.cmpi eq, %id, %c0 : index
    scf.if %last {
      tile.store %a, %Y[%c1, %c0] : tensor<1x20xf32>, memref<2x20xf32>
    })"),
            {x.data(), y.data()});
  for (int64_t i = 0; i < 20; ++i) {
    float p = x[i], q = x[20 + i];
    for (int t = 0; t < 3; ++t) {
      float s = p + q;
      p = q;
      q = s;
    }
    ASSERT_EQ(y[i], q);
    ASSERT_EQ(y[20 + i], p);
  }
}

} // namespace
