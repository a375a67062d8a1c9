// The kernels that the compiler makes of the backward pass's layer ops, one thread, at the sizes of a model
// of width 768 with 512 positions, and the embedding's with 4096. Products are compared with the FMA peak,
// the others with a copy of as many bytes between their runs: needed FLOPs and bytes only, as the ops count
// them.
#include "bench/cpu/FmaPeak.h"
#include "bench/cpu/GraphKernels.h"
#include "bench/cpu/KernelReport.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

using namespace mlir;
using namespace rondo;
using bench::AlignedFloats;

namespace {

struct Case {
  const char *name, *arguments, *results, *body; // of a function that returns %r
  bool isProduct = false;
};

#define X "tensor<1x512x768xf32>"
#define WIDE "tensor<1x512x3072xf32>"
#define PANELS ", #rondo.layout<panels, 32>>"
#define INPUT(N, DY)                                                                                         \
  {"linear_grad_input 512x" N "x768", "%a: " DY ", %b: tensor<" N "x768xf32" PANELS, X,                      \
   "%r = rondo.linear_grad_input %a, %b : (" DY ", tensor<" N "x768xf32" PANELS ") -> " X, true}
#define WEIGHT(M, N, K)                                                                                      \
  {"linear_grad_weight " M "x" N "x" K, "%a: tensor<1x" M "x" N "xf32>, %b: tensor<1x" M "x" K "xf32>",      \
   "tensor<" N "x" K "xf32" PANELS,                                                                          \
   "%r = rondo.linear_grad_weight %a, %b : (tensor<1x" M "x" N "xf32>, tensor<1x" M "x" K                    \
   "xf32>) -> tensor<" N "x" K "xf32" PANELS,                                                                \
   true}
#define EMBEDDING(M, V, END, NAME)                                                                           \
  {"embedding_grad " M " of " V NAME, "%a: tensor<1x" M "xi32>, %b: tensor<1x" M "x768xf32>",                \
   "tensor<" V "x768xf32" END,                                                                               \
   "%r = rondo.embedding_grad %a, %b vocabulary " V " : (tensor<1x" M "xi32>, tensor<1x" M                   \
   "x768xf32>) -> tensor<" V "x768xf32" END}

const Case cases[] = {
    INPUT("768", X),
    INPUT("3072", WIDE),
    WEIGHT("512", "768", "768"),
    WEIGHT("512", "3072", "768"),
    WEIGHT("512", "768", "3072"),
    WEIGHT("4096", "64", "64"),
    EMBEDDING("512", "256", PANELS, " in panels"),
    EMBEDDING("4096", "256", PANELS, " in panels"),
    EMBEDDING("4096", "256", ">", ""),
    EMBEDDING("4096", "50304", PANELS, " in panels"),
    {"rms_norm_grad 512x768", "%a: " X ", %b: " X ", %c: tensor<768xf32>", X,
     "%r = rondo.rms_norm_grad %a, %b, %c eps 1.0e-6 : (" X ", " X ", tensor<768xf32>) -> " X},
    {"rms_norm_grad_weight 512x768", "%a: " X ", %b: " X, "tensor<768xf32>",
     "%r = rondo.rms_norm_grad_weight %a, %b eps 1.0e-6 : (" X ", " X ") -> tensor<768xf32>"},
    {"layer_norm_grad 512x768", "%a: " X ", %b: " X ", %c: tensor<768xf32>", X,
     "%r = rondo.layer_norm_grad %a, %b, %c eps 1.0e-5 : (" X ", " X ", tensor<768xf32>) -> " X},
    {"layer_norm_grad_weight 512x768", "%a: " X ", %b: " X, "tensor<768xf32>",
     "%r = rondo.layer_norm_grad_weight %a, %b eps 1.0e-5 : (" X ", " X ") -> tensor<768xf32>"},
    {"sum_rows 512x768", "%a: " X, "tensor<768xf32>", "%r = rondo.sum_rows %a : (" X ") -> tensor<768xf32>"},
    {"activation_grad gelu 512x3072", "%a: " WIDE ", %b: " WIDE, WIDE,
     "%r = rondo.activation_grad gelu %a, %b : (" WIDE ", " WIDE ") -> " WIDE},
    {"activation_grad silu 512x3072", "%a: " WIDE ", %b: " WIDE, WIDE,
     "%r = rondo.activation_grad silu %a, %b : (" WIDE ", " WIDE ") -> " WIDE},
    {"sum_heads 8 to 2, 512x8x96", "%a: tensor<1x512x8x96xf32>", "tensor<1x512x2x96xf32>",
     "%r = rondo.sum_heads %a to 2 : (tensor<1x512x8x96xf32>) -> tensor<1x512x2x96xf32>"},
    {"retention_grad_decay 512x8x96", "%a: tensor<1x512x8x96xf32>, %b: tensor<1x512x8x96xf32>",
     "tensor<1x512x8xf32>",
     "%r = rondo.retention_grad_decay %a, %b, %b, %a : (tensor<1x512x8x96xf32>, tensor<1x512x8x96xf32>, "
     "tensor<1x512x8x96xf32>, tensor<1x512x8x96xf32>) -> tensor<1x512x8xf32>"},
};

// The kernels of one case, and what their commands need.
struct Work {
  std::string text;
  std::vector<tile::KernelOp> kernels;
  double flops = 0, bytes = 0;
};

Work workOf(bench::GraphKernels &graph) {
  Work work;
  for (DispatchOp command : graph.commands()) {
    work.kernels.push_back(graph.kernelOf(command));
    work.text += graph.textOf(work.kernels.back());
    work.flops += static_cast<double>(command.getFlops());
    work.bytes += static_cast<double>(command.getBytes());
  }
  return work;
}

// Random floats, or row numbers of a table of 256 rows: panels pad to at most 64 rows more.
AlignedFloats operandFor(MemRefType type) {
  size_t columns = type.getRank() == 2 ? type.getDimSize(1) : 1;
  AlignedFloats operand = bench::randomFloats((type.getDimSize(0) + 64) * columns);
  if (type.getElementType().isInteger(32))
    for (size_t i = 0; i < operand.size(); ++i) {
      int32_t token = std::rand() % 256;
      std::memcpy(&operand[i], &token, sizeof(token));
    }
  return operand;
}

double copyRate(size_t bytes) {
  static AlignedFloats from(64 << 20), to(64 << 20); // 256 MiB each
  size_t half = std::min(bytes / 2, from.size() * sizeof(float));
  double start = bench::threadSeconds();
  std::memcpy(to.data(), from.data(), half);
  return 2 * static_cast<double>(half) / (bench::threadSeconds() - start);
}

bool run(const Case &c, const target::Target &target) {
  std::string text = std::string("func.func @entry(") + c.arguments + ") -> " + c.results +
                     " attributes {rondo.entry = #rondo.entry<grad, B = 1, T = 512, slots = 0>} {\n" +
                     c.body + "\nreturn %r : " + c.results + "\n}\n";
  bench::GraphKernels graph(text);
  if (!graph.ok())
    return false;
  Work needed = workOf(graph);
  bench::KernelRunner runner(needed.text, target);
  if (!runner.ok())
    return false;
  std::vector<std::vector<AlignedFloats>> operands;
  for (tile::KernelOp kernel : needed.kernels) {
    std::vector<AlignedFloats> &list = operands.emplace_back();
    for (BlockArgument buffer : kernel.getBuffers())
      list.push_back(operandFor(cast<MemRefType>(buffer.getType())));
  }
  double best = 1e9, yardstick = 0;
  double work = c.isProduct ? needed.flops : needed.bytes;
  int runs = static_cast<int>(std::clamp(c.isProduct ? 4e10 / work : 4e9 / work, 10.0, 400.0));
  for (int i = 0; i < runs; ++i) {
    double start = bench::threadSeconds();
    for (auto [index, kernel] : llvm::enumerate(needed.kernels)) {
      std::vector<void *> buffers;
      for (AlignedFloats &operand : operands[index])
        buffers.push_back(operand.data());
      runner.run(buffers, 0, kernel.getWorkgroupCount(), index);
    }
    best = std::min(best, bench::threadSeconds() - start);
    if (i % 8 == 0)
      yardstick = std::max(yardstick, c.isProduct ? bench::measureFmaPeak(0.005)
                                                  : copyRate(static_cast<size_t>(needed.bytes)));
  }
  std::printf("%-38s %8.3f ms %7.1f %s  %5.1f %% of %.1f  %lld workgroups\n", c.name, best * 1e3,
              work / best * 1e-9, c.isProduct ? "GFLOP/s" : "GB/s   ", 100 * work / best / yardstick,
              yardstick * 1e-9, static_cast<long long>(needed.kernels.front().getWorkgroupCount()));
  std::fflush(stdout);
  return true;
}

} // namespace

int main() {
  return bench::measureAll([](const target::Target &target) {
    return llvm::all_of(cases, [&](const Case &c) { return run(c, target); });
  });
}
