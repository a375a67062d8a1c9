// Every way in which a package can be wrong, with the id that the reader must report. Most cases describe the
// fault and let the writer write it; faults of the bytes themselves are made by hand.
#include "runtime/package/Package.h"

#include "codegen/package/PackageWriter.h"
#include "runtime/format/Prefix.h"
#include "test/runtime/sample/SamplePackage.h"

#include "gtest/gtest.h"

#include <cstring>
#include <functional>
#include <limits>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace rondo::rt {
namespace {

using codegen::PackageSpec;

absl::Status readBytes(const std::string &bytes) {
  return Package::fromBytes({reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size()}, "m.rondo")
      .status();
}

// Writes a prefix that fits the payload.
std::string sealed(std::string payload) {
  format::Prefix prefix = {};
  std::memcpy(prefix.magic, format::kMagic, sizeof(prefix.magic));
  prefix.major = format::kMajorVersion;
  prefix.payloadBytes = payload.size();
  prefix.payloadHash = XXH3_64bits(payload.data(), payload.size());
  return std::string(reinterpret_cast<const char *>(&prefix), sizeof(prefix)) + payload;
}

struct SpecCase {
  const char *name;
  ErrorId id;
  std::function<void(PackageSpec &)> damage;
};
void PrintTo(const SpecCase &fault, std::ostream *out) { *out << fault.name; }

class MalformedSpec : public testing::TestWithParam<SpecCase> {};

TEST_P(MalformedSpec, isRefused) {
  PackageSpec spec = test::samplePackageSpec();
  GetParam().damage(spec);
  absl::Status status = readBytes(codegen::writePackage(spec));
  EXPECT_EQ(errorIdOf(status), GetParam().id) << formatError(status);
  EXPECT_EQ(placeOf(status), "m.rondo");
  EXPECT_EQ(exitCodeOf(status), 3);
}

// Enumerators that do not exist.
template <typename Enum> constexpr Enum unknown() { return static_cast<Enum>(77); }
constexpr uint64_t kHuge = std::numeric_limits<uint64_t>::max();
PackageSpec::Entry &decode(PackageSpec &spec) { return spec.entries[2]; }
PackageSpec::Entry &prefill(PackageSpec &spec) { return spec.entries[1]; }

const SpecCase kNameCases[] = {
    {"emptyParameter", ErrorId::BadName, [](auto &s) { s.parameters[0].name = ""; }},
    {"notUtf8", ErrorId::BadName, [](auto &s) { s.parameters[0].name = "a\xC3("; }},
    {"overlongUtf8", ErrorId::BadName, [](auto &s) { s.parameters[0].name = "\xC0\x80"; }},
    {"surrogate", ErrorId::BadName, [](auto &s) { s.parameters[0].name = "\xED\xA0\x80"; }},
    {"terminalEscape", ErrorId::BadName, [](auto &s) { s.kernels[0].name = "\x1B[2J"; }},
    {"tooLong", ErrorId::BadName, [](auto &s) { s.states[0].name = std::string(2000, 'a'); }},
    {"parameterTwice", ErrorId::BadName, [](auto &s) { s.parameters[1].name = "scale"; }},
    {"aliasOfAnother", ErrorId::BadName, [](auto &s) { s.parameters[1].aliases = {"scale"}; }},
    {"kernelTwice", ErrorId::BadName, [](auto &s) { s.kernels[1].name = s.kernels[0].name; }},
    {"entryTwice", ErrorId::BadName, [](auto &s) { s.entries[1].name = "forward"; }},
    {"inputTwice", ErrorId::BadName, [](auto &s) { decode(s).inputs[1].name = "tokens"; }},
    {"inputNamedLikeState", ErrorId::BadName, [](auto &s) { decode(s).inputs[1].name = "state.sum"; }},
    {"outputNamedLikeState", ErrorId::BadName, [](auto &s) { decode(s).outputs[0].name = "state.sum"; }},
    {"target", ErrorId::BadName, [](auto &s) { s.target = ""; }},
    {"feature", ErrorId::BadName, [](auto &s) { s.cpuFeatures = {"avx2", "avx2"}; }},
    {"locationText", ErrorId::BadName, [](auto &s) { s.parameters[0].location.file = "\n"; }},
    {"longReason", ErrorId::TooComplex,
     [](auto &s) { prefill(s).schedules[0].why = std::string(5000, 'a'); }},
};

const SpecCase kEnumCases[] = {
    {"dtype", ErrorId::BadEnum, [](auto &s) { s.parameters[0].dtype = unknown<PackageSpec::DType>(); }},
    {"layout", ErrorId::BadEnum, [](auto &s) { s.parameters[0].layout = unknown<PackageSpec::Layout>(); }},
    {"group", ErrorId::BadEnum,
     [](auto &s) { s.parameters[0].group = unknown<PackageSpec::ParameterGroup>(); }},
    {"init", ErrorId::BadEnum, [](auto &s) { s.parameters[0].init = unknown<PackageSpec::InitKind>(); }},
    {"stateKind", ErrorId::BadEnum, [](auto &s) { s.states[0].kind = unknown<PackageSpec::StateKind>(); }},
    {"segment", ErrorId::BadEnum,
     [](auto &s) { s.image.segments[0].access = unknown<PackageSpec::SegmentAccess>(); }},
    {"argument", ErrorId::BadEnum,
     [](auto &s) { s.kernels[0].arguments[0].access = unknown<PackageSpec::Access>(); }},
    {"argumentType", ErrorId::BadEnum,
     [](auto &s) { s.kernels[0].arguments[0].dtype = unknown<PackageSpec::DType>(); }},
    {"entryKind", ErrorId::BadEnum, [](auto &s) { s.entries[0].kind = unknown<PackageSpec::EntryKind>(); }},
    {"absent", ErrorId::BadEnum,
     [](auto &s) { decode(s).inputs[0].absent = unknown<PackageSpec::Absent>(); }},
    {"space", ErrorId::BadEnum,
     [](auto &s) { decode(s).commands[0].bindings[0].space = unknown<PackageSpec::Space>(); }},
};

const SpecCase kSizeCases[] = {
    {"zeroDimension", ErrorId::BadSize, [](auto &s) { s.parameters[0].shape = {0}; }},
    {"rank9", ErrorId::BadSize, [](auto &s) { s.parameters[0].shape.assign(9, 1); }},
    {"shapeOverflow", ErrorId::BadSize, [](auto &s) { s.parameters[0].shape = {uint64_t(1) << 62, 4}; }},
    {"panelsOfVector", ErrorId::BadSize,
     [](auto &s) {
       s.parameters[0].layout = PackageSpec::Layout::Panels;
       s.parameters[0].panel = 8;
     }},
    {"panelZero", ErrorId::BadSize,
     [](auto &s) {
       s.parameters[0].layout = PackageSpec::Layout::Panels;
       s.parameters[0].shape = {2, 2};
     }},
    {"initNan", ErrorId::BadSize,
     [](auto &s) { s.parameters[0].initValue = std::numeric_limits<double>::quiet_NaN(); }},
    {"batchZero", ErrorId::BadSize, [](auto &s) { s.entries[0].batch = 0; }},
    {"decodeOfTwo", ErrorId::BadSize, [](auto &s) { decode(s).time = 2; }},
    {"fewSlots", ErrorId::BadSize, [](auto &s) { prefill(s).slots = 1; }},
    {"manySlots", ErrorId::BadSize, [](auto &s) { prefill(s).slots = kHuge; }},
    {"scratch", ErrorId::BadSize, [](auto &s) { s.kernels[0].scratchBytes = kHuge; }},
    {"workgroups", ErrorId::BadSize, [](auto &s) { decode(s).commands[0].workgroups = kHuge; }},
    {"rangeOfFloat", ErrorId::BadSize, [](auto &s) { s.entries[0].outputs[0].hasRange = true; }},
    {"rangeReversed", ErrorId::BadSize, [](auto &s) { s.entries[0].inputs[0].minimum = 256; }},
    {"rangeBeyondType", ErrorId::BadSize, [](auto &s) { s.entries[0].inputs[0].maximum = int64_t(1) << 40; }},
    {"imageTooLarge", ErrorId::BadSize, [](auto &s) { s.image.memoryBytes = uint64_t(1) << 40; }},
    {"dataBeyondMemory", ErrorId::BadSize, [](auto &s) { s.image.segments[0].memoryBytes = 8; }},
    {"manyArguments", ErrorId::TooComplex, [](auto &s) { s.kernels[0].arguments.resize(3000); }},
};

const SpecCase kImageCases[] = {
    {"segmentAddress", ErrorId::Misaligned, [](auto &s) { s.image.segments[0].address = 64; }},
    {"segmentData", ErrorId::SectionBounds, [](auto &s) { s.image.segments[0].dataOffset = 1; }},
    {"segmentDataWraps", ErrorId::SectionBounds, [](auto &s) { s.image.segments[0].dataOffset = kHuge; }},
    {"segmentMemory", ErrorId::SectionBounds, [](auto &s) { s.image.segments[0].address = 4096; }},
    {"segmentOverlap", ErrorId::SectionOverlap,
     [](auto &s) { s.image.segments.push_back(s.image.segments[0]); }},
    {"relocationAlignment", ErrorId::Misaligned, [](auto &s) { s.image.relocations = {{4, 0}}; }},
    {"relocationInCode", ErrorId::SectionBounds, [](auto &s) { s.image.relocations = {{8, 0}}; }},
    {"relocationTarget", ErrorId::SectionBounds,
     [](auto &s) {
       s.image.segments.push_back({s.image.memoryBytes, 4096, 0, 0, PackageSpec::SegmentAccess::ReadWrite});
       s.image.relocations = {{s.image.memoryBytes, s.image.memoryBytes + 4096}};
       s.image.memoryBytes += 4096;
     }},
    {"kernelAddress", ErrorId::SectionBounds, [](auto &s) { s.kernels[0].address = s.image.memoryBytes; }},
    {"kernelInData", ErrorId::SectionBounds,
     [](auto &s) { s.image.segments[0].access = PackageSpec::SegmentAccess::Read; }},
    {"constantOffset", ErrorId::Misaligned,
     [](auto &s) {
       s.constants.resize(64);
       s.constantRanges = {{8, 8}};
     }},
    {"constantBounds", ErrorId::SectionBounds,
     [](auto &s) {
       s.constants.resize(64);
       s.constantRanges = {{64, 8}};
     }},
};

const SpecCase kIndexCases[] = {
    {"kernel", ErrorId::BadIndex, [](auto &s) { decode(s).commands[0].kernel = 5; }},
    {"state", ErrorId::BadIndex, [](auto &s) { decode(s).states = {1}; }},
    {"stateTwice", ErrorId::BadIndex, [](auto &s) { decode(s).states = {0, 0}; }},
    {"input", ErrorId::BadIndex, [](auto &s) { decode(s).commands[0].bindings[0].index = 2; }},
    {"output", ErrorId::BadIndex, [](auto &s) { decode(s).commands[1].bindings[4].index = 1; }},
    {"parameter", ErrorId::BadIndex, [](auto &s) { decode(s).commands[0].bindings[1].index = 2; }},
    {"constant", ErrorId::BadIndex,
     [](auto &s) { decode(s).commands[0].bindings[1] = {PackageSpec::Space::Constant, 0}; }},
    {"slice", ErrorId::BadIndex, [](auto &s) { decode(s).commands[0].bindings[2].index = 1; }},
    {"sliceLife", ErrorId::BadIndex, [](auto &s) { decode(s).slices[0].lastCommand = 2; }},
    {"sliceLifeReversed", ErrorId::BadIndex,
     [](auto &s) {
       decode(s).slices[0].firstCommand = 1;
       decode(s).slices[0].lastCommand = 0;
     }},
};

const SpecCase kSignatureCases[] = {
    {"bindingCount", ErrorId::SignatureMismatch, [](auto &s) { decode(s).commands[0].bindings.pop_back(); }},
    {"smallBuffer", ErrorId::SignatureMismatch, [](auto &s) { s.kernels[0].arguments[1].bytes = 8; }},
    {"smallPool", ErrorId::SignatureMismatch, [](auto &s) { decode(s).slots = 2; }},
    {"smallSlice", ErrorId::SignatureMismatch, [](auto &s) { prefill(s).slices[0].bytes = 60; }},
    {"writesParameter", ErrorId::SignatureMismatch,
     [](auto &s) { s.kernels[0].arguments[1].access = PackageSpec::Access::Write; }},
    {"writesInput", ErrorId::SignatureMismatch,
     [](auto &s) { s.kernels[0].arguments[0].access = PackageSpec::Access::ReadWrite; }},
    {"stateNotListed", ErrorId::SignatureMismatch, [](auto &s) { decode(s).states.clear(); }},
    {"sliceOutOfItsLife", ErrorId::SignatureMismatch, [](auto &s) { decode(s).slices[0].lastCommand = 0; }},
    {"writtenBufferTwice", ErrorId::SignatureMismatch,
     [](auto &s) { decode(s).commands[0].bindings[0] = {PackageSpec::Space::Arena, 0}; }},
    {"lengthShape", ErrorId::SignatureMismatch, [](auto &s) { prefill(s).inputs[1].shape = {1, 2}; }},
    {"lengthRange", ErrorId::SignatureMismatch, [](auto &s) { prefill(s).inputs[1].maximum = 7; }},
    {"slotType", ErrorId::SignatureMismatch,
     [](auto &s) { prefill(s).inputs[2].dtype = PackageSpec::DType::F32; }},
    {"zerosRange", ErrorId::SignatureMismatch,
     [](auto &s) {
       prefill(s).inputs[0].absent = PackageSpec::Absent::Zeros;
       prefill(s).inputs[0].minimum = 1;
     }},
    {"shiftedWithoutTokens", ErrorId::SignatureMismatch,
     [](auto &s) {
       prefill(s).inputs[0].name = "words";
       prefill(s).inputs[0].absent = PackageSpec::Absent::ShiftedTokens;
     }},
};

const SpecCase kPlanCases[] = {
    {"offset", ErrorId::Misaligned, [](auto &s) { decode(s).slices[0].offset = 8; }},
    {"beyondArena", ErrorId::PlanBounds, [](auto &s) { decode(s).slices[0].bytes = 65; }},
    {"empty", ErrorId::PlanBounds, [](auto &s) { decode(s).slices[0].bytes = 0; }},
    {"wraps", ErrorId::PlanOverflow, [](auto &s) { decode(s).slices[0] = {kHuge - 63, 128, 0, 1}; }},
    {"arena", ErrorId::PlanOverflow, [](auto &s) { decode(s).arenaBytes = kHuge; }},
    {"sameBytes", ErrorId::PlanOverlap, [](auto &s) { decode(s).slices.push_back({0, 64, 1, 1}); }},
    {"tailOfAnother", ErrorId::PlanOverlap,
     [](auto &s) {
       decode(s).arenaBytes = 256;
       decode(s).slices.push_back({64, 128, 0, 0});
       decode(s).slices.push_back({128, 64, 0, 1});
     }},
    {"headOfAnother", ErrorId::PlanOverlap,
     [](auto &s) {
       decode(s).arenaBytes = 256;
       decode(s).slices.push_back({128, 64, 0, 1});
       decode(s).slices.push_back({64, 128, 1, 1});
     }},
};

auto caseName = [](const testing::TestParamInfo<SpecCase> &info) { return std::string(info.param.name); };
INSTANTIATE_TEST_SUITE_P(Names, MalformedSpec, testing::ValuesIn(kNameCases), caseName);
INSTANTIATE_TEST_SUITE_P(Enums, MalformedSpec, testing::ValuesIn(kEnumCases), caseName);
INSTANTIATE_TEST_SUITE_P(Sizes, MalformedSpec, testing::ValuesIn(kSizeCases), caseName);
INSTANTIATE_TEST_SUITE_P(Image, MalformedSpec, testing::ValuesIn(kImageCases), caseName);
INSTANTIATE_TEST_SUITE_P(Indices, MalformedSpec, testing::ValuesIn(kIndexCases), caseName);
INSTANTIATE_TEST_SUITE_P(Signatures, MalformedSpec, testing::ValuesIn(kSignatureCases), caseName);
INSTANTIATE_TEST_SUITE_P(Plan, MalformedSpec, testing::ValuesIn(kPlanCases), caseName);

// Buffers may share bytes when their lives are apart.
TEST(Plan, reusesBytesOfDeadBuffers) {
  PackageSpec spec = test::samplePackageSpec();
  decode(spec).arenaBytes = 128;
  decode(spec).slices.push_back({64, 64, 0, 0});
  decode(spec).slices.push_back({64, 64, 1, 1});
  EXPECT_TRUE(readBytes(codegen::writePackage(spec)).ok());
}

TEST(MalformedBytes, otherFiles) {
  EXPECT_EQ(errorIdOf(readBytes("")), ErrorId::NotAPackage);
  EXPECT_EQ(errorIdOf(readBytes("RONDO")), ErrorId::NotAPackage);
  EXPECT_EQ(errorIdOf(readBytes(std::string(100, 'x'))), ErrorId::NotAPackage);
}

TEST(MalformedBytes, everyTruncationIsSeen) {
  std::string bytes = test::samplePackage();
  for (size_t size = sizeof(format::kMagic); size < bytes.size(); size += 97)
    EXPECT_EQ(errorIdOf(readBytes(bytes.substr(0, size))), ErrorId::Truncated) << size;
}

TEST(MalformedBytes, prefixFields) {
  std::string bytes = test::samplePackage();
  auto with = [&](size_t offset, auto value) {
    std::string changed = bytes;
    std::memcpy(changed.data() + offset, &value, sizeof(value));
    return errorIdOf(readBytes(changed));
  };
  EXPECT_EQ(with(offsetof(format::Prefix, major), uint32_t(2)), ErrorId::VersionTooNew);
  EXPECT_EQ(with(offsetof(format::Prefix, minor), uint32_t(7)), std::nullopt); // fields are only added
  EXPECT_EQ(with(offsetof(format::Prefix, payloadBytes), uint64_t(1) << 31), ErrorId::TooLarge);
  EXPECT_EQ(with(offsetof(format::Prefix, payloadBytes), std::numeric_limits<uint64_t>::max()),
            ErrorId::TooLarge);
  EXPECT_EQ(with(offsetof(format::Prefix, payloadHash), uint64_t(1)), ErrorId::HashMismatch);
  EXPECT_EQ(with(offsetof(format::Prefix, zero), uint8_t(1)), ErrorId::VerifyFailed);
  EXPECT_EQ(errorIdOf(readBytes(bytes + "x")), ErrorId::VerifyFailed);
}

TEST(MalformedBytes, everyByteOfThePayloadIsHashed) {
  std::string bytes = test::samplePackage();
  for (size_t at = sizeof(format::Prefix); at < bytes.size(); at += 131) {
    std::string changed = bytes;
    changed[at] ^= 1;
    EXPECT_EQ(errorIdOf(readBytes(changed)), ErrorId::HashMismatch) << at;
  }
}

TEST(MalformedBytes, damagedFlatBuffer) {
  EXPECT_EQ(errorIdOf(readBytes(sealed(""))), ErrorId::VerifyFailed);
  EXPECT_EQ(errorIdOf(readBytes(sealed(std::string(64, '\xFF')))), ErrorId::VerifyFailed);
  std::string payload = test::samplePackage().substr(sizeof(format::Prefix));
  payload[4] = 'X'; // the file identifier
  EXPECT_EQ(errorIdOf(readBytes(sealed(payload))), ErrorId::VerifyFailed);
}

// Finished without its lists: FlatBuffers lets optional fields be absent, the runtime does not.
TEST(MalformedBytes, absentLists) {
  flatbuffers::FlatBufferBuilder builder;
  auto provenance = format::CreateProvenance(builder);
  auto target = builder.CreateString("cpu:x86-64");
  auto image = format::CreateImage(builder);
  format::FinishPackageBuffer(builder,
                              format::CreatePackage(builder, provenance, target, 0, 0, 0, 0, 0, 0, image));
  std::string payload(reinterpret_cast<const char *>(builder.GetBufferPointer()), builder.GetSize());
  EXPECT_EQ(errorIdOf(readBytes(sealed(payload))), ErrorId::VerifyFailed);
}

// One table that many offsets share costs the verifier a visit each.
TEST(MalformedBytes, tooManyTables) {
  flatbuffers::FlatBufferBuilder builder;
  auto provenance = format::CreateProvenance(builder);
  auto target = builder.CreateString("cpu:x86-64");
  auto image = format::CreateImage(builder);
  auto location = format::CreateLocation(builder);
  auto locations =
      builder.CreateVector(std::vector<flatbuffers::Offset<format::Location>>(300'000, location));
  format::FinishPackageBuffer(
      builder, format::CreatePackage(builder, provenance, target, 0, locations, 0, 0, 0, 0, image));
  std::string payload(reinterpret_cast<const char *>(builder.GetBufferPointer()), builder.GetSize());
  EXPECT_EQ(errorIdOf(readBytes(sealed(payload))), ErrorId::TooComplex);
}

// The length in front of a list, cut by one.
TEST(MalformedBytes, fewerTypesThanArguments) {
  std::string payload = test::samplePackage().substr(sizeof(format::Prefix));
  ASSERT_TRUE(readBytes(sealed(payload)).ok());
  const auto *types = format::GetPackage(payload.data())->kernels()->Get(0)->argument_types();
  size_t at = static_cast<size_t>(reinterpret_cast<const char *>(types->Data()) - payload.data()) - 4;
  ASSERT_EQ(payload[at], 3);
  payload[at] = 2;
  EXPECT_EQ(errorIdOf(readBytes(sealed(payload))), ErrorId::SignatureMismatch);
}

// A package with one parameter whose shape is a list of two 4-byte numbers that claims to be one 8-byte
// number.
std::string packageWithNarrowShape(const std::string &parameterName) {
  flatbuffers::FlatBufferBuilder builder;
  auto name = builder.CreateString(parameterName);
  uint32_t words[2] = {1, 0};
  auto shape = builder.CreateVector(words, 2);
  auto none = builder.CreateVectorOfStrings(std::vector<std::string>{});
  auto parameter = format::CreateParameter(builder, name, none,
                                           flatbuffers::Offset<flatbuffers::Vector<uint64_t>>(shape.o));
  auto parameters = builder.CreateVector(&parameter, 1);
  auto text = builder.CreateString("");
  auto hypers = builder.CreateVector(std::vector<flatbuffers::Offset<format::Hyper>>{});
  auto provenance = format::CreateProvenance(builder, text, text, text, hypers, 0, 0, text);
  auto target = builder.CreateString("cpu:x86-64");
  auto locations = builder.CreateVector(std::vector<flatbuffers::Offset<format::Location>>{});
  auto image = format::CreateImage(builder);
  format::FinishPackageBuffer(builder, format::CreatePackage(builder, provenance, target, none, locations,
                                                             parameters, 0, 0, 0, image));
  std::string payload(reinterpret_cast<const char *>(builder.GetBufferPointer()), builder.GetSize());
  const uint8_t *data = format::GetPackage(payload.data())->parameters()->Get(0)->shape()->Data();
  uint32_t one = 1;
  std::memcpy(payload.data() + (reinterpret_cast<const char *>(data) - payload.data()) - sizeof(one), &one,
              sizeof(one));
  return payload;
}

// FlatBuffers' verifier accepts 8-byte numbers at 4-byte addresses; loading them would be undefined.
TEST(MalformedBytes, misalignedList) {
  for (const char *name : {"p", "four"}) { // one of the two puts the list at an odd multiple of 4
    std::string payload = packageWithNarrowShape(name);
    const uint8_t *data = format::GetPackage(payload.data())->parameters()->Get(0)->shape()->Data();
    if ((reinterpret_cast<const char *>(data) - payload.data()) % 8 != 4)
      continue;
    EXPECT_EQ(errorIdOf(readBytes(sealed(payload))), ErrorId::Misaligned);
    return;
  }
  FAIL() << "the case no longer shows what it is for";
}

} // namespace
} // namespace rondo::rt
