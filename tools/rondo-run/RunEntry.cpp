// One run of one entry point, tensors in and out.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "runtime/states/StateFile.h"
#include "tools/rondo-run/Modes.h"
#include "tools/rondo-run/TensorFiles.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>

namespace rondo::run {
namespace {

// Without --outputs the result is a summary of each output.
void printSummary(rt::Executor &executor, cli::Format format) {
  cli::Report report;
  cli::Table &table = report.add("outputs", {"output", "type", "minimum", "maximum", "mean"});
  for (uint32_t i = 0; i < executor.entry().outputs()->size(); ++i) {
    rt::TensorView view = executor.output(i);
    std::string name = executor.entry().outputs()->Get(i)->name()->str();
    std::string type = rt::typeText(view.dtype, view.shape);
    if (view.dtype != rt::format::DType::F32) {
      table.add({name, type, "", "", ""});
      continue;
    }
    absl::Span<const float> values(reinterpret_cast<const float *>(view.bytes.data()),
                                   view.bytes.size() / sizeof(float));
    double sum = 0;
    for (float value : values)
      sum += value;
    auto [least, most] = std::minmax_element(values.begin(), values.end());
    table.add({name, type, double(*least), double(*most), sum / double(values.size())});
  }
  std::string text = format == cli::Format::Json ? report.toJson() : report.toText();
  std::fwrite(text.data(), 1, text.size(), stdout);
}

} // namespace

absl::Status runEntry(rt::Session &session, const Options &options, const cli::CommandLine &commandLine) {
  const rt::format::Entry *entry = session.package().findEntry(options.entry);
  if (!entry)
    return session.package().missingEntry(options.entry);
  RONDO_ASSIGN_OR_RETURN(rt::Executor * executor, session.executor(*entry));
  uint64_t model = session.package().root().provenance()->model_hash();
  if (!options.loadState.empty())
    RONDO_RETURN_IF_ERROR(rt::loadStates(options.loadState, model, session.states(), slotsOfCall(*executor)));
  if (!options.inputs.empty())
    RONDO_RETURN_IF_ERROR(readInputs(options.inputs, session, *executor));
  auto start = std::chrono::steady_clock::now();
  RONDO_RETURN_IF_ERROR(session.run(*executor));
  double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  commandLine.note(
      absl::StrFormat("%s: %.3f ms on %s", options.entry, 1e3 * seconds, session.device().name()));
  if (!options.saveState.empty())
    RONDO_RETURN_IF_ERROR(rt::saveStates(options.saveState, model, session.states(), slotsOfCall(*executor)));
  if (!options.outputs.empty())
    return writeOutputs(options.outputs, session, *executor);
  printSummary(*executor, commandLine.format());
  return absl::OkStatus();
}

} // namespace rondo::run
