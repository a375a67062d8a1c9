// What a good header says, and what malformed names look like in messages.
#include "runtime/safetensors/Header.h"

#include <gtest/gtest.h>

namespace rondo::rt::safetensors {
namespace {

TEST(Header, readsTensorsAndMetadata) {
  std::string json =
      R"({"__metadata__":{"format":"pt"},"b":{"data_offsets":[8,8],"dtype":"F32","shape":[0,3]},)"
      R"("a":{"dtype":"I64","shape":[],"data_offsets":[0,8]}}   )";
  absl::StatusOr<Header> header = parseHeader(json, 8 + json.size() + 8, {});
  ASSERT_TRUE(header.ok()) << header.status();
  ASSERT_EQ(header->tensors.size(), 2u);
  EXPECT_EQ(header->tensors[0].name, "a");
  EXPECT_EQ(header->tensors[0].type, ElementType::I64);
  EXPECT_EQ(header->tensors[0].elements(), 1u);
  EXPECT_EQ(header->find("b")->elements(), 0u);
  EXPECT_EQ(header->find("c"), nullptr);
  EXPECT_EQ(header->metadata.at("format"), "pt");
  EXPECT_EQ(header->dataOffset, 8 + json.size());
}

TEST(Header, knowsEveryType) {
  for (const char *name :
       {"BOOL", "U8",  "I8",  "U16",     "I16",     "U32",     "I32",     "U64",     "I64", "F16",
        "BF16", "F32", "F64", "F8_E4M3", "F8_E5M2", "F8_E8M0", "F6_E2M3", "F6_E3M2", "F4",  "C64"}) {
    std::optional<ElementType> type = elementTypeNamed(name);
    ASSERT_TRUE(type) << name;
    EXPECT_EQ(nameOf(*type), name);
    std::string bytes = std::to_string(bitsOf(*type)); // eight elements
    std::string json =
        "{\"a\":{\"dtype\":\"" + std::string(name) + "\",\"shape\":[8],\"data_offsets\":[0," + bytes + "]}}";
    EXPECT_TRUE(parseHeader(json, 8 + json.size() + bitsOf(*type), {}).ok()) << name;
  }
}

TEST(Header, takesEscapedNames) {
  std::string json = R"({"\u00e9\ud83c\udfb5\n":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}})";
  absl::StatusOr<Header> header = parseHeader(json, 8 + json.size(), {});
  ASSERT_TRUE(header.ok());
  EXPECT_EQ(header->tensors[0].name, "\xC3\xA9\xF0\x9F\x8E\xB5\n");
}

TEST(Header, showsNamesSafely) {
  EXPECT_EQ(quotedName("layers.0"), "'layers.0'");
  EXPECT_EQ(quotedName("\x1b[2J\n"), "'\\033[2J\\n'");
  EXPECT_EQ(quotedName(std::string(500, 'a')), "'" + std::string(120, 'a') + "...'");
  EXPECT_EQ(quotedName(std::string(119, 'a') + "\xC3\xA9"), "'" + std::string(119, 'a') + "...'");
  EXPECT_EQ(shapeText({2, 3}), "[2, 3]");
}

} // namespace
} // namespace rondo::rt::safetensors
