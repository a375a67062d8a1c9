// The kernels of the loss over a vocabulary, as rondo-build-kernels makes them, one thread, against the FMA
// peak of the same run. N rows, K columns, V words, W in panels. Needed FLOPs: scores 2 N V K, each gradient
// 4 N V K (the scores once more, and the product with W or x). Needed bytes: 4 V K for W, the same for dW;
// per row one exponential per word beside 2 K or 4 K FLOPs.
#include "bench/cpu/GraphKernels.h"
#include "bench/cpu/KernelReport.h"
#include "dialects/rondo/OperandBytes.h"

#include <cmath>

using namespace mlir;
using namespace rondo;

namespace {

constexpr const char *kEntry = R"(
#panels = #rondo.layout<panels, 32>
func.func @loss(%x: tensor<1x$Nx$Kxf32>, %w: tensor<$Vx$Kxf32, #panels>, %t: tensor<1x$Nxi32>, %lse: tensor<1x$Nxf32>,
                %d: tensor<1x$Nxf32>)
    -> (tensor<1x$Nxf32>, tensor<1x$Nxf32>, tensor<1x$Nx$Kxf32>, tensor<$Vx$Kxf32, #panels>)
    attributes {rondo.entry = #rondo.entry<forward, B = 1, T = $N, slots = 1>} {
  %lp, %l = rondo.linear_log_prob %x, %w, %t
      : (tensor<1x$Nx$Kxf32>, tensor<$Vx$Kxf32, #panels>, tensor<1x$Nxi32>) -> (tensor<1x$Nxf32>, tensor<1x$Nxf32>)
  %dx = rondo.linear_log_prob_grad_input %x, %w, %t, %lse, %d
      : (tensor<1x$Nx$Kxf32>, tensor<$Vx$Kxf32, #panels>, tensor<1x$Nxi32>, tensor<1x$Nxf32>, tensor<1x$Nxf32>)
      -> tensor<1x$Nx$Kxf32>
  %dw = rondo.linear_log_prob_grad_weight %x, %w, %t, %lse, %d
      : (tensor<1x$Nx$Kxf32>, tensor<$Vx$Kxf32, #panels>, tensor<1x$Nxi32>, tensor<1x$Nxf32>, tensor<1x$Nxf32>)
      -> tensor<$Vx$Kxf32, #panels>
  return %lp, %l, %dx, %dw : tensor<1x$Nxf32>, tensor<1x$Nxf32>, tensor<1x$Nx$Kxf32>, tensor<$Vx$Kxf32, #panels>
})";

struct Sizes {
  int64_t rows, depth, vocabulary;
};

// Memory of every value of the entry point: x, W of unit size, targets spread over the vocabulary,
// probabilities about 1 / V.
llvm::DenseMap<Value, bench::AlignedFloats> allocate(func::FuncOp entry, const Sizes &sizes) {
  llvm::DenseMap<Value, bench::AlignedFloats> memory;
  auto bytes = [](Value value) { return storageBytes(cast<RankedTensorType>(value.getType())); };
  for (BlockArgument argument : entry.getArguments())
    memory.try_emplace(argument, bench::randomFloats(bytes(argument) / sizeof(float)));
  auto *targets = reinterpret_cast<int32_t *>(memory.find(entry.getArgument(2))->second.data());
  for (int64_t i = 0; i < sizes.rows; ++i) {
    targets[i] = static_cast<int32_t>(i * 7919 % sizes.vocabulary);
    memory.find(entry.getArgument(3))->second[i] = std::log(static_cast<float>(sizes.vocabulary));
  }
  for (auto command : entry.getOps<DispatchOp>())
    for (Value output : command.getOutputs())
      memory.try_emplace(output, bench::AlignedFloats(bytes(output) / sizeof(float)));
  return memory;
}

bool measure(const target::Target &target, const Sizes &sizes) {
  bench::GraphKernels graph(
      bench::fillIn(kEntry, {{"N", sizes.rows}, {"K", sizes.depth}, {"V", sizes.vocabulary}}));
  if (!graph.ok())
    return false;
  auto memory = allocate(graph.entry(), sizes);
  for (DispatchOp command : graph.commands()) {
    tile::KernelOp kernel = graph.kernelOf(command);
    bench::KernelRunner runner(graph.textOf(kernel), target);
    if (!runner.ok())
      return false;
    std::vector<void *> buffers;
    int64_t inputs = command.getInputs().size();
    for (Attribute binding : command.getBindings()) {
      int64_t number = cast<IntegerAttr>(binding).getInt();
      Value value = number < inputs ? command.getInputs()[number] : command.getOutputs()[number - inputs];
      buffers.push_back(memory.find(value)->second.data());
    }
    bool isForward = command.getKernel().starts_with("linear_log_prob_0");
    double products = static_cast<double>(sizes.rows * sizes.vocabulary * sizes.depth);
    std::string name = kernel.getSource()->str() + " " + std::to_string(sizes.rows) + "x" +
                       std::to_string(sizes.depth) + "x" + std::to_string(sizes.vocabulary);
    bench::report(name, runner, buffers, kernel.getWorkgroupCount(), (isForward ? 2 : 4) * products);
  }
  return true;
}

} // namespace

int main() {
  return bench::measureAll([](const target::Target &target) {
    return measure(target, {512, 64, 256}) && measure(target, {512, 768, 50304});
  });
}
