// Alignment of columns, JSON escapes.
#include "tools/cli/Report.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "runtime/files/Utf8.h"

#include <algorithm>
#include <cmath>

namespace rondo::cli {
namespace {

std::string cellText(const Cell &cell) {
  if (const auto *text = std::get_if<std::string>(&cell))
    return *text;
  if (const auto *count = std::get_if<uint64_t>(&cell))
    return absl::StrCat(*count);
  return absl::StrFormat("%.4g", std::get<double>(cell));
}

std::string cellJson(const Cell &cell) {
  if (const auto *text = std::get_if<std::string>(&cell))
    return jsonText(*text);
  if (const auto *count = std::get_if<uint64_t>(&cell))
    return absl::StrCat(*count);
  double value = std::get<double>(cell);
  return std::isfinite(value) ? absl::StrFormat("%.9g", value) : "null";
}

void appendPadded(std::string &line, const std::string &text, size_t width, bool right) {
  std::string padding(width - text.size(), ' ');
  absl::StrAppend(&line, line.empty() ? "" : "  ", right ? padding : "", text, right ? "" : padding);
}

} // namespace

std::string Table::toText() const {
  std::vector<size_t> widths;
  std::vector<bool> numeric;
  for (size_t c = 0; c < columns_.size(); ++c) {
    size_t width = columns_[c].size();
    bool numbers = !rows_.empty();
    for (const std::vector<Cell> &row : rows_) {
      width = std::max(width, cellText(row[c]).size());
      numbers &= !std::holds_alternative<std::string>(row[c]);
    }
    widths.push_back(width);
    numeric.push_back(numbers);
  }
  auto trimmed = [](std::string line) {
    line.erase(line.find_last_not_of(' ') + 1);
    return line + "\n";
  };
  std::string head;
  for (size_t c = 0; c < columns_.size(); ++c)
    appendPadded(head, columns_[c], widths[c], numeric[c]);
  std::string text = absl::StrCat("# ", name_, "\n", trimmed(head));
  for (const std::vector<Cell> &row : rows_) {
    std::string line;
    for (size_t c = 0; c < columns_.size(); ++c)
      appendPadded(line, cellText(row[c]), widths[c], numeric[c]);
    text += trimmed(line);
  }
  return text;
}

std::string Table::toJson() const {
  std::string text = "[";
  for (size_t r = 0; r < rows_.size(); ++r) {
    absl::StrAppend(&text, r == 0 ? "" : ",", "\n    {");
    for (size_t c = 0; c < columns_.size(); ++c)
      absl::StrAppend(&text, c == 0 ? "" : ", ", jsonText(columns_[c]), ": ", cellJson(rows_[r][c]));
    text += "}";
  }
  return text + "]";
}

std::string Report::toText() const {
  std::string text;
  for (const Table &table : tables_)
    absl::StrAppend(&text, text.empty() ? "" : "\n", table.toText());
  return text;
}

std::string Report::toJson() const {
  std::string text = "{";
  for (size_t i = 0; i < tables_.size(); ++i)
    absl::StrAppend(&text, i == 0 ? "\n  " : ",\n  ", jsonText(tables_[i].name()), ": ", tables_[i].toJson());
  return text + "\n}\n";
}

std::string jsonText(const std::string &text) {
  std::string json = "\"";
  for (std::string_view rest = text; !rest.empty();) {
    size_t valid = rt::validUtf8Prefix(rest);
    for (char c : rest.substr(0, valid)) {
      if (c == '"' || c == '\\')
        absl::StrAppend(&json, "\\", std::string(1, c));
      else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
        absl::StrAppend(&json, absl::StrFormat("\\u%04x", static_cast<unsigned char>(c)));
      else
        json += c;
    }
    rest.remove_prefix(valid);
    if (!rest.empty()) {
      json += "\\ufffd"; // a byte that is no text
      rest.remove_prefix(1);
    }
  }
  return json + "\"";
}

std::string bytesText(uint64_t bytes) {
  static constexpr const char *kUnits[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024)
    return absl::StrCat(bytes, " B");
  double value = static_cast<double>(bytes) / 1024;
  size_t unit = 0;
  for (; value >= 1024 && unit + 1 < std::size(kUnits); ++unit)
    value /= 1024;
  return absl::StrFormat("%.1f %s", value, kUnits[unit]);
}

} // namespace rondo::cli
