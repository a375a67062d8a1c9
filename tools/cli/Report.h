// Results as tables for people or as JSON for programs, from one description.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <variant>
#include <vector>

namespace rondo::cli {

// Text, a count, a measured number.
using Cell = std::variant<std::string, uint64_t, double>;

class Table {
public:
  Table(std::string name, std::vector<std::string> columns)
      : name_(std::move(name)), columns_(std::move(columns)) {}

  // One cell per column.
  void add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }

  const std::string &name() const { return name_; }
  std::string toText() const; // heading, columns aligned, numbers to the right
  std::string toJson() const; // [{"column": value, ...}, ...]

private:
  std::string name_;
  std::vector<std::string> columns_;
  std::vector<std::vector<Cell>> rows_;
};

// Tables in the order in which they were added.
class Report {
public:
  Table &add(std::string name, std::vector<std::string> columns) {
    return tables_.emplace_back(std::move(name), std::move(columns));
  }
  std::string toText() const;
  std::string toJson() const; // {"table": [...], ...}

private:
  std::deque<Table> tables_; // references stay valid
};

// A JSON string literal; bytes that are not UTF-8 become U+FFFD.
std::string jsonText(const std::string &text);

// "12.3 MiB"
std::string bytesText(uint64_t bytes);

} // namespace rondo::cli
