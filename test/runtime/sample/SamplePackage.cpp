// Describes the sample model around the flat image that the build made of SampleKernels.c.
#include "test/runtime/sample/SamplePackage.h"

#include "codegen/package/PackageWriter.h"

#include <array>
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

const PackageSpec::Location kScalePlace = {"sample.mlir", 4, 3, "layers.0"},
                            kSumPlace = {"sample.mlir", 5, 3, "layers.0"},
                            kTrainingPlace = {"sample.mlir", 6, 3, ""};

PackageSpec::KernelArgument ints(uint64_t bytes) { return {bytes, Access::Read, DType::I32}; }
PackageSpec::KernelArgument read(uint64_t bytes) { return {bytes, Access::Read}; }
PackageSpec::KernelArgument write(uint64_t bytes) { return {bytes, Access::Write}; }
PackageSpec::KernelArgument change(uint64_t bytes) { return {bytes, Access::ReadWrite}; }

void addCode(PackageSpec &spec) {
  std::ifstream file(RONDO_SAMPLE_IMAGE, std::ios::binary);
  PackageSpec::Image &image = spec.image;
  image.data = {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  image.memoryBytes = (image.data.size() + 4095) / 4096 * 4096;
  image.segments = {{0, image.memoryBytes, 0, image.data.size(), PackageSpec::SegmentAccess::ReadExecute}};
}

// Where the image's kernels begin: scale, prefill, decode, forward, accumulate, update.
std::array<uint64_t, 6> kernelAddresses(const PackageSpec &spec) {
  std::array<uint64_t, 6> table;
  std::memcpy(table.data(), spec.image.data.data(), sizeof(table));
  return table;
}

void addKernels(PackageSpec &spec) {
  std::array<uint64_t, 6> address = kernelAddresses(spec);
  uint64_t pool = kSlots * 4, logits = kVocabulary * 4;
  spec.kernels = {
      {"scale_16", address[0], {ints(64), read(4), write(64)}, 0, "scale"},
      {"scale_1", address[0], {ints(4), read(4), write(4)}, 0, "scale"},
      {"prefill",
       address[1],
       {read(64), ints(8), ints(8), change(pool), read(logits), write(2 * logits)},
       64,
       "sum"},
      {"decode", address[2], {read(4), ints(4), change(pool), read(logits), write(logits)}, 64, "sum"},
      {"forward", address[3], {read(64), read(logits), write(16 * logits)}, 0, "sum"},
  };
}

void addTrainingKernels(PackageSpec &spec) {
  std::array<uint64_t, 6> address = kernelAddresses(spec);
  uint64_t bias = kVocabulary * 4;
  spec.kernels.push_back(
      {"accumulate", address[4], {read(64), read(64), change(bias), change(4), write(4)}, 0, "count"});
  spec.kernels.push_back(
      {"update", address[5], {read(4), read(4), change(bias), write(bias), change(bias)}, 0, "step"});
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

PackageSpec::Entry entryOf(const char *name, PackageSpec::EntryKind kind, uint32_t batch, uint32_t time) {
  PackageSpec::Entry entry;
  entry.name = name;
  entry.kind = kind;
  entry.batch = batch;
  entry.time = time;
  return entry;
}

// Scaled tokens in the arena, and the sum over them; all but `forward` carry it.
PackageSpec::Entry sumEntry(const char *name, PackageSpec::EntryKind kind, uint32_t batch, uint32_t time) {
  PackageSpec::Entry entry = entryOf(name, kind, batch, time);
  uint64_t count = uint64_t{batch} * time;
  entry.inputs = {tokens(batch, time)};
  entry.slices = {{0, 4 * count, 0, 1}};
  entry.arenaBytes = 64;
  entry.commands = {{count == 1 ? Scale1 : Scale16,
                     count,
                     {{Space::Input, 0}, {Space::Parameter, ScaleFactor}, {Space::Arena, 0}},
                     kScalePlace,
                     count,
                     8 * count}};
  if (kind != PackageSpec::EntryKind::Forward) {
    entry.slots = kSlots;
    entry.states = {0};
  }
  return entry;
}

void addForward(PackageSpec &spec) {
  PackageSpec::Entry entry = sumEntry("forward", PackageSpec::EntryKind::Forward, 2, 8);
  entry.outputs = {logits(2, 8)};
  entry.commands.push_back(
      {Forward, 2, {{Space::Arena, 0}, {Space::Parameter, Bias}, {Space::Output, 0}}, kSumPlace, 16, 128});
  spec.entries.push_back(entry);
}

void addPrefill(PackageSpec &spec) {
  PackageSpec::Entry entry = sumEntry("prefill", PackageSpec::EntryKind::Prefill, 2, 8);
  entry.inputs.push_back({"length", DType::I32, {2}, Absent::FullLength, true, 0, 8});
  entry.inputs.push_back(slot(2));
  entry.outputs = {logits(2, 1)};
  entry.commands.push_back({Prefill,
                            2,
                            {{Space::Arena, 0},
                             {Space::Input, 1},
                             {Space::Input, 2},
                             {Space::State, 0},
                             {Space::Parameter, Bias},
                             {Space::Output, 0}},
                            kSumPlace,
                            16,
                            128});
  entry.schedules = {{kSumPlace, "recurrent", "a sum has no other"}};
  spec.entries.push_back(entry);
}

void addDecode(PackageSpec &spec) {
  PackageSpec::Entry entry = sumEntry("decode", PackageSpec::EntryKind::Decode, 1, 1);
  entry.inputs.push_back(slot(1));
  entry.outputs = {logits(1, 1)};
  entry.commands.push_back({Decode,
                            1,
                            {{Space::Arena, 0},
                             {Space::Input, 1},
                             {Space::State, 0},
                             {Space::Parameter, Bias},
                             {Space::Output, 0}},
                            kSumPlace,
                            1,
                            16});
  spec.entries.push_back(entry);
}

void addAccumulate(PackageSpec &spec) {
  PackageSpec::Entry entry = entryOf("accumulate", PackageSpec::EntryKind::Accumulate, 2, 8);
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
                     kTrainingPlace,
                     32,
                     128}};
  spec.entries.push_back(entry);
}

void addUpdate(PackageSpec &spec) {
  PackageSpec::Entry entry = entryOf("update", PackageSpec::EntryKind::Update, 0, 0);
  entry.inputs = {{"learning_rate", DType::F32, {}, Absent::Value, false, 0, 0, 0.5}};
  entry.commands = {{Update,
                     kVocabulary,
                     {{Space::Input, 0},
                      {Space::Optimizer, LossWeight},
                      {Space::Optimizer, Gradient},
                      {Space::Optimizer, Moment},
                      {Space::Parameter, Bias}},
                     kTrainingPlace,
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
  spec.states = {{.name = "state.sum", .shape = {1}, .location = kSumPlace}};
  addCode(spec);
  addKernels(spec);
  addForward(spec);
  addPrefill(spec);
  addDecode(spec);
  return spec;
}

PackageSpec cudaPackageSpec(PackageSpec spec) {
  spec.target = "cuda:sm_90a";
  spec.cpuFeatures.clear();
  spec.image = {};
  for (PackageSpec::Kernel &kernel : spec.kernels) {
    std::string machineCode = "cubin of " + kernel.name;
    kernel.address = 0;
    kernel.ptx =
        ".version 8.1\n.target sm_90a\n.address_size 64\n.visible .entry " + kernel.name + "() { ret; }\n";
    kernel.cubin = {machineCode.begin(), machineCode.end()};
    kernel.threads = 128;
    kernel.sharedBytes = 1024;
  }
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
