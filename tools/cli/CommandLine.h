// The command line that all programs without LLVM share: help, error texts, exit codes, hints for mistyped
// flags.
#pragma once

#include "runtime/status/Status.h"

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

namespace rondo::cli {

enum class Format { Table, Json };

// Flags are added to app(); then parse, then run. stdout carries only the result, everything else goes to
// stderr.
class CommandLine {
public:
  CommandLine(const std::string &description, const std::string &name);

  CLI::App &app() { return app_; }
  Format format() const { return format_ == "json" ? Format::Json : Format::Table; }
  bool quiet() const { return quiet_; }

  // An exit code if the program is done: after --help, --help=RND1234, --version, or a mistake (RND2001).
  std::optional<int> parse(int argc, char **argv);

  // Prints an error for people, or as JSON with --format=json, and returns the exit code. OK prints nothing.
  int finish(const absl::Status &status) const;

  // A line on stderr unless --quiet.
  void note(const std::string &text) const;

private:
  absl::Status parseArguments(int argc, char **argv);

  CLI::App app_;
  std::string name_;
  std::string format_ = "table";
  bool quiet_ = false;
};

} // namespace rondo::cli
