// Every class of malformed safetensors file is refused under its own id.
#include "runtime/safetensors/Reader.h"
#include "test/runtime/files/TemporaryFolder.h"
#include "test/runtime/safetensors/FileText.h"

namespace rondo::rt::safetensors {
namespace {

// A header with one tensor "a" whose fields are given.
std::string one(const std::string &dtype, const std::string &shape, const std::string &offsets) {
  return "{\"a\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":" + offsets + "}}";
}

std::string two(const std::string &first, const std::string &second) {
  return "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":" + first +
         "},\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":" + second + "}}";
}

struct Case {
  ErrorId id;
  std::string file;
};

class Malformed : public TemporaryFolder {
protected:
  void expectAll(const std::vector<Case> &cases) const {
    for (const Case &c : cases) {
      absl::Status status = Reader::open(put("bad.safetensors", c.file)).status();
      EXPECT_EQ(errorIdOf(status), c.id) << status.message() << "\nin " << c.file.substr(8, 200);
      EXPECT_EQ(exitCodeOf(status), 3);
      EXPECT_EQ(placeOf(status), path("bad.safetensors"));
    }
  }
};

TEST_F(Malformed, length) {
  expectAll({
      {ErrorId::HeaderTooSmall, ""},
      {ErrorId::HeaderTooSmall, "x"},
      {ErrorId::HeaderTooSmall, "1234567"},
      {ErrorId::HeaderTruncated, fileText("{}", 0, 3)},
      {ErrorId::HeaderTruncated, fileText("", 0, 1)},
      {ErrorId::HeaderTruncated, fileText("{}", 90, 1000)},
      {ErrorId::HeaderTooLarge, fileText("{}", 0, kMaxHeaderBytes + 1)},
      {ErrorId::HeaderTooLarge, fileText("{}", 0, UINT64_MAX)},
      {ErrorId::HeaderTooLarge, fileText("{}", 0, uint64_t{1} << 63)},
  });
}

TEST_F(Malformed, json) {
  expectAll({
      {ErrorId::HeaderNotObject, fileText("", 0)},
      {ErrorId::HeaderNotObject, fileText("[]", 0)},
      {ErrorId::HeaderNotObject, fileText(" {}", 0)},
      {ErrorId::BadUtf8, fileText("{\"\xFF\":1}", 0)},
      {ErrorId::BadUtf8, fileText("{\"\xED\xA0\x80\":1}", 0)},
      {ErrorId::BadUtf8, fileText("{}\xC3", 0)},
      {ErrorId::BadJson, fileText("{\"\\ud800\":{}}", 0)}, // lone surrogate
      {ErrorId::BadJson, fileText("{\"a\n\":{}}", 0)},     // control character
      {ErrorId::BadJson, fileText("{} x", 0)},             // trailing text
      {ErrorId::BadJson, fileText(std::string("{}\0", 3), 0)},
      {ErrorId::BadJson, fileText("{", 0)},
      {ErrorId::BadJson, fileText("{\"a\":}", 0)},
      {ErrorId::BadJson, fileText("{/* no */}", 0)},
  });
}

TEST_F(Malformed, keys) {
  std::string good = one("U8", "[4]", "[0,4]");
  std::string body = good.substr(1, good.size() - 2);
  expectAll({
      {ErrorId::DuplicateKey, fileText("{" + body + "," + body + "}", 4)},
      {ErrorId::DuplicateKey, fileText("{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\"}}", 4)},
      {ErrorId::DuplicateKey, fileText("{\"__metadata__\":{},\"__metadata__\":{}}", 0)},
      {ErrorId::DuplicateKey, fileText("{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}", 0)},
      {ErrorId::UnknownField, fileText("{\"a\":{\"type\":\"U8\"}}", 4)},
      {ErrorId::UnknownField, fileText("{\"a\":{\"Dtype\":\"U8\"}}", 4)},
      {ErrorId::UnknownField, fileText("{\"a\":{\"\":1}}", 4)},
      {ErrorId::MissingField, fileText("{\"a\":{}}", 4)},
      {ErrorId::MissingField, fileText("{\"a\":{\"dtype\":\"U8\",\"shape\":[4]}}", 4)},
      {ErrorId::MissingField, fileText("{\"a\":{\"shape\":[4],\"data_offsets\":[0,4]}}", 4)},
      {ErrorId::MissingField, fileText("{\"a\":4}", 4)},
      {ErrorId::MissingField, fileText("{\"a\":[]}", 4)},
  });
}

TEST_F(Malformed, values) {
  std::vector<Case> cases;
  for (const char *dtype : {"", "f32", "F128", "FLOAT"})
    cases.push_back({ErrorId::BadDtype, fileText(one(dtype, "[4]", "[0,4]"), 4)});
  cases.push_back({ErrorId::BadDtype, fileText("{\"a\":{\"dtype\":4}}", 0)});
  for (const char *bad : {"-1", "1.0", "1e3", "01", "-01", "00", "012", "01.5", "18446744073709551616",
                          "1e999", "\"4\"", "null", "[4]", "{}"}) {
    cases.push_back({ErrorId::BadInt, fileText(one("U8", "[" + std::string(bad) + "]", "[0,4]"), 4)});
    cases.push_back({ErrorId::BadInt, fileText(one("U8", "[4]", "[0," + std::string(bad) + "]"), 4)});
  }
  for (const char *offsets : {"[]", "[0]", "[0,4,8]", "4"})
    cases.push_back({ErrorId::BadInt, fileText(one("U8", "[4]", offsets), 4)});
  expectAll(cases);
}

TEST_F(Malformed, sizes) {
  expectAll({
      {ErrorId::RankTooLarge, fileText(one("U8", "[1,1,1,1,1,1,1,1,1]", "[0,1]"), 1)},
      {ErrorId::RankTooLarge, fileText(one("U8", "[0,1,1,1,1,1,1,1,1]", "[0,0]"), 0)},
      {ErrorId::RankTooLarge, fileText(one("U8", "[2,2,2,2,2,2,2,2,2,2,2,2]", "[0,1]"), 1)},
      {ErrorId::ShapeOverflow, fileText(one("U8", "[4294967296,4294967296]", "[0,0]"), 0)},
      {ErrorId::ShapeOverflow, fileText(one("F32", "[4611686018427387904]", "[0,0]"), 0)},
      {ErrorId::ShapeOverflow, fileText(one("U8", "[2305843009213693952]", "[0,0]"), 0)}, // 2^61 * 8 bits
      {ErrorId::OffsetOrder, fileText(one("U8", "[4]", "[4,0]"), 4)},
      {ErrorId::OffsetOrder, fileText(one("U8", "[4]", "[18446744073709551615,3]"), 4)},
      {ErrorId::OffsetOrder, fileText(one("U8", "[0]", "[1,0]"), 1)},
      {ErrorId::SizeMismatch, fileText(one("U8", "[4]", "[0,3]"), 3)},
      {ErrorId::SizeMismatch, fileText(one("F32", "[4]", "[0,4]"), 4)},
      {ErrorId::SizeMismatch, fileText(one("F32", "[]", "[0,0]"), 0)},
      {ErrorId::SubByteAlign, fileText(one("F4", "[3]", "[0,1]"), 1)},
      {ErrorId::SubByteAlign, fileText(one("F6_E2M3", "[2]", "[0,2]"), 2)},
      {ErrorId::SubByteAlign, fileText(one("F4", "[]", "[0,1]"), 1)},
  });
}

TEST_F(Malformed, coverage) {
  expectAll({
      {ErrorId::Hole, fileText(two("[0,4]", "[5,9]"), 9)},
      {ErrorId::Hole, fileText(two("[1,5]", "[5,9]"), 9)},
      {ErrorId::Hole, fileText(one("U8", "[0]", "[4,4]"), 4)},
      {ErrorId::Overlap, fileText(two("[0,4]", "[3,7]"), 7)},
      {ErrorId::Overlap, fileText(two("[0,4]", "[0,4]"), 4)},
      {ErrorId::Overlap, fileText(two("[3,7]", "[0,4]"), 7)},
      {ErrorId::OutOfBounds, fileText(one("U8", "[4]", "[0,4]"), 3)},
      {ErrorId::OutOfBounds, fileText(one("U8", "[4]", "[0,4]"), 0)},
      {ErrorId::OutOfBounds, fileText(one("U8", "[1]", "[18446744073709551614,18446744073709551615]"), 4)},
      {ErrorId::TrailingData, fileText(one("U8", "[4]", "[0,4]"), 5)},
      {ErrorId::TrailingData, fileText("{}", 1)},
      {ErrorId::TrailingData, fileText(two("[0,4]", "[4,8]"), 1000)},
  });
}

TEST_F(Malformed, metadata) {
  expectAll({
      {ErrorId::BadMetadata, fileText("{\"__metadata__\":1}", 0)},
      {ErrorId::BadMetadata, fileText("{\"__metadata__\":[]}", 0)},
      {ErrorId::BadMetadata, fileText("{\"__metadata__\":{\"k\":1}}", 0)},
      {ErrorId::BadMetadata, fileText("{\"__metadata__\":{\"k\":null}}", 0)},
      {ErrorId::BadMetadata, fileText("{\"__metadata__\":{\"k\":{}}}", 0)},
  });
}

TEST_F(Malformed, tooManyTensors) {
  std::string header = "{";
  for (uint64_t i = 0; i <= kMaxTensors; ++i)
    header +=
        (i ? ",\"" : "\"") + std::to_string(i) + "\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}";
  absl::Status status = Reader::open(put("many.safetensors", fileText(header + "}", 0))).status();
  EXPECT_EQ(errorIdOf(status), ErrorId::TooManyTensors);
}

TEST_F(Malformed, deepNestingIsAnErrorNotACrash) {
  std::string deep(1'000'000, '[');
  EXPECT_EQ(errorIdOf(Reader::open(put("deep", fileText("{\"a\":" + deep, 0))).status()),
            ErrorId::MissingField);
  std::string objects;
  for (int i = 0; i < 100'000; ++i)
    objects += "{\"k\":";
  EXPECT_EQ(errorIdOf(Reader::open(put("deep", fileText("{\"__metadata__\":" + objects, 0))).status()),
            ErrorId::BadMetadata);
}

} // namespace
} // namespace rondo::rt::safetensors
