// What the command line of rondo-compile asks for.
#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace rondo {

struct CompileOptions {
  std::string spec;                                        // "-": standard input
  std::string preset;                                      // empty: none
  std::vector<std::pair<std::string, std::string>> hypers; // -D name=value, in order
  std::vector<std::string> entries; // as given; empty: what training and generation need
  std::string schedule = "auto";
  std::string remat = "auto"; // auto, none or a number of bytes
  std::string target = "cpu";
  std::string precision = "f32"; // f32, tf32 or bf16-products
  std::string output;            // empty: no package is written
  std::string tritonFolder;      // empty: none
  std::string dumpFolder;        // empty: none
  bool explainSchedule = false;
  bool timeReport = false;
  bool json = false;
  bool quiet = false;

  // The options that shape the package, one argument per element.
  std::vector<std::string> arguments() const;
  // The same in one line, for the package's provenance.
  std::string flags() const;
};

// Parses the arguments. Help is printed to stdout, errors to stderr; the outcome is then an exit code.
std::variant<CompileOptions, int> parseOptions(int argc, char **argv);

} // namespace rondo
