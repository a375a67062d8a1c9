// The only file that knows nlohmann's JSON library: its SAX parser, behind our events.
#include "runtime/json/JsonReader.h"

#include "absl/strings/str_cat.h"
#include "runtime/files/Utf8.h"

#include <nlohmann/json.hpp>

namespace rondo::rt {
namespace {

bool isDigit(char c) { return c >= '0' && c <= '9'; }

// nlohmann's SAX interface: false ends the parse; the reason is kept in `status`.
class SaxAdapter {
public:
  using Json = nlohmann::json;

  SaxAdapter(std::string_view text, JsonEvents &events, const JsonErrors &errors, const Place &place)
      : text(text), events(events), errors(errors), place(place) {}

  bool null() { return keep(events.literal()); }
  bool boolean(bool) { return keep(events.literal()); }
  bool number_integer(Json::number_integer_t) {
    return keep(events.number());
  } // called for negative ones only
  bool number_unsigned(Json::number_unsigned_t value) { return keep(events.natural(value)); }
  bool number_float(Json::number_float_t, const Json::string_t &) { return keep(events.number()); }
  bool string(Json::string_t &value) { return keep(events.string(value)); }
  bool binary(Json::binary_t &) { return false; } // not reached from text
  bool start_object(size_t) { return keep(events.startObject()); }
  bool key(Json::string_t &name) { return keep(events.key(name)); }
  bool end_object() { return keep(events.endObject()); }
  bool start_array(size_t) { return keep(events.startArray()); }
  bool end_array() { return keep(events.endArray()); }

  // `position` counts the bytes read; `token` is the last of them.
  bool parse_error(size_t position, const std::string &token, const Json::exception &error) {
    constexpr int kNumberOutOfRange = 406;
    size_t byte = position >= token.size() ? position - token.size() : 0;
    // nlohmann reads 01 as 0 and then stumbles over a second number.
    bool leadingZero = byte >= 1 && byte < text.size() && isDigit(text[byte]) && text[byte - 1] == '0';
    if (leadingZero || error.id == kNumberOutOfRange)
      status = makeError(errors.number,
                         absl::StrCat("expected a plain integer at byte ", byte, " of the JSON text"), place);
    else
      status =
          makeError(errors.syntax, absl::StrCat("expected JSON, found a syntax error at byte ", byte), place);
    return false;
  }

  absl::Status status;

private:
  bool keep(absl::Status result) {
    if (result.ok())
      return true;
    status = withPlace(std::move(result), place);
    return false;
  }

  std::string_view text;
  JsonEvents &events;
  const JsonErrors &errors;
  const Place &place;
};

} // namespace

absl::Status readJson(std::string_view text, JsonEvents &events, const JsonErrors &errors,
                      const Place &place) {
  if (size_t valid = validUtf8Prefix(text); valid != text.size())
    return makeError(errors.utf8, absl::StrCat("expected UTF-8, found an invalid sequence at byte ", valid),
                     place);
  // The lexer takes NUL for the end of the text.
  if (size_t nul = text.find('\0'); nul != std::string_view::npos)
    return makeError(errors.syntax, absl::StrCat("expected JSON, found a NUL byte at byte ", nul), place);
  SaxAdapter adapter(text, events, errors, place);
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &adapter) && adapter.status.ok())
    return makeError(errors.syntax, "expected JSON", place);
  return adapter.status;
}

} // namespace rondo::rt
