// Describes the sample model around the flat image that the build made of SampleKernels.c.
#include "test/runtime/sample/SamplePackage.h"

#include "codegen/package/PackageWriter.h"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <unistd.h>

namespace rondo::test {
namespace {

using codegen::PackageSpec;
using Access = PackageSpec::Access;
using Absent = PackageSpec::Absent;
using DType = PackageSpec::DType;
using Space = PackageSpec::Space;

constexpr uint64_t kVocabulary = kSampleVocabulary;
constexpr uint64_t kSlots = kSampleSlots;
enum Kernel : uint32_t { Scale16, Scale1, Prefill, Decode, Forward, Accumulate, Update };
enum Parameter : uint32_t { ScaleFactor, Bias };
enum OptimizerState : uint32_t { Moment, Gradient, LossWeight };

std::vector<uint8_t> readImage() {
  std::ifstream file(RONDO_SAMPLE_IMAGE, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void addCode(PackageSpec &spec) {
  PackageSpec::Image &image = spec.image;
  image.data = readImage();
  image.memoryBytes = (image.data.size() + 4095) / 4096 * 4096;
  image.segments = {{0, image.memoryBytes, 0, image.data.size(), PackageSpec::SegmentAccess::ReadExecute}};
  uint64_t table[4]; // scale, prefill, decode, forward
  std::memcpy(table, image.data.data(), sizeof(table));
  auto ints = [](uint64_t bytes) { return PackageSpec::KernelArgument{bytes, Access::Read, DType::I32}; };
  auto read = [](uint64_t bytes) { return PackageSpec::KernelArgument{bytes, Access::Read}; };
  auto write = [](uint64_t bytes) { return PackageSpec::KernelArgument{bytes, Access::Write}; };
  PackageSpec::KernelArgument pool = {kSlots * 4, Access::ReadWrite};
  uint64_t logits = kVocabulary * 4;
  spec.kernels = {
      {"scale_16", table[0], {ints(64), read(4), write(64)}, 0, "scale"},
      {"scale_1", table[0], {ints(4), read(4), write(4)}, 0, "scale"},
      {"prefill", table[1], {read(64), ints(8), ints(8), pool, read(logits), write(2 * logits)}, 64, "sum"},
      {"decode", table[2], {read(4), ints(4), pool, read(logits), write(logits)}, 64, "sum"},
      {"forward", table[3], {read(64), read(logits), write(16 * logits)}, 0, "sum"},
  };
}

PackageSpec::IoTensor tokens(uint64_t batch, uint64_t time) {
  return {"tokens", DType::I32, {batch, time}, Absent::Required, true, 0, kVocabulary - 1};
}
PackageSpec::IoTensor slot(uint64_t batch) {
  return {"slot", DType::I32, {batch}, Absent::Slots, false, 0, 0};
}
PackageSpec::IoTensor logits(uint64_t batch, uint64_t time) {
  return {"logits", DType::F32, {batch, time, kVocabulary}, Absent::Required, false, 0, 0};
}

PackageSpec::Command scaleCommand(uint32_t kernel, uint64_t count) {
  PackageSpec::Location place = {"sample.mlir", 4, 3, "layers.0"};
  return {kernel, count, {{Space::Input, 0}, {Space::Parameter, ScaleFactor}, {Space::Arena, 0}},
          place,  count, 8 * count};
}

void addForward(PackageSpec &spec) {
  PackageSpec::Entry entry;
  entry.name = "forward";
  entry.kind = PackageSpec::EntryKind::Forward;
  entry.batch = 2;
  entry.time = 8;
  entry.inputs = {tokens(2, 8)};
  entry.outputs = {logits(2, 8)};
  entry.slices = {{0, 64, 0, 1}};
  entry.arenaBytes = 64;
  entry.commands = {scaleCommand(Scale16, 16),
                    {Forward,
                     2,
                     {{Space::Arena, 0}, {Space::Parameter, Bias}, {Space::Output, 0}},
                     {"sample.mlir", 5, 3, "layers.0"},
                     16,
                     128}};
  spec.entries.push_back(entry);
}

void addPrefill(PackageSpec &spec) {
  PackageSpec::Entry entry;
  entry.name = "prefill";
  entry.kind = PackageSpec::EntryKind::Prefill;
  entry.batch = 2;
  entry.time = 8;
  entry.slots = kSlots;
  entry.inputs = {tokens(2, 8), {"length", DType::I32, {2}, Absent::FullLength, true, 0, 8}, slot(2)};
  entry.outputs = {logits(2, 1)};
  entry.states = {0};
  entry.slices = {{0, 64, 0, 1}};
  entry.arenaBytes = 64;
  entry.commands = {scaleCommand(Scale16, 16),
                    {Prefill,
                     2,
                     {{Space::Arena, 0},
                      {Space::Input, 1},
                      {Space::Input, 2},
                      {Space::State, 0},
                      {Space::Parameter, Bias},
                      {Space::Output, 0}},
                     {"sample.mlir", 5, 3, "layers.0"},
                     16,
                     128}};
  entry.schedules = {{{"sample.mlir", 5, 3, "layers.0"}, "recurrent", "a sum has no other"}};
  spec.entries.push_back(entry);
}

void addDecode(PackageSpec &spec) {
  PackageSpec::Entry entry;
  entry.name = "decode";
  entry.kind = PackageSpec::EntryKind::Decode;
  entry.batch = 1;
  entry.time = 1;
  entry.slots = kSlots;
  entry.inputs = {tokens(1, 1), slot(1)};
  entry.outputs = {logits(1, 1)};
  entry.states = {0};
  entry.slices = {{0, 4, 0, 1}};
  entry.arenaBytes = 64;
  entry.commands = {scaleCommand(Scale1, 1),
                    {Decode,
                     1,
                     {{Space::Arena, 0},
                      {Space::Input, 1},
                      {Space::State, 0},
                      {Space::Parameter, Bias},
                      {Space::Output, 0}},
                     {"sample.mlir", 5, 3, "layers.0"},
                     1,
                     16}};
  spec.entries.push_back(entry);
}

void addTrainingKernels(PackageSpec &spec) {
  uint64_t table[6];
  std::memcpy(table, spec.image.data.data(), sizeof(table));
  auto argument = [](uint64_t bytes, Access access) { return PackageSpec::KernelArgument{bytes, access}; };
  uint64_t bias = kVocabulary * 4;
  spec.kernels.push_back(
      {"accumulate",
       table[4],
       {argument(64, Access::Read), argument(64, Access::Read), argument(bias, Access::ReadWrite),
        argument(4, Access::ReadWrite), argument(4, Access::Write)},
       0,
       "count"});
  spec.kernels.push_back(
      {"update",
       table[5],
       {argument(4, Access::Read), argument(4, Access::Read), argument(bias, Access::ReadWrite),
        argument(bias, Access::Write), argument(bias, Access::ReadWrite)},
       0,
       "step"});
}

void addAccumulate(PackageSpec &spec) {
  PackageSpec::Entry entry;
  entry.name = "accumulate";
  entry.kind = PackageSpec::EntryKind::Accumulate;
  entry.batch = 2;
  entry.time = 8;
  entry.inputs = {tokens(2, 8),
                  {"targets", DType::I32, {2, 8}, Absent::ShiftedTokens, true, -1, kVocabulary - 1},
                  {"segment_ids", DType::I32, {2, 8}, Absent::Zeros}};
  entry.outputs = {{"loss_weight_sum", DType::F32, {}}};
  entry.commands = {{Accumulate,
                     1,
                     {{Space::Input, 0},
                      {Space::Input, 1},
                      {Space::Optimizer, Gradient},
                      {Space::Optimizer, LossWeight},
                      {Space::Output, 0}},
                     {"sample.mlir", 6, 3, ""},
                     32,
                     128}};
  spec.entries.push_back(entry);
}

void addUpdate(PackageSpec &spec) {
  PackageSpec::Entry entry;
  entry.name = "update";
  entry.kind = PackageSpec::EntryKind::Update;
  entry.inputs = {{"learning_rate", DType::F32, {}, Absent::Value, false, 0, 0, 0.5}};
  entry.commands = {{Update,
                     kVocabulary,
                     {{Space::Input, 0},
                      {Space::Optimizer, LossWeight},
                      {Space::Optimizer, Gradient},
                      {Space::Optimizer, Moment},
                      {Space::Parameter, Bias}},
                     {"sample.mlir", 6, 3, ""},
                     768,
                     4096}};
  spec.entries.push_back(entry);
}

} // namespace

PackageSpec trainingPackageSpec() {
  PackageSpec spec = samplePackageSpec();
  using Role = PackageSpec::OptimizerRole;
  spec.optimizerStates = {{"adam.m.bias", Role::FirstMoment, Bias},
                          {"accumulated.bias", Role::Gradient, Bias},
                          {"accumulated.loss_weight", Role::LossWeight}};
  addTrainingKernels(spec);
  addAccumulate(spec);
  addUpdate(spec);
  return spec;
}

PackageSpec samplePackageSpec() {
  PackageSpec spec;
  spec.provenance = {"rondo test",   "sample", "tiny",     {{"vocab", "256"}}, codegen::hashBytes("sample"),
                     "-D vocab=256", true,     kVocabulary};
  spec.target = "cpu:x86-64";
  spec.cpuFeatures = {"sse2"};
  spec.parameters = {
      {.name = "scale",
       .aliases = {"old_scale"},
       .shape = {1},
       .initValue = 1,
       .location = {"sample.mlir", 2, 3, ""}},
      {.name = "bias",
       .aliases = {},
       .shape = {kVocabulary},
       .init = PackageSpec::InitKind::Normal,
       .initValue = 0.01,
       .location = {"sample.mlir", 3, 3, ""}},
  };
  spec.states = {{.name = "state.sum", .shape = {1}, .location = {"sample.mlir", 5, 3, "layers.0"}}};
  addCode(spec);
  addForward(spec);
  addPrefill(spec);
  addDecode(spec);
  return spec;
}

std::string samplePackage() { return codegen::writePackage(samplePackageSpec()); }

std::string writeTemporary(const std::string &name, const std::string &bytes) {
  std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("rondo-test-" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  std::ofstream(folder / name, std::ios::binary) << bytes;
  return folder / name;
}

} // namespace rondo::test
