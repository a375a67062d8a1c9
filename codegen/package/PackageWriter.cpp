// Builds the FlatBuffer of a package and puts the checked prefix in front of it.
#include "codegen/package/PackageWriter.h"

#include "runtime/format/Prefix.h"

#include <algorithm>
#include <cstring>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace rondo::codegen {
namespace {

namespace fb = flatbuffers;
namespace format = rt::format;

// Holds the builder and the interned locations; every method writes one table and returns where it stands.
class Writer {
public:
  explicit Writer(const PackageSpec &spec) : spec(spec) {}
  std::string write();

private:
  using String = fb::Offset<fb::String>;
  template <typename T> using Vector = fb::Offset<fb::Vector<T>>;

  uint32_t locationIndex(const PackageSpec::Location &location);
  // Strings that schema readers may expect are always written, so that they are never null.
  String text(const std::string &value) { return builder.CreateString(value); }
  template <typename Source, typename Method> auto tables(const std::vector<Source> &sources, Method method);
  Vector<fb::Offset<format::Location>> locationTable();
  uint64_t modelHash() const;

  fb::Offset<format::Provenance> provenance();
  fb::Offset<format::Parameter> parameter(const PackageSpec::Parameter &p);
  fb::Offset<format::State> state(const PackageSpec::State &s);
  fb::Offset<format::Image> image();
  fb::Offset<format::Kernel> kernel(const PackageSpec::Kernel &k);
  fb::Offset<format::IoTensor> tensor(const PackageSpec::IoTensor &t);
  fb::Offset<format::Command> command(const PackageSpec::Command &c);
  fb::Offset<format::Schedule> schedule(const PackageSpec::Schedule &s);
  fb::Offset<format::Entry> entry(const PackageSpec::Entry &e);
  fb::Offset<format::OptimizerState> optimizerState(const PackageSpec::OptimizerState &s);
  fb::Offset<format::Hyper> hyper(const PackageSpec::Hyper &h);

  const PackageSpec &spec;
  fb::FlatBufferBuilder builder;
  std::vector<PackageSpec::Location> locations; // in order of first use
};

// Most lookups repeat the location of the previous element, so the search runs backwards.
uint32_t Writer::locationIndex(const PackageSpec::Location &location) {
  auto found = std::find(locations.rbegin(), locations.rend(), location);
  if (found != locations.rend())
    return static_cast<uint32_t>(locations.rend() - found - 1);
  locations.push_back(location);
  return static_cast<uint32_t>(locations.size() - 1);
}

template <typename Source, typename Method>
auto Writer::tables(const std::vector<Source> &sources, Method method) {
  std::vector<decltype((this->*method)(sources.front()))> offsets;
  offsets.reserve(sources.size());
  for (const Source &source : sources)
    offsets.push_back((this->*method)(source));
  return builder.CreateVector(offsets);
}

fb::Offset<fb::Vector<fb::Offset<format::Location>>> Writer::locationTable() {
  std::vector<fb::Offset<format::Location>> offsets;
  offsets.reserve(locations.size());
  for (const PackageSpec::Location &location : locations) {
    String file = builder.CreateSharedString(location.file);
    String layer = builder.CreateSharedString(location.layer);
    offsets.push_back(format::CreateLocation(builder, file, location.line, location.column, layer));
  }
  return builder.CreateVector(offsets);
}

// Names, types and shapes of parameters and states, each string and list led by its length: what a saved
// state must agree with. FORMAT.md gives the bytes.
uint64_t Writer::modelHash() const {
  std::string bytes;
  auto number = [&](uint64_t value) {
    char little[8];
    for (int i = 0; i < 8; ++i)
      little[i] = static_cast<char>(value >> (8 * i));
    bytes.append(little, sizeof(little));
  };
  auto named = [&](const std::string &name, PackageSpec::DType dtype, const std::vector<uint64_t> &shape) {
    number(name.size());
    bytes += name;
    number(static_cast<uint64_t>(dtype));
    number(shape.size());
    for (uint64_t size : shape)
      number(size);
  };
  number(spec.parameters.size());
  for (const PackageSpec::Parameter &p : spec.parameters)
    named(p.name, p.dtype, p.shape);
  number(spec.states.size());
  for (const PackageSpec::State &s : spec.states)
    named(s.name, s.dtype, s.shape);
  return XXH3_64bits(bytes.data(), bytes.size());
}

fb::Offset<format::Hyper> Writer::hyper(const PackageSpec::Hyper &h) {
  String name = text(h.name);
  String value = text(h.value);
  return format::CreateHyper(builder, name, value);
}

fb::Offset<format::Provenance> Writer::provenance() {
  const PackageSpec::Provenance &p = spec.provenance;
  String tool = text(p.tool);
  String model = text(p.model);
  String preset = text(p.preset);
  auto hypers = tables(p.hypers, &Writer::hyper);
  String flags = text(p.flags);
  return format::CreateProvenance(builder, tool, model, preset, hypers, p.specHash, modelHash(), flags,
                                  p.text, p.vocab);
}

fb::Offset<format::Parameter> Writer::parameter(const PackageSpec::Parameter &p) {
  String name = text(p.name);
  auto aliases = builder.CreateVectorOfStrings(p.aliases);
  auto shape = builder.CreateVector(p.shape);
  return format::CreateParameter(builder, name, aliases, shape, p.dtype, p.layout, p.panel,
                                 parameterStorageBytes(p), p.group, p.weightDecay, p.init, p.initValue,
                                 locationIndex(p.location));
}

fb::Offset<format::State> Writer::state(const PackageSpec::State &s) {
  String name = text(s.name);
  auto shape = builder.CreateVector(s.shape);
  uint64_t slotBytes = elementBytes(s.dtype);
  for (uint64_t size : s.shape)
    slotBytes *= size;
  return format::CreateState(builder, name, s.kind, s.dtype, shape, slotBytes, locationIndex(s.location));
}

// A state has the storage of its parameter; an index out of range, which the reader refuses, has none.
fb::Offset<format::OptimizerState> Writer::optimizerState(const PackageSpec::OptimizerState &s) {
  uint64_t bytes = 0;
  if (s.role == PackageSpec::OptimizerRole::LossWeight)
    bytes = elementBytes(PackageSpec::DType::F32);
  else if (s.parameter < spec.parameters.size())
    bytes = parameterStorageBytes(spec.parameters[s.parameter]);
  String name = text(s.name);
  return format::CreateOptimizerState(builder, name, s.role, s.parameter, bytes);
}

fb::Offset<format::Image> Writer::image() {
  const PackageSpec::Image &i = spec.image;
  std::vector<format::Segment> segments;
  for (const PackageSpec::Segment &s : i.segments)
    segments.emplace_back(s.address, s.memoryBytes, s.dataOffset, s.dataBytes, s.access);
  std::vector<format::Relocation> relocations;
  for (const PackageSpec::Relocation &r : i.relocations)
    relocations.emplace_back(r.address, r.addend);
  auto data = builder.CreateVector(i.data);
  auto segmentVector = builder.CreateVectorOfStructs(segments);
  auto relocationVector = builder.CreateVectorOfStructs(relocations);
  return format::CreateImage(builder, data, segmentVector, relocationVector, i.memoryBytes);
}

fb::Offset<format::Kernel> Writer::kernel(const PackageSpec::Kernel &k) {
  std::vector<format::KernelArgument> arguments;
  std::vector<PackageSpec::DType> types;
  for (const PackageSpec::KernelArgument &a : k.arguments) {
    arguments.emplace_back(a.bytes, a.access);
    types.push_back(a.dtype);
  }
  String name = text(k.name);
  auto argumentVector = builder.CreateVectorOfStructs(arguments);
  String source = text(k.source);
  auto typeVector = builder.CreateVector(types);
  fb::Offset<fb::Vector<uint8_t>> ptx, cubin; // absent for CPUs
  if (!k.ptx.empty())
    ptx = builder.CreateVector(reinterpret_cast<const uint8_t *>(k.ptx.data()), k.ptx.size());
  if (!k.cubin.empty())
    cubin = builder.CreateVector(k.cubin);
  String entry; // absent like what follows where the kernel is the compiler's own
  fb::Offset<fb::Vector<const format::KernelParameter *>> parameterVector;
  fb::Offset<fb::Vector<uint32_t>> grid;
  if (!k.grid.empty()) {
    std::vector<format::KernelParameter> parameters;
    for (const PackageSpec::KernelParameter &p : k.parameters)
      parameters.emplace_back(p.value, p.kind, p.type);
    entry = text(k.entry);
    parameterVector = builder.CreateVectorOfStructs(parameters);
    grid = builder.CreateVector(k.grid);
  }
  return format::CreateKernel(builder, name, k.address, argumentVector, k.scratchBytes, source, typeVector,
                              ptx, cubin, k.threads, k.sharedBytes, entry, parameterVector, grid);
}

fb::Offset<format::IoTensor> Writer::tensor(const PackageSpec::IoTensor &t) {
  String name = text(t.name);
  auto shape = builder.CreateVector(t.shape);
  return format::CreateIoTensor(builder, name, t.dtype, shape, t.absent, t.hasRange, t.minimum, t.maximum,
                                t.defaultValue);
}

fb::Offset<format::Command> Writer::command(const PackageSpec::Command &c) {
  std::vector<format::Binding> bindings;
  for (const PackageSpec::Binding &b : c.bindings)
    bindings.emplace_back(b.space, b.index);
  auto bindingVector = builder.CreateVectorOfStructs(bindings);
  return format::CreateCommand(builder, c.kernel, c.workgroups, bindingVector, locationIndex(c.location),
                               c.flops, c.bytes);
}

fb::Offset<format::Schedule> Writer::schedule(const PackageSpec::Schedule &s) {
  String choice = text(s.choice);
  String why = text(s.why);
  return format::CreateSchedule(builder, locationIndex(s.location), choice, why);
}

fb::Offset<format::Entry> Writer::entry(const PackageSpec::Entry &e) {
  String name = text(e.name);
  auto inputs = tables(e.inputs, &Writer::tensor);
  auto outputs = tables(e.outputs, &Writer::tensor);
  auto states = builder.CreateVector(e.states);
  std::vector<format::Slice> slices;
  for (const PackageSpec::Slice &s : e.slices)
    slices.emplace_back(s.offset, s.bytes, s.firstCommand, s.lastCommand);
  auto sliceVector = builder.CreateVectorOfStructs(slices);
  auto commands = tables(e.commands, &Writer::command);
  auto schedules = tables(e.schedules, &Writer::schedule);
  return format::CreateEntry(builder, name, e.kind, e.batch, e.time, e.slots, inputs, outputs, states,
                             sliceVector, e.arenaBytes, commands, schedules);
}

std::string Writer::write() {
  auto provenanceTable = provenance();
  String target = text(spec.target);
  auto features = builder.CreateVectorOfStrings(spec.cpuFeatures);
  auto parameters = tables(spec.parameters, &Writer::parameter);
  auto states = tables(spec.states, &Writer::state);
  std::vector<format::ConstantRange> ranges;
  for (const PackageSpec::ConstantRange &r : spec.constantRanges)
    ranges.emplace_back(r.offset, r.bytes);
  auto constants = builder.CreateVector(spec.constants);
  auto rangeVector = builder.CreateVectorOfStructs(ranges);
  auto imageTable = image();
  auto kernels = tables(spec.kernels, &Writer::kernel);
  auto entries = tables(spec.entries, &Writer::entry);
  // Absent in packages that do not train, which thus stay what they were.
  fb::Offset<fb::Vector<fb::Offset<format::OptimizerState>>> optimizerStates;
  if (!spec.optimizerStates.empty())
    optimizerStates = tables(spec.optimizerStates, &Writer::optimizerState);
  auto locationVector = locationTable(); // last: all uses are known
  format::FinishPackageBuffer(builder, format::CreatePackage(builder, provenanceTable, target, features,
                                                             locationVector, parameters, states, constants,
                                                             rangeVector, imageTable, kernels, entries,
                                                             optimizerStates));

  format::Prefix prefix = {};
  std::memcpy(prefix.magic, format::kMagic, sizeof(prefix.magic));
  prefix.major = format::kMajorVersion;
  prefix.minor = format::kMinorVersion;
  prefix.payloadBytes = builder.GetSize();
  prefix.payloadHash = XXH3_64bits(builder.GetBufferPointer(), builder.GetSize());
  std::string bytes(reinterpret_cast<const char *>(&prefix), sizeof(prefix));
  bytes.append(reinterpret_cast<const char *>(builder.GetBufferPointer()), builder.GetSize());
  return bytes;
}

} // namespace

std::string writePackage(const PackageSpec &spec) {
  // Tables and strings beside the two blobs are far below this reserve in any model that compiles.
  constexpr uint64_t kReserve = uint64_t(256) << 20;
  if (spec.image.data.size() + spec.constants.size() > format::kMaxPayloadBytes - kReserve)
    return {};
  return Writer(spec).write();
}

} // namespace rondo::codegen
