// Compiles entry points written as graph IR and runs them: from rondo-form-groups to machine code, without a
// package.
#include "test/property/retention/CompiledModule.h"

#include "codegen/cpu/CompileKernels.h"
#include "dialects/rondo/OperandBytes.h"
#include "dialects/tile/Tile.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "passes/fuse/Passes.h"
#include "passes/plan/Passes.h"
#include "passes/tile/Passes.h"

#include <cstdio>
#include <cstdlib>

using namespace mlir;

namespace rondo::test {

Buffer::Buffer(size_t bytes) : storage(bytes + RONDO_BUFFER_ALIGNMENT), bytes(bytes) {}

char *Buffer::data() {
  auto address = reinterpret_cast<uintptr_t>(storage.data());
  return storage.data() +
         (RONDO_BUFFER_ALIGNMENT - address % RONDO_BUFFER_ALIGNMENT) % RONDO_BUFFER_ALIGNMENT;
}

static size_t bytesOf(Type type) { return static_cast<size_t>(storageBytes(cast<RankedTensorType>(type))); }

static void require(bool condition, const char *what) {
  if (condition)
    return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

static DialectRegistry registry() {
  DialectRegistry registry;
  registry.insert<RondoDialect, tile::TileDialect, func::FuncDialect>();
  codegen::registerCpuDialects(registry);
  return registry;
}

CompiledModule::CompiledModule(const std::string &text, Mutation mutate)
    : context(registry(), MLIRContext::Threading::DISABLED) {
  module = parseSourceString<ModuleOp>(text, &context);
  require(static_cast<bool>(module), "the graph does not parse");
  PassManager passes(&context);
  passes.addPass(createFormGroups());
  passes.addPass(createAssignLayouts());
  passes.addPass(createPlanMemory());
  passes.addPass(createBuildKernels());
  require(succeeded(passes.run(*module)), "the graph does not become kernels");
  if (mutate) {
    mutate(*module);
    require(succeeded(verify(*module)), "the mutated kernels are not valid");
  }
  load("cpu");
  for (auto state : module->getOps<StateOp>()) {
    int64_t slots = 1;
    for (auto entry : module->getOps<func::FuncOp>())
      slots = entry->getAttrOfType<EntryAttr>("rondo.entry").getSlots();
    size_t bytes = bytesOf(state.getSlotType()) * static_cast<size_t>(slots);
    symbols.emplace(state.getSymName().str(), Buffer(bytes));
  }
  for (auto weight : module->getOps<WeightOp>()) {
    auto type = cast<RankedTensorType>(weight.getType());
    auto stored = RankedTensorType::get(type.getShape(), type.getElementType(), weight.getLayoutAttr());
    symbols.emplace(weight.getSymName().str(), Buffer(bytesOf(stored)));
  }
  for (auto state : module->getOps<OptimizerStateOp>())
    symbols.emplace(state.getSymName().str(), Buffer(bytesOf(state.getType())));
  for (auto table : module->getOps<TableOp>()) {
    ArrayRef<char> raw = cast<DenseElementsAttr>(table.getValues()).getRawData();
    size_t bytes = bytesOf(table.getValues().getType());
    Buffer copy(bytes);
    for (size_t i = 0; i < bytes; ++i) // a splat is stored once
      copy.data()[i] = raw[i % raw.size()];
    symbols.emplace(table.getSymName().str(), std::move(copy));
  }
}

int64_t CompiledModule::panelOf(const std::string &name) {
  LayoutAttr layout = module->lookupSymbol<WeightOp>(name).getLayoutAttr();
  return layout ? layout.getPanel() : 0;
}

void CompiledModule::load(const std::string &name) {
  std::optional<target::Target> target = target::findTarget(name);
  require(target.has_value(), "no such target");
  FailureOr<codegen::CpuImage> code = codegen::compileKernels(*module, *target);
  require(succeeded(code), "the kernels do not compile");
  namespace format = rt::format;
  std::vector<format::Segment> segments;
  for (const codegen::ImageSegment &s : code->segments)
    segments.emplace_back(s.address, s.memoryBytes, s.dataOffset, s.dataBytes,
                          static_cast<format::SegmentAccess>(s.access));
  std::vector<format::Relocation> relocations;
  for (const codegen::ImageRelocation &r : code->relocations)
    relocations.emplace_back(r.address, r.addend);
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(format::CreateImageDirect(builder, &code->data, &segments, &relocations, code->memoryBytes));
  auto loaded = rt::LoadedImage::load(*flatbuffers::GetRoot<format::Image>(builder.GetBufferPointer()));
  require(loaded.ok(), "the image does not load");
  image = std::move(*loaded);
  uint64_t scratchBytes = 0;
  SymbolTable symbols(*module);
  for (const codegen::CompiledKernel &kernel : code->kernels) {
    int64_t workgroups = symbols.lookup<tile::KernelOp>(kernel.symbol).getWorkgroupCount();
    kernels[kernel.symbol] = {image.kernel(kernel.address), workgroups};
    scratchBytes = std::max(scratchBytes, kernel.scratchBytes);
  }
  scratch = Buffer(scratchBytes);
}

void *CompiledModule::place(Attribute binding, DispatchOp command, llvm::DenseMap<Value, char *> &places) {
  if (auto symbol = dyn_cast<FlatSymbolRefAttr>(binding))
    return symbols.at(symbol.getValue().str()).data();
  int64_t number = cast<IntegerAttr>(binding).getInt(), inputs = command.getInputs().size();
  return places.at(number < inputs ? command.getInputs()[number] : command.getOutputs()[number - inputs]);
}

void CompiledModule::runCommand(DispatchOp command, llvm::DenseMap<Value, char *> &places, int64_t shares) {
  std::vector<void *> buffers;
  for (Attribute binding : command.getBindings())
    buffers.push_back(place(binding, command, places));
  const Kernel &kernel = kernels.at(command.getKernel().str());
  for (int64_t share = shares - 1; share >= 0; --share)
    kernel.function(buffers.data(), scratch.data(), kernel.workgroups * share / shares,
                    kernel.workgroups * (share + 1) / shares);
}

std::vector<Buffer> CompiledModule::run(const std::string &name, std::vector<Buffer> &inputs,
                                        int64_t shares) {
  auto entry = module->lookupSymbol<func::FuncOp>(name);
  require(entry && entry.getNumArguments() == inputs.size(), "no such entry point");
  llvm::DenseMap<Value, char *> places;
  for (auto [argument, input] : llvm::zip(entry.getArguments(), inputs))
    places[argument] = input.data();
  for (auto memory : entry.getOps<MemoryOpInterface>())
    places[memory->getResult(0)] = symbols.at(memory.getReadSymbols().front().str()).data();
  std::vector<std::unique_ptr<Buffer>> results;
  for (auto command : entry.getOps<DispatchOp>())
    for (Value output : command.getOutputs()) {
      size_t bytes = bytesOf(output.getType());
      results.push_back(std::make_unique<Buffer>(bytes));
      std::fill_n(results.back()->data(), bytes, char(-1)); // NaN: all of it must be written
      places[output] = results.back()->data();
    }
  for (auto command : entry.getOps<DispatchOp>())
    runCommand(command, places, shares);
  std::vector<Buffer> outputs;
  for (Value output : entry.getBody().front().getTerminator()->getOperands()) {
    size_t bytes = bytesOf(output.getType());
    outputs.emplace_back(bytes);
    std::copy_n(places.at(output), bytes, outputs.back().data());
  }
  return outputs;
}

} // namespace rondo::test
