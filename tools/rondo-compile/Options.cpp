// Parses the command line of rondo-compile.
#include "tools/rondo-compile/Options.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "codegen/target/Target.h"
#include "runtime/status/NearestName.h"
#include "tools/cli/CommandLine.h"

namespace rondo {
namespace {

using rt::makeError;

constexpr const char *overview = R"(Compiles a model's spec into a package that rondo-run executes.
  rondo-compile models/retnet.mlir --preset tiny -o tiny.rondo
  rondo-compile models/retnet.mlir -D layers=4 --entry forward:B=2,T=64 --schedule chunkwise:64 -o m.rondo)";

struct Given {
  CompileOptions options;
  std::vector<std::string> hypers; // "name=value"
  std::string cpuAs;
};

void addOptions(CLI::App &app, Given &given) {
  CompileOptions &options = given.options;
  app.add_option("spec", options.spec, "The model; - reads standard input")->required()->type_name("SPEC");
  app.add_option("-D", given.hypers, "Set a hyper-parameter of the spec (repeatable)")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  app.add_option("--preset", options.preset, "Start from a named preset of the spec")->type_name("NAME");
  app.add_option("--entry", options.entries,
                 "Add an entry point (repeatable): forward, score, prefill, decode, grad,\n"
                 "vjp, accumulate, update or train, as in prefill:B=2,T=64,slots=4,logits=last.\n"
                 "Default: what training and generation need")
      ->type_name("NAME:B=b,T=t")
      ->allow_extra_args(false);
  app.add_option("--schedule", options.schedule,
                 "How sequence ops walk the sequence: parallel, recurrent,\n"
                 "chunkwise, chunkwise:C or auto, by the cost model")
      ->type_name("NAME")
      ->capture_default_str();
  app.add_option("--target", options.target,
                 "Machine to compile for: cpu (the one at hand), a name such as\n"
                 "cpu:x86-64-v4, or a GPU: cuda:sm_80, cuda:sm_90a, cuda:sm_100")
      ->type_name("NAME")
      ->capture_default_str();
  app.add_option("--cpu-as", given.cpuAs,
                 "CPU code with the tile sizes and schedules of a GPU, to compare with")
      ->type_name("NAME");
  app.add_option("--precision", options.precision,
                 "What operands of products are rounded to: f32, bf16-products or, on GPUs,\n"
                 "tf32; everything else is f32. On GPUs those two run on tensor cores")
      ->type_name("NAME")
      ->capture_default_str();
  app.add_option("--remat", options.remat,
                 "What training computes again instead of keeping it: auto (pointwise ops),\n"
                 "none, or whole blocks until kept values fit a size such as 512MiB")
      ->type_name("NAME|SIZE")
      ->capture_default_str();
  app.add_option("-o", options.output, "Write the package here")->type_name("FILE");
  app.add_option("--emit-triton", options.tritonFolder,
                 "GPUs: also write each kernel's PTX, cubin and Triton metadata there")
      ->type_name("FOLDER");
  app.add_option("--dump-ir", options.dumpFolder, "Write the IR after each stage there")->type_name("FOLDER");
  app.add_flag("--explain-schedule", options.explainSchedule,
               "Print which schedules were chosen and why; -o may then be left out");
  app.add_flag("--time-report", options.timeReport, "Print the time of each stage to stderr");
}

absl::Status checkTarget(const std::string &name) {
  if (target::findTarget(name))
    return absl::OkStatus();
  std::vector<std::string> known;
  for (std::string_view target : target::targetNames())
    known.emplace_back(target);
  std::string nearest = rt::nearestName(name, known);
  absl::Status status =
      makeError(ErrorId::Usage, absl::StrCat("expected a known target, found '", name, "'"));
  return rt::withHelp(std::move(status), nearest.empty()
                                             ? absl::StrCat("known targets: ", absl::StrJoin(known, ", "))
                                             : absl::StrCat("did you mean '", nearest, "'?"));
}

// What the parser cannot know.
absl::Status complete(Given &given) {
  CompileOptions &options = given.options;
  if (options.output.empty() && !options.explainSchedule)
    return makeError(ErrorId::Usage, "expected -o FILE, found none");
  if (!options.tritonFolder.empty() && (options.output.empty() || options.target.rfind("cuda:", 0) != 0))
    return makeError(ErrorId::Usage,
                     absl::StrCat("expected --emit-triton with -o and a target for GPUs, found ",
                                  options.output.empty() ? "no -o" : "--target " + options.target));
  for (const std::string &hyper : given.hypers) {
    size_t equals = hyper.find('=');
    if (equals == 0 || equals == std::string::npos || equals + 1 == hyper.size())
      return makeError(ErrorId::Usage, absl::StrCat("expected -D NAME=VALUE, found '", hyper, "'"));
    options.hypers.emplace_back(hyper.substr(0, equals), hyper.substr(equals + 1));
  }
  if (options.remat != "auto" && options.remat != "none") {
    std::string given = options.remat;
    if (!CLI::AsSizeValue(/*kb_is_1000=*/false)(options.remat).empty())
      return makeError(
          ErrorId::Usage,
          absl::StrCat("expected --remat auto, none or a size such as 512MiB, found '", given, "'"));
  }
  if (!given.cpuAs.empty()) {
    if (options.target.rfind("cpu", 0) != 0)
      return makeError(
          ErrorId::Usage,
          absl::StrCat("expected --cpu-as with a target for CPUs, found --target ", options.target));
    RONDO_RETURN_IF_ERROR(checkTarget(given.cpuAs));
    absl::StrAppend(&options.target, "@", given.cpuAs);
  }
  if (options.precision != "f32" && options.precision != "tf32" && options.precision != "bf16-products")
    return makeError(ErrorId::Usage, absl::StrCat("expected --precision f32, tf32 or bf16-products, found '",
                                                  options.precision, "'"));
  if (options.precision == "tf32" && options.target.rfind("cuda:", 0) != 0)
    return makeError(
        ErrorId::Usage,
        absl::StrCat("expected --precision tf32 with a target for GPUs, found --target ", options.target));
  return checkTarget(options.target);
}

} // namespace

std::vector<std::string> CompileOptions::arguments() const {
  std::vector<std::string> list;
  for (const auto &[name, value] : hypers)
    list.insert(list.end(), {"-D", absl::StrCat(name, "=", value)});
  if (!preset.empty())
    list.insert(list.end(), {"--preset", preset});
  for (const std::string &entry : entries)
    list.insert(list.end(), {"--entry", entry});
  list.insert(list.end(), {"--schedule", schedule, "--remat", remat, "--target", target});
  if (precision != "f32")
    list.insert(list.end(), {"--precision", precision});
  return list;
}

std::string CompileOptions::flags() const { return absl::StrJoin(arguments(), " "); }

std::variant<CompileOptions, int> parseOptions(int argc, char **argv) {
  cli::CommandLine line(overview, "rondo-compile");
  Given given;
  addOptions(line.app(), given);
  line.app().footer("Exit codes: 0 done, 1 the spec is wrong, 2 usage, 4 resource missing, 6 bug in Rondo");
  if (std::optional<int> code = line.parse(argc, argv))
    return *code;
  if (absl::Status status = complete(given); !status.ok())
    return line.finish(status);
  given.options.json = line.format() == cli::Format::Json;
  given.options.quiet = line.quiet();
  return given.options;
}

} // namespace rondo
