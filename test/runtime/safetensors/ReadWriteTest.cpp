// Written files read back; every readable type converts exactly.
#include "runtime/safetensors/Reader.h"
#include "runtime/safetensors/Writer.h"
#include "test/runtime/files/TemporaryFolder.h"
#include "test/runtime/safetensors/FileText.h"

#include <bit>
#include <cmath>
#include <limits>

namespace rondo::rt::safetensors {
namespace {

template <typename T> absl::Span<const uint8_t> bytesOf(const std::vector<T> &values) {
  return {reinterpret_cast<const uint8_t *>(values.data()), values.size() * sizeof(T)};
}

class ReadWrite : public TemporaryFolder {
protected:
  template <typename T> Reader write(ElementType type, const std::vector<T> &values) const {
    std::string name = path("x.safetensors");
    absl::StatusOr<Writer> writer = Writer::create(name, {{"x", type, {values.size()}}});
    EXPECT_TRUE(writer.ok() && writer->write(bytesOf(values)).ok() && writer->finish().ok());
    return *Reader::open(name);
  }
  template <typename T> std::vector<float> asF32(ElementType type, const std::vector<T> &values) const {
    Reader reader = write(type, values);
    std::vector<float> out(values.size());
    EXPECT_TRUE(reader.readF32(*reader.find("x"), 0, absl::MakeSpan(out), ErrorId::InputType).ok());
    return out;
  }
  template <typename T> std::vector<int64_t> asI64(ElementType type, const std::vector<T> &values) const {
    Reader reader = write(type, values);
    std::vector<int64_t> out(values.size());
    EXPECT_TRUE(reader.readI64(*reader.find("x"), 0, absl::MakeSpan(out), ErrorId::InputType).ok());
    return out;
  }
};

TEST_F(ReadWrite, roundTripsSeveralTensors) {
  std::vector<TensorToWrite> tensors = {{"b \"quoted\" \\ \n", ElementType::F32, {2, 2}},
                                        {"a", ElementType::I32, {3}},
                                        {"e", ElementType::F32, {0}}};
  absl::StatusOr<Writer> writer = Writer::create(path("w"), tensors, {{"k", "v\t"}});
  ASSERT_TRUE(writer.ok());
  std::vector<float> b = {1, 2, 3, 4};
  std::vector<int32_t> a = {7, -8, 9};
  ASSERT_TRUE(writer->write(bytesOf(b)).ok());
  ASSERT_TRUE(writer->write(bytesOf(a)).ok());
  ASSERT_TRUE(writer->finish().ok());

  absl::StatusOr<Reader> reader = Reader::open(path("w"));
  ASSERT_TRUE(reader.ok()) << reader.status();
  EXPECT_EQ(reader->header().dataOffset % 64, 0u);
  EXPECT_EQ(reader->header().metadata.at("k"), "v\t");
  std::vector<float> two(2);
  ASSERT_TRUE(
      reader->readF32(*reader->find(tensors[0].name), 1, absl::MakeSpan(two), ErrorId::InputType).ok());
  EXPECT_EQ(two, (std::vector<float>{2, 3}));
  std::vector<int32_t> back(3);
  ASSERT_TRUE(reader->readI32(*reader->find("a"), 0, absl::MakeSpan(back), ErrorId::InputType).ok());
  EXPECT_EQ(back, a);
}

TEST_F(ReadWrite, narrowsF64) {
  EXPECT_EQ(asF32<double>(ElementType::F64, {0.1, -1e300, 1e-50}),
            (std::vector<float>{0.1f, -INFINITY, 0.0f}));
}

TEST_F(ReadWrite, widensF16) {
  std::vector<uint16_t> halves = {0x3C00, 0xC000, 0x0001, 0x03FF, 0x0400, 0x7BFF, 0x7C00, 0xFC00, 0x8000};
  std::vector<float> floats = {1, -2, 0x1p-24f, 1023 * 0x1p-24f, 0x1p-14f, 65504, INFINITY, -INFINITY, -0.0f};
  EXPECT_EQ(asF32(ElementType::F16, halves), floats);
  EXPECT_TRUE(std::signbit(asF32(ElementType::F16, halves).back()));
  EXPECT_TRUE(std::isnan(asF32<uint16_t>(ElementType::F16, {0x7E01})[0]));
}

// Against the compiler's own conversion, all 65536 of them.
TEST_F(ReadWrite, widensEveryF16) {
  std::vector<uint16_t> halves(65536);
  for (size_t i = 0; i < halves.size(); ++i)
    halves[i] = static_cast<uint16_t>(i);
  std::vector<float> floats = asF32(ElementType::F16, halves);
  for (size_t i = 0; i < halves.size(); ++i) {
    float expected = static_cast<float>(std::bit_cast<_Float16>(halves[i]));
    if (std::isnan(expected))
      EXPECT_TRUE(std::isnan(floats[i]));
    else
      EXPECT_EQ(std::bit_cast<uint32_t>(floats[i]), std::bit_cast<uint32_t>(expected)) << i;
  }
}

TEST_F(ReadWrite, widensBf16) {
  EXPECT_EQ(asF32<uint16_t>(ElementType::BF16, {0x3F80, 0xC049, 0x0001}),
            (std::vector<float>{1, -3.140625f, std::bit_cast<float>(0x00010000u)}));
}

TEST_F(ReadWrite, readsIntegersOfAllWidths) {
  EXPECT_EQ(asI64<int8_t>(ElementType::I8, {-128, 127}), (std::vector<int64_t>{-128, 127}));
  EXPECT_EQ(asI64<uint8_t>(ElementType::U8, {255}), (std::vector<int64_t>{255}));
  EXPECT_EQ(asI64<int16_t>(ElementType::I16, {-32768}), (std::vector<int64_t>{-32768}));
  EXPECT_EQ(asI64<uint16_t>(ElementType::U16, {65535}), (std::vector<int64_t>{65535}));
  EXPECT_EQ(asI64<int32_t>(ElementType::I32, {INT32_MIN}), (std::vector<int64_t>{INT32_MIN}));
  EXPECT_EQ(asI64<uint32_t>(ElementType::U32, {UINT32_MAX}), (std::vector<int64_t>{UINT32_MAX}));
  EXPECT_EQ(asI64<int64_t>(ElementType::I64, {INT64_MIN}), (std::vector<int64_t>{INT64_MIN}));
  EXPECT_EQ(asI64<uint64_t>(ElementType::U64, {INT64_MAX}), (std::vector<int64_t>{INT64_MAX}));
}

TEST_F(ReadWrite, refusesIntegersThatDoNotFit) {
  Reader wide = write<int64_t>(ElementType::I64, {1, int64_t{INT32_MAX} + 1});
  std::vector<int32_t> narrow(2);
  EXPECT_EQ(errorIdOf(wide.readI32(*wide.find("x"), 0, absl::MakeSpan(narrow), ErrorId::InputType)),
            ErrorId::TokenRange);
  Reader huge = write<uint64_t>(ElementType::U64, {UINT64_MAX});
  std::vector<int64_t> out(1);
  EXPECT_EQ(errorIdOf(huge.readI64(*huge.find("x"), 0, absl::MakeSpan(out), ErrorId::InputType)),
            ErrorId::TokenRange);
}

TEST_F(ReadWrite, refusesTypesThatCannotBeRead) {
  Reader floats = write<float>(ElementType::F32, {1});
  std::vector<int32_t> integers(1);
  EXPECT_EQ(errorIdOf(floats.readI32(*floats.find("x"), 0, absl::MakeSpan(integers), ErrorId::InputType)),
            ErrorId::InputType);
  Reader bytes = write<uint8_t>(ElementType::F8E4M3, {1});
  std::vector<float> out(1);
  EXPECT_EQ(errorIdOf(bytes.readF32(*bytes.find("x"), 0, absl::MakeSpan(out), ErrorId::WeightDtype)),
            ErrorId::WeightDtype);
}

TEST_F(ReadWrite, convertsLongTensorsInPieces) {
  std::vector<double> values(100'001);
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<double>(i) * 0.5;
  std::vector<float> floats = asF32(ElementType::F64, values);
  for (size_t i = 0; i < values.size(); ++i)
    ASSERT_EQ(floats[i], static_cast<float>(values[i]));
}

TEST_F(ReadWrite, writesNothingThatIsIncomplete) {
  {
    absl::StatusOr<Writer> writer = Writer::create(path("w"), {{"x", ElementType::F32, {2}}});
    ASSERT_TRUE(writer->write(bytesOf(std::vector<float>{1})).ok());
    EXPECT_EQ(errorIdOf(writer->finish()), ErrorId::Internal);
    EXPECT_EQ(errorIdOf(writer->write(bytesOf(std::vector<float>{1, 2}))), ErrorId::Internal);
  }
  EXPECT_EQ(entries(), 0u);
  EXPECT_EQ(
      errorIdOf(
          Writer::create(path("w"), {{"x", ElementType::F32, {}}, {"x", ElementType::F32, {}}}).status()),
      ErrorId::Internal);
}

TEST_F(ReadWrite, noticesAFileCutWhileItIsRead) {
  Reader reader = write<float>(ElementType::F32, {1, 2, 3});
  std::filesystem::resize_file(reader.path(), reader.header().dataOffset + 5);
  std::vector<float> out(3);
  EXPECT_EQ(errorIdOf(reader.readF32(*reader.find("x"), 0, absl::MakeSpan(out), ErrorId::InputType)),
            ErrorId::OutOfBounds);
}

} // namespace
} // namespace rondo::rt::safetensors
