// Parsing of safetensors headers, then the checks that make every later read safe.
#include "runtime/safetensors/Header.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "runtime/files/CheckedMath.h"
#include "runtime/files/Utf8.h"
#include "runtime/json/JsonReader.h"

#include <algorithm>
#include <cstring>

namespace rondo::rt::safetensors {
namespace {

// Walks the document by a small state machine; the shape of a header is fixed, so depth is too.
class HeaderEvents final : public JsonEvents {
public:
  explicit HeaderEvents(Header &header) : header(header) {}

  absl::Status startObject() override {
    switch (level) {
    case Level::Document:
      level = Level::Tensors;
      return absl::OkStatus();
    case Level::TensorValue:
      header.tensors.back().name = name;
      seen = 0;
      level = Level::Fields;
      return absl::OkStatus();
    case Level::MetadataValue:
      level = Level::Metadata;
      return absl::OkStatus();
    default:
      return unexpected("an object");
    }
  }

  absl::Status endObject() override {
    switch (level) {
    case Level::Fields:
      level = Level::Tensors;
      return checkComplete();
    case Level::Metadata:
      level = Level::Tensors;
      return absl::OkStatus();
    default:
      level = Level::Done;
      return absl::OkStatus();
    }
  }

  absl::Status startArray() override {
    if (level == Level::ShapeValue)
      level = Level::Shape;
    else if (level == Level::OffsetsValue)
      level = Level::Offsets;
    else
      return unexpected("a list");
    return absl::OkStatus();
  }

  absl::Status endArray() override {
    if (level == Level::Offsets && offsets != 2)
      return makeError(ErrorId::BadInt,
                       absl::StrCat("expected two data_offsets of ", quotedName(name), ", found ", offsets));
    level = Level::Fields;
    return absl::OkStatus();
  }

  absl::Status key(std::string_view text) override {
    if (level == Level::Tensors)
      return tensorKey(text);
    if (level == Level::Metadata) {
      metadataKey = text;
      level = Level::MetadataText;
      return absl::OkStatus();
    }
    return fieldKey(text);
  }

  absl::Status string(std::string_view text) override {
    if (level == Level::DtypeValue) {
      std::optional<ElementType> type = elementTypeNamed(text);
      if (!type)
        return makeError(ErrorId::BadDtype, absl::StrCat("expected a known dtype of ", quotedName(name),
                                                         ", found ", quotedName(text)));
      header.tensors.back().type = *type;
      level = Level::Fields;
      return absl::OkStatus();
    }
    if (level == Level::MetadataText) {
      level = Level::Metadata;
      if (!header.metadata.emplace(metadataKey, text).second)
        return makeError(ErrorId::DuplicateKey,
                         absl::StrCat("metadata key ", quotedName(metadataKey), " appears twice"));
      return absl::OkStatus();
    }
    return unexpected("a string");
  }

  absl::Status natural(uint64_t value) override {
    TensorInfo *tensor = header.tensors.empty() ? nullptr : &header.tensors.back();
    if (level == Level::Shape) {
      if (tensor->shape.size() == kMaxRank)
        return makeError(ErrorId::RankTooLarge,
                         absl::StrCat("expected at most ", kMaxRank, " dimensions of ", quotedName(name)));
      tensor->shape.push_back(value);
      return absl::OkStatus();
    }
    if (level == Level::Offsets) {
      (offsets == 0 ? tensor->begin : tensor->end) = value;
      if (++offsets > 2)
        return makeError(ErrorId::BadInt,
                         absl::StrCat("expected two data_offsets of ", quotedName(name), ", found more"));
      return absl::OkStatus();
    }
    return unexpected("a number");
  }

  absl::Status number() override {
    if (level == Level::Shape || level == Level::Offsets)
      return badInteger();
    return unexpected("a number");
  }

  absl::Status literal() override { return unexpected("true, false or null"); }

private:
  // Where in the document we are: a level named Value waits for what follows a key.
  enum class Level {
    Document,
    Tensors,
    TensorValue,
    Fields,
    DtypeValue,
    ShapeValue,
    Shape,
    OffsetsValue,
    Offsets,
    MetadataValue,
    Metadata,
    MetadataText,
    Done,
  };
  enum Field : unsigned { kDtype = 1, kShape = 2, kOffsets = 4 };

  absl::Status tensorKey(std::string_view text) {
    name = text;
    if (text == "__metadata__") {
      if (std::exchange(hasMetadata, true))
        return makeError(ErrorId::DuplicateKey, "__metadata__ appears twice");
      level = Level::MetadataValue;
      return absl::OkStatus();
    }
    if (header.tensors.size() == kMaxTensors)
      return makeError(ErrorId::TooManyTensors, absl::StrCat("expected at most ", kMaxTensors, " tensors"));
    header.tensors.emplace_back();
    level = Level::TensorValue;
    return absl::OkStatus();
  }

  absl::Status fieldKey(std::string_view text) {
    Field field;
    if (text == "dtype") {
      field = kDtype;
      level = Level::DtypeValue;
    } else if (text == "shape") {
      field = kShape;
      level = Level::ShapeValue;
    } else if (text == "data_offsets") {
      field = kOffsets;
      level = Level::OffsetsValue;
      offsets = 0;
    } else {
      return makeError(ErrorId::UnknownField, absl::StrCat("expected dtype, shape or data_offsets of ",
                                                           quotedName(name), ", found ", quotedName(text)));
    }
    if (seen & field)
      return makeError(ErrorId::DuplicateKey,
                       absl::StrCat("field ", quotedName(text), " of ", quotedName(name), " appears twice"));
    seen |= field;
    return absl::OkStatus();
  }

  absl::Status checkComplete() const {
    const char *missing = !(seen & kDtype) ? "dtype" : !(seen & kShape) ? "shape" : "data_offsets";
    if (seen != (kDtype | kShape | kOffsets))
      return makeError(ErrorId::MissingField,
                       absl::StrCat("expected a field ", missing, " of ", quotedName(name)));
    return absl::OkStatus();
  }

  absl::Status badInteger() const {
    return makeError(ErrorId::BadInt,
                     absl::StrCat("expected a plain non-negative integer in ", quotedName(name)));
  }

  // A value of the wrong kind is reported under the id of what should stand there.
  absl::Status unexpected(const char *found) const {
    switch (level) {
    case Level::Document:
      return makeError(ErrorId::HeaderNotObject, absl::StrCat("expected an object, found ", found));
    case Level::DtypeValue:
      return makeError(ErrorId::BadDtype,
                       absl::StrCat("expected a dtype of ", quotedName(name), ", found ", found));
    case Level::ShapeValue:
    case Level::Shape:
    case Level::OffsetsValue:
    case Level::Offsets:
      return makeError(ErrorId::BadInt,
                       absl::StrCat("expected a list of integers of ", quotedName(name), ", found ", found));
    case Level::MetadataValue:
    case Level::MetadataText:
      return makeError(ErrorId::BadMetadata, absl::StrCat("expected a map of strings, found ", found));
    default:
      return makeError(ErrorId::MissingField,
                       absl::StrCat("expected the fields of ", quotedName(name), ", found ", found));
    }
  }

  Header &header;
  Level level = Level::Document;
  std::string name;        // of the tensor being read
  std::string metadataKey; // of the metadata entry being read
  unsigned seen = 0;       // Fields of the tensor being read
  unsigned offsets = 0;    // how many of its data_offsets
  bool hasMetadata = false;
};

absl::Status checkSize(const TensorInfo &tensor, uint64_t dataBytes) {
  if (tensor.end < tensor.begin)
    return makeError(ErrorId::OffsetOrder, absl::StrCat(quotedName(tensor.name), " begins at ", tensor.begin,
                                                        " and ends at ", tensor.end));
  std::optional<uint64_t> elements = checkedProduct(tensor.shape);
  std::optional<uint64_t> bits = elements ? checkedMul(*elements, bitsOf(tensor.type)) : std::nullopt;
  if (!bits)
    return makeError(ErrorId::ShapeOverflow,
                     absl::StrCat("the size of ", quotedName(tensor.name), " of shape ",
                                  shapeText(tensor.shape), " overflows"));
  if (*bits % 8 != 0)
    return makeError(ErrorId::SubByteAlign, absl::StrCat("expected whole bytes of ", quotedName(tensor.name),
                                                         ", found ", *bits, " bits"));
  if (*bits / 8 != tensor.bytes())
    return makeError(ErrorId::SizeMismatch,
                     absl::StrCat("expected ", *bits / 8, " bytes of ", quotedName(tensor.name), ", found ",
                                  tensor.bytes()));
  if (tensor.end > dataBytes)
    return makeError(ErrorId::OutOfBounds,
                     absl::StrCat(quotedName(tensor.name), " ends at byte ", tensor.end, " of ", dataBytes));
  return absl::OkStatus();
}

// Every byte of the data belongs to exactly one tensor.
absl::Status checkCoverage(const Header &header, uint64_t dataBytes) {
  std::vector<const TensorInfo *> order;
  order.reserve(header.tensors.size());
  for (const TensorInfo &tensor : header.tensors)
    order.push_back(&tensor);
  std::sort(order.begin(), order.end(), [](const TensorInfo *a, const TensorInfo *b) {
    return std::pair(a->begin, a->end) < std::pair(b->begin, b->end);
  });
  uint64_t cursor = 0;
  for (const TensorInfo *tensor : order) {
    if (tensor->begin > cursor)
      return makeError(ErrorId::Hole, absl::StrCat(tensor->begin - cursor, " unused bytes before ",
                                                   quotedName(tensor->name)));
    if (tensor->begin < cursor)
      return makeError(ErrorId::Overlap,
                       absl::StrCat(quotedName(tensor->name), " overlaps the tensor before it"));
    cursor = tensor->end;
  }
  if (cursor != dataBytes)
    return makeError(ErrorId::TrailingData, absl::StrCat(dataBytes - cursor, " bytes after the last tensor"));
  return absl::OkStatus();
}

absl::Status checkHeader(Header &header, uint64_t dataBytes) {
  std::sort(header.tensors.begin(), header.tensors.end(),
            [](const TensorInfo &a, const TensorInfo &b) { return a.name < b.name; });
  auto twin = std::adjacent_find(header.tensors.begin(), header.tensors.end(),
                                 [](const TensorInfo &a, const TensorInfo &b) { return a.name == b.name; });
  if (twin != header.tensors.end())
    return makeError(ErrorId::DuplicateKey,
                     absl::StrCat("tensor ", quotedName(twin->name), " appears twice"));
  for (const TensorInfo &tensor : header.tensors)
    RONDO_RETURN_IF_ERROR(checkSize(tensor, dataBytes));
  return checkCoverage(header, dataBytes);
}

} // namespace

const TensorInfo *Header::find(std::string_view name) const {
  auto found =
      std::lower_bound(tensors.begin(), tensors.end(), name,
                       [](const TensorInfo &tensor, std::string_view key) { return tensor.name < key; });
  return found != tensors.end() && found->name == name ? &*found : nullptr;
}

absl::StatusOr<uint64_t> headerLength(absl::Span<const uint8_t> prefix, uint64_t fileBytes,
                                      const Place &place) {
  if (prefix.size() < kLengthBytes || fileBytes < kLengthBytes)
    return makeError(ErrorId::HeaderTooSmall, absl::StrCat("expected at least 8 bytes, found ", fileBytes),
                     place);
  uint64_t length = 0;
  std::memcpy(&length, prefix.data(), kLengthBytes);
  if (length > kMaxHeaderBytes)
    return makeError(ErrorId::HeaderTooLarge,
                     absl::StrCat("expected a header of at most ", kMaxHeaderBytes, " bytes, found ", length),
                     place);
  if (length > fileBytes - kLengthBytes)
    return makeError(
        ErrorId::HeaderTruncated,
        absl::StrCat("expected a header of ", length, " bytes, found ", fileBytes - kLengthBytes), place);
  return length;
}

absl::StatusOr<Header> parseHeader(std::string_view json, uint64_t fileBytes, const Place &place) {
  if (json.empty() || json.front() != '{')
    return makeError(ErrorId::HeaderNotObject, "expected a header that begins with '{'", place);
  Header header;
  HeaderEvents events(header);
  RONDO_RETURN_IF_ERROR(readJson(json, events, {ErrorId::BadUtf8, ErrorId::BadJson, ErrorId::BadInt}, place));
  header.dataOffset = kLengthBytes + json.size();
  RONDO_RETURN_IF_ERROR(withPlace(checkHeader(header, fileBytes - header.dataOffset), place));
  return header;
}

std::string quotedName(std::string_view name) {
  constexpr size_t kShown = 120;
  size_t shown = validUtf8Prefix(name.substr(0, kShown));
  std::string escaped = absl::Utf8SafeCEscape(absl::string_view(name.data(), shown));
  return absl::StrCat("'", escaped, name.size() > shown ? "...'" : "'");
}

std::string shapeText(absl::Span<const uint64_t> shape) {
  return absl::StrCat("[", absl::StrJoin(shape, ", "), "]");
}

} // namespace rondo::rt::safetensors
