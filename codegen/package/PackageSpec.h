// What a package says, as plain data that mirrors runtime/format/Package.fbs field by field. The compiler
// fills one and hands it to writePackage; the schema's comments say what each field means. Free of LLVM.
#pragma once

#include "runtime/format/Package_generated.h"

#include <cstdint>
#include <string>
#include <vector>

namespace rondo::codegen {

// Indices refer to the vectors of this struct, as in the schema. Locations are written in place; the writer
// interns them.
struct PackageSpec {
  using DType = rt::format::DType;
  using Layout = rt::format::Layout;
  using ParameterGroup = rt::format::ParameterGroup;
  using InitKind = rt::format::InitKind;
  using StateKind = rt::format::StateKind;
  using SegmentAccess = rt::format::SegmentAccess;
  using Access = rt::format::Access;
  using ParameterKind = rt::format::ParameterKind;
  using EntryKind = rt::format::EntryKind;
  using Absent = rt::format::Absent;
  using Space = rt::format::Space;
  using OptimizerRole = rt::format::OptimizerRole;

  // A spec line and, inside a repeated block, the block instance ("layers.3").
  struct Location {
    std::string file;
    uint32_t line = 0;
    uint32_t column = 0;
    std::string layer;
    bool operator==(const Location &) const = default;
  };

  struct Parameter {
    std::string name;
    std::vector<std::string> aliases;
    std::vector<uint64_t> shape;
    DType dtype = DType::F32;
    Layout layout = Layout::RowMajor;
    uint32_t panel = 0; // Panels only
    ParameterGroup group = ParameterGroup::Trainable;
    bool weightDecay = false;
    InitKind init = InitKind::Constant;
    double initValue = 0;
    Location location;
    // storage_bytes follows from shape, dtype, layout and panel: see parameterStorageBytes.
  };

  struct State {
    std::string name;
    StateKind kind = StateKind::Carried;
    DType dtype = DType::F32;
    std::vector<uint64_t> shape; // of one slot; slot_bytes follows from it
    Location location;
  };

  struct OptimizerState {
    std::string name;
    OptimizerRole role = OptimizerRole::FirstMoment;
    uint32_t parameter = 0; // unused by LossWeight; storage_bytes follows from it
  };

  struct Segment {
    uint64_t address = 0; // multiple of 4096
    uint64_t memoryBytes = 0;
    uint64_t dataOffset = 0; // into Image::data
    uint64_t dataBytes = 0;
    SegmentAccess access = SegmentAccess::Read;
  };

  struct Relocation {
    uint64_t address = 0;
    uint64_t addend = 0;
  };

  struct Image {
    std::vector<uint8_t> data;
    std::vector<Segment> segments;
    std::vector<Relocation> relocations;
    uint64_t memoryBytes = 0;
  };

  struct KernelArgument {
    uint64_t bytes = 0;
    Access access = Access::Read;
    DType dtype = DType::F32;
  };

  // Of a kernel from elsewhere, see Package.fbs.
  struct KernelParameter {
    ParameterKind kind = ParameterKind::Argument;
    uint64_t value = 0;
    DType type = DType::I64;
  };

  struct Kernel {
    std::string name;
    uint64_t address = 0; // entry point in the image
    std::vector<KernelArgument> arguments;
    uint64_t scratchBytes = 0;
    std::string source;   // what it computes, for people
    std::string ptx = {}; // GPUs only, like what follows
    std::vector<uint8_t> cubin = {};
    uint32_t threads = 0;
    uint32_t sharedBytes = 0;
    std::string entry = {}; // kernels from elsewhere only, like what follows
    std::vector<KernelParameter> parameters = {};
    std::vector<uint32_t> grid = {};
  };

  struct IoTensor {
    std::string name;
    DType dtype = DType::F32;
    std::vector<uint64_t> shape;
    Absent absent = Absent::Required;
    bool hasRange = false;
    int64_t minimum = 0;
    int64_t maximum = 0;
    double defaultValue = 0; // Absent::Value
  };

  struct Binding {
    Space space = Space::Arena;
    uint32_t index = 0;
  };

  struct Command {
    uint32_t kernel = 0;
    uint64_t workgroups = 0;
    std::vector<Binding> bindings; // one per kernel argument
    Location location;
    uint64_t flops = 0;
    uint64_t bytes = 0;
  };

  struct Slice {
    uint64_t offset = 0; // multiple of 64
    uint64_t bytes = 0;
    uint32_t firstCommand = 0;
    uint32_t lastCommand = 0;
  };

  struct Schedule {
    Location location;
    std::string choice; // "chunkwise:64"
    std::string why;
  };

  struct Entry {
    std::string name;
    EntryKind kind = EntryKind::Forward;
    uint64_t batch = 0;
    uint64_t time = 0;
    uint64_t slots = 0;
    std::vector<IoTensor> inputs;
    std::vector<IoTensor> outputs;
    std::vector<uint32_t> states;
    std::vector<Slice> slices;
    uint64_t arenaBytes = 0;
    std::vector<Command> commands;
    std::vector<Schedule> schedules;
  };

  struct ConstantRange {
    uint64_t offset = 0; // into constants, multiple of 64
    uint64_t bytes = 0;
  };

  struct Hyper {
    std::string name;
    std::string value;
  };

  struct Provenance {
    std::string tool; // "rondo 0.1.0"
    std::string model;
    std::string preset;
    std::vector<Hyper> hypers;
    uint64_t specHash = 0; // XXH3-64 of the spec text; see hashBytes
    std::string flags;
    bool text = false;
    uint64_t vocab = 0;
    // model_hash is computed by the writer.
  };

  Provenance provenance;
  std::string target; // "cpu:znver4"
  std::vector<std::string> cpuFeatures;
  std::vector<Parameter> parameters;
  std::vector<State> states;
  std::vector<uint8_t> constants;
  std::vector<ConstantRange> constantRanges;
  Image image;
  std::vector<Kernel> kernels;
  std::vector<Entry> entries;
  std::vector<OptimizerState> optimizerStates;

  // Appends `bytes` to `constants` at the next multiple of 64 and returns the index of its range.
  uint32_t addConstant(const void *data, uint64_t bytes);
};

// Bytes of one element.
uint64_t elementBytes(PackageSpec::DType dtype);
// Bytes of a parameter in memory, the padding of panels included.
uint64_t parameterStorageBytes(const PackageSpec::Parameter &parameter);
// XXH3-64 of a text, for Provenance::specHash.
uint64_t hashBytes(const std::string &text);

} // namespace rondo::codegen
