// Every way in which what a package says about training can be wrong, with the id that the reader must
// report.
#include "runtime/package/Package.h"

#include "codegen/package/PackageWriter.h"
#include "runtime/package/Validate.h"
#include "test/runtime/sample/SamplePackage.h"

#include "gtest/gtest.h"

#include <cstring>
#include <functional>
#include <limits>

namespace rondo::rt {
namespace {

using codegen::PackageSpec;
using Role = PackageSpec::OptimizerRole;
using Space = PackageSpec::Space;

absl::Status readSpec(const PackageSpec &spec) {
  std::string bytes = codegen::writePackage(spec);
  return Package::fromBytes({reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size()}, "m.rondo")
      .status();
}

PackageSpec::Entry &accumulate(PackageSpec &spec) { return spec.entries[3]; }
PackageSpec::Entry &update(PackageSpec &spec) { return spec.entries[4]; }
PackageSpec::IoTensor &targets(PackageSpec &spec) { return accumulate(spec).inputs[1]; }
PackageSpec::IoTensor &segments(PackageSpec &spec) { return accumulate(spec).inputs[2]; }
PackageSpec::IoTensor &rate(PackageSpec &spec) { return update(spec).inputs[0]; }

struct TrainingCase {
  const char *name;
  ErrorId id;
  std::function<void(PackageSpec &)> damage;
};
void PrintTo(const TrainingCase &fault, std::ostream *out) { *out << fault.name; }

class MalformedTraining : public testing::TestWithParam<TrainingCase> {};

TEST_P(MalformedTraining, isRefused) {
  PackageSpec spec = test::trainingPackageSpec();
  GetParam().damage(spec);
  absl::Status status = readSpec(spec);
  EXPECT_EQ(errorIdOf(status), GetParam().id) << formatError(status);
  EXPECT_EQ(exitCodeOf(status), 3);
}

const TrainingCase kStateCases[] = {
    {"nameEmpty", ErrorId::BadName, [](auto &s) { s.optimizerStates[0].name = ""; }},
    {"nameTwice", ErrorId::BadName, [](auto &s) { s.optimizerStates[0].name = "accumulated.bias"; }},
    {"role", ErrorId::BadEnum, [](auto &s) { s.optimizerStates[0].role = static_cast<Role>(9); }},
    {"parameter", ErrorId::BadIndex, [](auto &s) { s.optimizerStates[0].parameter = 2; }},
    {"roleTwice", ErrorId::BadIndex, [](auto &s) { s.optimizerStates[0].role = Role::Gradient; }},
    {"twoLossWeights", ErrorId::BadIndex,
     [](auto &s) { s.optimizerStates.push_back({"another", Role::LossWeight, 1}); }},
    {"typeOfParameter", ErrorId::SignatureMismatch,
     [](auto &s) { s.parameters[1].dtype = PackageSpec::DType::F64; }},
    {"binding", ErrorId::BadIndex, [](auto &s) { update(s).commands[0].bindings[3].index = 3; }},
    {"smallBuffer", ErrorId::SignatureMismatch, [](auto &s) { update(s).commands[0].bindings[3].index = 2; }},
    {"noStates", ErrorId::BadIndex, [](auto &s) { s.optimizerStates.clear(); }},
};

const TrainingCase kWriteCases[] = {
    {"updateOfGrad", ErrorId::SignatureMismatch,
     [](auto &s) {
       update(s).kind = PackageSpec::EntryKind::Grad;
       update(s).batch = update(s).time = 1;
     }},
    {"accumulateOfForward", ErrorId::SignatureMismatch,
     [](auto &s) { accumulate(s).kind = PackageSpec::EntryKind::Forward; }},
    {"parameterTwice", ErrorId::SignatureMismatch,
     [](auto &s) { update(s).commands[0].bindings[1] = {Space::Parameter, 1}; }},
    {"stateTwice", ErrorId::SignatureMismatch,
     [](auto &s) { update(s).commands[0].bindings[1] = {Space::Optimizer, 0}; }},
    {"constant", ErrorId::SignatureMismatch,
     [](auto &s) {
       s.constants.resize(1024);
       s.constantRanges = {{0, 1024}};
       update(s).commands[0].bindings[3] = {Space::Constant, 0};
     }},
    {"manyBindings", ErrorId::TooComplex,
     [](auto &s) {
       s.kernels[5].arguments.resize(2000, {0, PackageSpec::Access::Read});
       accumulate(s).commands[0].bindings.resize(2000, {Space::Input, 0});
       accumulate(s).commands.resize(200, accumulate(s).commands[0]);
     }},
};

const TrainingCase kEntryCases[] = {
    {"batchOfUpdate", ErrorId::BadSize, [](auto &s) { update(s).batch = 1; }},
    {"timeOfAccumulate", ErrorId::BadSize, [](auto &s) { accumulate(s).time = 0; }},
    {"rateNan", ErrorId::SignatureMismatch,
     [](auto &s) { rate(s).defaultValue = std::numeric_limits<double>::quiet_NaN(); }},
    {"valueOfBytes", ErrorId::SignatureMismatch, [](auto &s) { rate(s).dtype = PackageSpec::DType::U8; }},
    {"valueNotWhole", ErrorId::SignatureMismatch, [](auto &s) { rate(s).dtype = PackageSpec::DType::I64; }},
    {"valueOutOfRange", ErrorId::SignatureMismatch,
     [](auto &s) {
       rate(s) = {"step", PackageSpec::DType::I32, {}, PackageSpec::Absent::Value, true, 0, 7, 8};
     }},
    {"targetsRange", ErrorId::SignatureMismatch, [](auto &s) { targets(s).maximum = 254; }},
    {"segmentsType", ErrorId::SignatureMismatch,
     [](auto &s) { segments(s).dtype = PackageSpec::DType::I64; }},
    {"segmentsShape", ErrorId::SignatureMismatch, [](auto &s) { segments(s).shape = {2, 7}; }},
};

auto caseName = [](const testing::TestParamInfo<TrainingCase> &info) { return std::string(info.param.name); };
INSTANTIATE_TEST_SUITE_P(States, MalformedTraining, testing::ValuesIn(kStateCases), caseName);
INSTANTIATE_TEST_SUITE_P(Writes, MalformedTraining, testing::ValuesIn(kWriteCases), caseName);
INSTANTIATE_TEST_SUITE_P(Entries, MalformedTraining, testing::ValuesIn(kEntryCases), caseName);

TEST(TrainingPackage, isRead) { EXPECT_TRUE(readSpec(test::trainingPackageSpec()).ok()); }

// The writer derives storage_bytes, so that a wrong one is made in the bytes.
TEST(TrainingPackage, no_storageBytes) {
  std::string bytes = codegen::writePackage(test::trainingPackageSpec());
  std::vector<uint64_t> payload((bytes.size() - 64 + 7) / 8);
  std::memcpy(payload.data(), bytes.data() + 64, bytes.size() - 64);
  auto *root = flatbuffers::GetMutableRoot<format::Package>(payload.data());
  for (uint32_t state : {0u, 2u}) {
    auto *described = const_cast<format::OptimizerState *>(root->optimizer_states()->Get(state));
    auto *field = const_cast<uint8_t *>(reinterpret_cast<flatbuffers::Table *>(described)->GetAddressOf(
        format::OptimizerState::VT_STORAGE_BYTES));
    ASSERT_NE(field, nullptr);
    flatbuffers::WriteScalar(field, flatbuffers::ReadScalar<uint64_t>(field) + 4);
    EXPECT_EQ(errorIdOf(package::validate(*root)), ErrorId::BadSize);
    flatbuffers::WriteScalar(field, flatbuffers::ReadScalar<uint64_t>(field) - 4);
  }
  EXPECT_TRUE(package::validate(*root).ok());
}

// What saved states are guarded by says nothing of training: a model trained here serves there.
TEST(TrainingPackage, modelHashIsThatOfTheModel) {
  auto hashOf = [](const PackageSpec &spec) {
    std::string bytes = codegen::writePackage(spec);
    return Package::fromBytes({reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size()}, "m")
        ->root()
        .provenance()
        ->model_hash();
  };
  EXPECT_EQ(hashOf(test::trainingPackageSpec()), hashOf(test::samplePackageSpec()));
}

} // namespace
} // namespace rondo::rt
