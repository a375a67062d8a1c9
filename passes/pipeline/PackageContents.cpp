// From the module that the last pass leaves to what its package says.
#include "passes/pipeline/PackageContents.h"

#include "codegen/target/CudaTarget.h"
#include "dialects/rondo/Rondo.h"
#include "dialects/tile/Tile.h"
#include "passes/pipeline/ElementTypes.h"
#include "passes/pipeline/EntryContents.h"
#include "passes/pipeline/SpecLocation.h"

using namespace mlir;
using namespace rondo;
using codegen::PackageSpec;

namespace {

// ---- declarations
// ----------------------------------------------------------------------------------------------

PackageSpec::Parameter describe(WeightOp weight) {
  auto type = cast<RankedTensorType>(weight.getType());
  PackageSpec::Parameter parameter;
  parameter.name = weight.getSymName().str();
  if (std::optional<ArrayAttr> aliases = weight.getAliases())
    for (StringAttr alias : aliases->getAsRange<StringAttr>())
      parameter.aliases.push_back(alias.str());
  parameter.shape = packageShape(type);
  parameter.dtype = packageType(type.getElementType()).value_or(PackageSpec::DType::F32);
  if (std::optional<LayoutAttr> layout = weight.getLayout()) {
    parameter.layout = PackageSpec::Layout::Panels;
    parameter.panel = layout->getPanel();
  }
  parameter.group = static_cast<PackageSpec::ParameterGroup>(weight.getGroup());
  parameter.weightDecay = weight.getWeightDecay();
  parameter.init = static_cast<PackageSpec::InitKind>(weight.getInit().getKind());
  parameter.initValue = weight.getInit().getValue().getValueAsDouble();
  parameter.location = specLocation(weight.getLoc());
  return parameter;
}

PackageSpec::State describe(StateOp state) {
  auto type = cast<RankedTensorType>(state.getSlotType());
  PackageSpec::State description;
  description.name = state.getSymName().str();
  description.kind = static_cast<PackageSpec::StateKind>(state.getKind());
  description.dtype = packageType(type.getElementType()).value_or(PackageSpec::DType::F32);
  description.shape = packageShape(type);
  description.location = specLocation(state.getLoc());
  return description;
}

PackageSpec::OptimizerState describe(OptimizerStateOp state, const PackageIndex &index) {
  PackageSpec::OptimizerState description;
  description.name = state.getSymName().str();
  description.role = static_cast<PackageSpec::OptimizerRole>(state.getRole());
  if (std::optional<StringRef> weight = state.getWeight())
    description.parameter = index.parameters.lookup(*weight);
  return description;
}

// The table's elements in order; a splat attribute stores only one.
uint32_t addTable(PackageSpec &package, TableOp table) {
  auto values = cast<DenseElementsAttr>(table.getValues());
  ArrayRef<char> raw = values.getRawData();
  std::vector<char> bytes(raw.begin(), raw.end());
  if (values.isSplat())
    for (int64_t i = 1; i < values.getNumElements(); ++i)
      bytes.insert(bytes.end(), raw.begin(), raw.end());
  return package.addConstant(bytes.data(), bytes.size());
}

// ---- code
// ------------------------------------------------------------------------------------------------------

// Bytes of a buffer in memory; a layout map is that of panels, which pad the first dimension.
uint64_t bufferBytes(MemRefType type) {
  int64_t elements = type.getNumElements();
  AffineMap map = type.getLayout().getAffineMap();
  if (!map.isIdentity()) {
    auto lane = cast<AffineBinaryOpExpr>(map.getResult(2));
    int64_t panel = cast<AffineConstantExpr>(lane.getRHS()).getValue();
    elements = llvm::alignTo(type.getDimSize(0), panel) * type.getDimSize(1);
  }
  return elements * llvm::divideCeil(type.getElementTypeBitWidth(), 8);
}

PackageSpec::KernelArgument describe(BlockArgument buffer, bool written) {
  bool read = llvm::any_of(buffer.getUsers(), [](Operation *user) { return !isa<tile::StoreOp>(user); });
  PackageSpec::KernelArgument argument;
  auto type = cast<MemRefType>(buffer.getType());
  argument.bytes = bufferBytes(type);
  argument.dtype = packageType(type.getElementType()).value_or(PackageSpec::DType::U8);
  argument.access = !written ? PackageSpec::Access::Read
                    : read   ? PackageSpec::Access::ReadWrite
                             : PackageSpec::Access::Write;
  return argument;
}

// What a backend says about a kernel; false if it has none of this name.
bool addCode(PackageSpec::Kernel &kernel, const codegen::CpuImage &image) {
  auto code = llvm::find_if(image.kernels, [&](const auto &other) { return other.symbol == kernel.name; });
  if (code == image.kernels.end())
    return false;
  kernel.address = code->address;
  kernel.scratchBytes = code->scratchBytes;
  return true;
}

bool addCode(PackageSpec::Kernel &kernel, const codegen::CudaKernels &modules) {
  auto code = llvm::find_if(modules.kernels, [&](const auto &other) { return other.symbol == kernel.name; });
  if (code == modules.kernels.end())
    return false;
  kernel.ptx = code->ptx;
  kernel.cubin = code->cubin;
  kernel.threads = code->threads;
  kernel.sharedBytes = code->sharedBytes;
  kernel.scratchBytes = code->scratchBytes;
  return true;
}

// A number as the low bytes of eight.
uint64_t bitsOf(Attribute number) {
  if (auto real = dyn_cast<FloatAttr>(number))
    return real.getValue().bitcastToAPInt().getZExtValue();
  return cast<IntegerAttr>(number).getValue().getZExtValue();
}

PackageSpec::Kernel describe(tile::ExternKernelOp kernel, tile::ExternCodeOp code,
                             const target::Target &target) {
  using Kind = PackageSpec::ParameterKind;
  PackageSpec::Kernel description;
  description.name = kernel.getSymName().str();
  description.source = kernel.getSource().value_or("").str();
  description.entry = code.getEntry().str();
  description.ptx = code.getPtx().str();
  if (std::optional<StringRef> cubin = code.getCubin();
      cubin && target::sharesMachineCode(target, code.getArchitecture().str()))
    description.cubin.assign(cubin->bytes_begin(), cubin->bytes_end());
  description.threads = code.getThreads();
  description.sharedBytes = code.getSharedBytes();
  description.scratchBytes = code.getScratchBytes();
  for (auto [type, written] :
       llvm::zip_equal(kernel.getBuffers().getAsValueRange<TypeAttr>(), kernel.getWrites())) {
    auto buffer = cast<MemRefType>(type);
    description.arguments.push_back({bufferBytes(buffer),
                                     written ? PackageSpec::Access::Write : PackageSpec::Access::Read,
                                     packageType(buffer.getElementType()).value_or(PackageSpec::DType::U8)});
  }
  for (Attribute argument : kernel.getArguments()) {
    Type type = cast<TypedAttr>(argument).getType();
    if (isa<IndexType>(type))
      description.parameters.push_back({Kind::Argument, bitsOf(argument)});
    else
      description.parameters.push_back(
          {Kind::Number, bitsOf(argument), packageType(type).value_or(PackageSpec::DType::I64)});
  }
  for (uint64_t i = 0; i < code.getTrailing(); ++i)
    description.parameters.push_back({i == 0 && code.getScratchBytes() > 0 ? Kind::Scratch : Kind::Null, 0});
  description.grid.assign(kernel.getGrid().begin(), kernel.getGrid().end());
  return description;
}

LogicalResult addKernels(PackageSpec &package, ModuleOp module, const KernelCode &code,
                         const target::Target &target, PackageIndex &index) {
  for (auto kernel : module.getOps<tile::KernelOp>()) {
    PackageSpec::Kernel description;
    description.name = kernel.getSymName().str();
    if (!std::visit([&](const auto &backend) { return addCode(description, backend); }, code))
      return kernel.emitOpError("has no machine code");
    description.source = kernel.getSource().value_or("").str();
    for (auto [buffer, written] : llvm::zip_equal(kernel.getBuffers(), kernel.getWrites()))
      description.arguments.push_back(describe(buffer, written));
    index.kernels[description.name] = package.kernels.size();
    index.workgroups[description.name] = kernel.getWorkgroupCount();
    package.kernels.push_back(std::move(description));
  }
  for (auto kernel : module.getOps<tile::ExternKernelOp>()) {
    auto code = SymbolTable::lookupNearestSymbolFrom<tile::ExternCodeOp>(kernel, kernel.getCodeAttr());
    index.kernels[kernel.getSymName()] = package.kernels.size();
    index.workgroups[kernel.getSymName()] = kernel.getWorkgroupCount();
    package.kernels.push_back(describe(kernel, code, target));
  }
  return success();
}

void addImage(PackageSpec &package, const codegen::CpuImage &image) {
  package.image.data = image.data;
  package.image.memoryBytes = image.memoryBytes;
  for (const codegen::ImageSegment &segment : image.segments)
    package.image.segments.push_back({segment.address, segment.memoryBytes, segment.dataOffset,
                                      segment.dataBytes,
                                      static_cast<PackageSpec::SegmentAccess>(segment.access)});
  for (const codegen::ImageRelocation &relocation : image.relocations)
    package.image.relocations.push_back({relocation.address, relocation.addend});
}

// ---- where the module comes from
// -------------------------------------------------------------------------------

std::string textOf(Attribute value) {
  if (auto text = dyn_cast<StringAttr>(value))
    return text.str();
  std::string printed;
  llvm::raw_string_ostream stream(printed);
  value.print(stream, /*elideType=*/true);
  return printed;
}

PackageSpec::Provenance provenance(ModuleOp module, const CompileRecord &record) {
  PackageSpec::Provenance result;
  result.tool = record.tool;
  result.specHash = codegen::hashBytes(record.specText);
  result.flags = record.flags;
  if (auto model = module->getAttrOfType<StringAttr>("rondo.model"))
    result.model = model.str();
  if (auto preset = module->getAttrOfType<StringAttr>("rondo.preset"))
    result.preset = preset.str();
  if (auto hypers = module->getAttrOfType<DictionaryAttr>("rondo.hypers"))
    for (NamedAttribute hyper : hypers)
      result.hypers.push_back({hyper.getName().str(), textOf(hyper.getValue())});
  result.text = module->hasAttr("rondo.text");
  if (auto vocab = module->getAttrOfType<IntegerAttr>("rondo.vocab"))
    result.vocab = vocab.getInt();
  return result;
}

} // namespace

FailureOr<PackageSpec> rondo::packageContents(ModuleOp module, const KernelCode &code,
                                              const target::Target &target, const CompileRecord &record) {
  PackageSpec package;
  package.provenance = provenance(module, record);
  package.target = target.name;
  package.cpuFeatures = target.requiredCpuFlags;
  PackageIndex index;
  for (auto weight : module.getOps<WeightOp>()) {
    index.parameters[weight.getSymName()] = package.parameters.size();
    package.parameters.push_back(describe(weight));
  }
  for (auto state : module.getOps<StateOp>()) {
    index.states[state.getSymName()] = package.states.size();
    package.states.push_back(describe(state));
  }
  for (auto state : module.getOps<OptimizerStateOp>()) {
    index.optimizerStates[state.getSymName()] = package.optimizerStates.size();
    package.optimizerStates.push_back(describe(state, index));
  }
  for (auto table : module.getOps<TableOp>())
    index.constants[table.getSymName()] = addTable(package, table);
  if (failed(addKernels(package, module, code, target, index)))
    return failure();
  if (const auto *image = std::get_if<codegen::CpuImage>(&code))
    addImage(package, *image);
  for (auto function : module.getOps<func::FuncOp>()) {
    FailureOr<PackageSpec::Entry> entry = entryContents(function, index);
    if (failed(entry))
      return failure();
    for (const ScheduledEntry &scheduled : record.schedules)
      if (scheduled.name == entry->name)
        for (const ScheduledOp &op : scheduled.ops)
          entry->schedules.push_back({op.location, op.choice, op.why});
    package.entries.push_back(std::move(*entry));
  }
  return package;
}
