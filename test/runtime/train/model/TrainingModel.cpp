// Describes the model around the flat image that the build made of TrainingKernels.c.
#include "test/runtime/train/model/TrainingModel.h"

#include "codegen/package/PackageWriter.h"

#include <cstring>
#include <fstream>
#include <iterator>

namespace rondo::test {
namespace {

using codegen::PackageSpec;
using Access = PackageSpec::Access;
using Absent = PackageSpec::Absent;
using Binding = PackageSpec::Binding;
using DType = PackageSpec::DType;
using Role = PackageSpec::OptimizerRole;
using Space = PackageSpec::Space;

constexpr uint64_t kVocabulary = 256, kRows = kModelBatch * kModelTime, kSlots = 3;
constexpr uint64_t kBytes = kVocabulary * kVocabulary * 4; // of a parameter
enum Kernel : uint32_t { Gradient, Accumulate, Step, Update, Score };
enum Optimizer : uint32_t {
  FirstOfTable,
  FirstOfPrevious,
  SecondOfTable,
  SecondOfPrevious,
  SumOfTable,
  SumOfPrevious,
  SumOfWeights
};
const PackageSpec::Location kGradientPlace = {"model.mlir", 5, 3, "layers.0"};
const PackageSpec::Location kUpdatePlace = {"model.mlir", 6, 3, ""};

PackageSpec::KernelArgument ints(uint64_t count) { return {count * 4, Access::Read, DType::I32}; }
PackageSpec::KernelArgument floats(uint64_t bytes, Access access) { return {bytes, access, DType::F32}; }

std::vector<PackageSpec::KernelArgument> gradientArguments(Access gradients) {
  return {ints(kRows),
          ints(kRows),
          ints(kRows),
          ints(kModelBatch),
          floats(kSlots * 4, Access::ReadWrite),
          floats(kBytes, Access::Read),
          floats(kBytes, Access::Read),
          floats(kBytes, gradients),
          floats(kBytes, gradients),
          floats(4, Access::Write),
          floats(4, Access::Write)};
}

std::vector<PackageSpec::KernelArgument> stepArguments(Access gradients) {
  std::vector<PackageSpec::KernelArgument> arguments = {{8, Access::Read, DType::I64}};
  for (int i = 0; i < 6; ++i)
    arguments.push_back(floats(4, Access::Read));
  for (int i = 0; i < 8; ++i)
    arguments.push_back(floats(kBytes, i < 2 ? gradients : Access::ReadWrite));
  arguments.push_back(floats(4, Access::Write));
  return arguments;
}

void addCode(PackageSpec &spec) {
  std::ifstream file(RONDO_TRAINING_IMAGE, std::ios::binary);
  PackageSpec::Image &image = spec.image;
  image.data = {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  image.memoryBytes = (image.data.size() + 4095) / 4096 * 4096;
  image.segments = {{0, image.memoryBytes, 0, image.data.size(), PackageSpec::SegmentAccess::ReadExecute}};
  uint64_t table[5];
  std::memcpy(table, image.data.data(), sizeof(table));
  constexpr uint64_t kScratch = kVocabulary * 8;
  spec.kernels = {{"gradient", table[0], gradientArguments(Access::Write), kScratch, "gradient"},
                  {"accumulate", table[1], gradientArguments(Access::ReadWrite), kScratch, "gradient"},
                  {"step", table[2], stepArguments(Access::Read), 0, "adamw"},
                  {"update", table[3], stepArguments(Access::ReadWrite), 0, "adamw"},
                  {"score", table[4], {}, kScratch, "score"}};
  spec.kernels[Accumulate].arguments.push_back(floats(4, Access::ReadWrite));
  spec.kernels[Update].arguments.push_back(floats(4, Access::ReadWrite));
  spec.kernels[Score].arguments = {ints(kRows),
                                   ints(kRows),
                                   ints(kModelBatch),
                                   ints(kModelBatch),
                                   floats(kSlots * 4, Access::ReadWrite),
                                   floats(kBytes, Access::Read),
                                   floats(kBytes, Access::Read),
                                   floats(kRows * 4, Access::Write)};
}

PackageSpec::IoTensor matrix(const char *name, Absent absent, int64_t minimum) {
  return {name, DType::I32, {kModelBatch, kModelTime}, absent, true, minimum, kVocabulary - 1};
}
PackageSpec::IoTensor slot() { return {"slot", DType::I32, {kModelBatch}, Absent::Slots, false, 0, 0}; }
PackageSpec::IoTensor scalar(const char *name, DType dtype = DType::F32) { return {name, dtype, {}}; }

// step and the rates, as docs/compiler/training.md says.
std::vector<PackageSpec::IoTensor> rates() {
  std::vector<PackageSpec::IoTensor> inputs = {{"step", DType::I64, {}, Absent::Zeros}};
  const std::pair<const char *, double> kDefaults[] = {
      {"learning_rate", 1e-3}, {"weight_decay", 0.05}, {"clip", 1},
      {"beta1", 0.9},          {"beta2", 0.98},        {"epsilon", 1e-8}};
  for (auto [name, value] : kDefaults)
    inputs.push_back({name, DType::F32, {}, Absent::Value, false, 0, 0, value});
  return inputs;
}

PackageSpec::Entry rowEntry(const char *name, PackageSpec::EntryKind kind) {
  PackageSpec::Entry entry;
  entry.name = name;
  entry.kind = kind;
  entry.batch = kModelBatch;
  entry.time = kModelTime;
  entry.slots = kSlots;
  entry.states = {0};
  entry.inputs = {matrix("tokens", Absent::Required, 0), matrix("targets", Absent::ShiftedTokens, -1)};
  return entry;
}

void add(std::vector<Binding> &bindings, Space space, std::initializer_list<uint32_t> indices) {
  for (uint32_t index : indices)
    bindings.push_back({space, index});
}

PackageSpec::Command command(Kernel kernel, std::vector<Binding> bindings,
                             const PackageSpec::Location &place) {
  return {kernel, 1, std::move(bindings), place, 1 << 16, 1 << 20};
}

PackageSpec::Entry gradientEntry(const char *name, PackageSpec::EntryKind kind) {
  PackageSpec::Entry entry = rowEntry(name, kind);
  entry.inputs.push_back({"segment_ids", DType::I32, {kModelBatch, kModelTime}, Absent::Zeros});
  entry.inputs.push_back(slot());
  entry.outputs = {scalar("loss"), scalar("loss_weight_sum")};
  return entry;
}

void addTrain(PackageSpec &spec) {
  PackageSpec::Entry entry = gradientEntry("train", PackageSpec::EntryKind::Train);
  for (PackageSpec::IoTensor &input : rates())
    entry.inputs.push_back(std::move(input));
  entry.outputs.push_back(scalar("grad_norm"));
  entry.slices = {{0, kBytes, 0, 1}, {kBytes, kBytes, 0, 1}};
  entry.arenaBytes = 2 * kBytes;
  std::vector<Binding> gradient, step;
  add(gradient, Space::Input, {0, 1, 2, 3});
  add(gradient, Space::State, {0});
  add(gradient, Space::Parameter, {0, 1});
  add(gradient, Space::Arena, {0, 1});
  add(gradient, Space::Output, {0, 1});
  add(step, Space::Input, {4, 5, 6, 7, 8, 9, 10});
  add(step, Space::Arena, {0, 1});
  add(step, Space::Parameter, {0, 1});
  add(step, Space::Optimizer, {FirstOfTable, FirstOfPrevious, SecondOfTable, SecondOfPrevious});
  add(step, Space::Output, {2});
  entry.commands = {command(Gradient, gradient, kGradientPlace), command(Step, step, kUpdatePlace)};
  spec.entries.push_back(entry);
}

void addAccumulate(PackageSpec &spec) {
  PackageSpec::Entry entry = gradientEntry("accumulate", PackageSpec::EntryKind::Accumulate);
  std::vector<Binding> gradient;
  add(gradient, Space::Input, {0, 1, 2, 3});
  add(gradient, Space::State, {0});
  add(gradient, Space::Parameter, {0, 1});
  add(gradient, Space::Optimizer, {SumOfTable, SumOfPrevious});
  add(gradient, Space::Output, {0, 1});
  add(gradient, Space::Optimizer, {SumOfWeights});
  entry.commands = {command(Accumulate, gradient, kGradientPlace)};
  spec.entries.push_back(entry);
}

void addUpdate(PackageSpec &spec) {
  PackageSpec::Entry entry;
  entry.name = "update";
  entry.kind = PackageSpec::EntryKind::Update;
  entry.inputs = rates();
  entry.outputs = {scalar("grad_norm")};
  std::vector<Binding> step;
  add(step, Space::Input, {0, 1, 2, 3, 4, 5, 6});
  add(step, Space::Optimizer, {SumOfTable, SumOfPrevious});
  add(step, Space::Parameter, {0, 1});
  add(step, Space::Optimizer, {FirstOfTable, FirstOfPrevious, SecondOfTable, SecondOfPrevious});
  add(step, Space::Output, {0});
  add(step, Space::Optimizer, {SumOfWeights});
  entry.commands = {command(Update, step, kUpdatePlace)};
  spec.entries.push_back(entry);
}

void addScore(PackageSpec &spec) {
  PackageSpec::Entry entry = rowEntry("score", PackageSpec::EntryKind::Score);
  entry.inputs[1].minimum = 0;
  entry.inputs.push_back({"length", DType::I32, {kModelBatch}, Absent::FullLength, true, 0, kModelTime});
  entry.inputs.push_back(slot());
  entry.outputs = {{"log_prob", DType::F32, {kModelBatch, kModelTime}}};
  std::vector<Binding> score;
  add(score, Space::Input, {0, 1, 2, 3});
  add(score, Space::State, {0});
  add(score, Space::Parameter, {0, 1});
  add(score, Space::Output, {0});
  entry.commands = {command(Score, score, kGradientPlace)};
  entry.commands[0].workgroups = kModelBatch;
  spec.entries.push_back(entry);
}

} // namespace

PackageSpec trainingModelSpec(const TrainingModelOptions &options) {
  PackageSpec spec;
  spec.provenance = {"rondo test", "trigram", "",         {{"vocab", "256"}}, codegen::hashBytes("trigram"),
                     "",           true,      kVocabulary};
  spec.target = "cpu:x86-64";
  spec.cpuFeatures = {"sse2"};
  PackageSpec::Parameter parameter = {.name = "table",
                                      .aliases = {},
                                      .shape = {kVocabulary, kVocabulary},
                                      .weightDecay = true,
                                      .init = PackageSpec::InitKind::Normal,
                                      .initValue = 0.01,
                                      .location = {"model.mlir", 2, 3, ""}};
  spec.parameters.push_back(parameter);
  parameter.name = "previous";
  parameter.layout = PackageSpec::Layout::Panels;
  parameter.panel = 16;
  spec.parameters.push_back(parameter);
  spec.states = {{.name = "state.last", .shape = {1}, .location = kGradientPlace}};
  spec.optimizerStates = {
      {"adam.m.table", Role::FirstMoment, 0},       {"adam.m.previous", Role::FirstMoment, 1},
      {"adam.v.table", Role::SecondMoment, 0},      {"adam.v.previous", Role::SecondMoment, 1},
      {"accumulated.table", Role::Gradient, 0},     {"accumulated.previous", Role::Gradient, 1},
      {"accumulated.loss_weight", Role::LossWeight}};
  addCode(spec);
  if (options.train)
    addTrain(spec);
  if (options.accumulate)
    addAccumulate(spec), addUpdate(spec);
  if (options.score)
    addScore(spec);
  return spec;
}

std::string trainingModel(const TrainingModelOptions &options) {
  return codegen::writePackage(trainingModelSpec(options));
}

} // namespace rondo::test
