// Compiled chunkwise retention in both directions, with the state either way round: a layer's forward pass
// and the runs that its backward pass consists of. One thread, against the FMA peak measured between the
// runs. Needed FLOPs per head and token: C (dk + dv) + 4 dk dv.
#include "bench/cpu/GraphKernels.h"
#include "bench/cpu/KernelReport.h"

using namespace mlir;
using namespace rondo;
using bench::AlignedFloats;

namespace {

struct Case {
  int64_t time, heads, keyWidth, valueWidth, chunk;
  bool adjoint, transposed;
};

std::string graphOf(const Case &c) {
  std::string decays;
  for (int64_t h = 0; h < c.heads; ++h)
    decays += (h ? ", " : "") + std::to_string(1 - 1.0 / static_cast<double>(32 << h));
  std::string direction = c.adjoint ? "adjoint" : "forward",
              transposed = c.transposed ? ", transposed_state" : "";
  std::string state = c.transposed ? "$VDx$KD" : "$KDx$VD";
  return bench::fillIn(
      "!k = tensor<1x$Tx$Hx$KDxf32>\n!v = tensor<1x$Tx$Hx$VDxf32>\n"
      "func.func @retention(%q: !k, %k: !k, %v: !v) -> !v\n"
      "    attributes {rondo.entry = #rondo.entry<forward, B = 1, T = $T, slots = 1>} {\n"
      "  %o, %s = rondo.retention %q, %k, %v decay [" +
          decays + "] schedule <chunkwise, $C> {direction = #rondo<direction " + direction + ">" +
          transposed + "} : (!k, !k, !v) -> (!v, tensor<1x$Hx" + state + "xf32>)\n  return %o : !v\n}\n",
      {{"T", c.time}, {"H", c.heads}, {"KD", c.keyWidth}, {"VD", c.valueWidth}, {"C", c.chunk}});
}

int64_t elementsOf(Type type) { return cast<RankedTensorType>(type).getNumElements(); }

// The buffers of a command: tables with their values, everything else random.
std::vector<AlignedFloats> buffersOf(ModuleOp module, DispatchOp command) {
  std::vector<AlignedFloats> buffers;
  for (Attribute binding : command.getBindings()) {
    if (auto symbol = dyn_cast<FlatSymbolRefAttr>(binding)) {
      auto values = cast<DenseElementsAttr>(module.lookupSymbol<TableOp>(symbol.getValue()).getValues());
      buffers.emplace_back(elementsOf(values.getType()));
      size_t next = 0;
      for (float value : values.getValues<float>())
        buffers.back()[next++] = value;
      continue;
    }
    int64_t number = cast<IntegerAttr>(binding).getInt(), inputs = command.getInputs().size();
    Value value = number < inputs ? command.getInputs()[number] : command.getOutputs()[number - inputs];
    buffers.push_back(bench::randomFloats(elementsOf(value.getType())));
  }
  return buffers;
}

bool run(const target::Target &target, const Case &c) {
  bench::GraphKernels graph(graphOf(c));
  if (!graph.ok())
    return false;
  DispatchOp command = graph.commands().front();
  tile::KernelOp kernel = graph.kernelOf(command);
  bench::KernelRunner runner(graph.textOf(kernel), target);
  if (!runner.ok())
    return false;
  std::vector<AlignedFloats> buffers = buffersOf(graph.module(), command);
  std::vector<void *> pointers;
  for (AlignedFloats &buffer : buffers)
    pointers.push_back(buffer.data());
  std::string name = std::to_string(c.keyWidth) + "/" + std::to_string(c.valueWidth) + ", chunks of " +
                     std::to_string(c.chunk) + (c.adjoint ? ", adjoint" : ", forward") +
                     (c.transposed ? ", transposed" : "");
  int64_t widths = c.keyWidth + c.valueWidth, state = c.keyWidth * c.valueWidth;
  bench::report(name, runner, pointers, kernel.getWorkgroupCount(),
                static_cast<double>(c.time * c.heads * (c.chunk * widths + 4 * state)));
  return true;
}

bool runAll(const target::Target &target) {
  for (auto [keyWidth, valueWidth] : {std::pair(64, 128), std::pair(128, 64), std::pair(256, 512)})
    for (int64_t chunk : {64, 128})
      for (bool transposed : {false, true})
        for (bool adjoint : {false, true})
          if (!run(target, {1024, 4, keyWidth, valueWidth, chunk, adjoint, transposed}))
            return false;
  return true;
}

} // namespace

int main() { return bench::measureAll(runAll); }
