// rondo-import: turns the configuration of another library's model into a spec.
#include "frontends/import/LongNetConfigurations.h"
#include "frontends/import/RetNetConfigurations.h"
#include "frontends/spec/Prescan.h"
#include "runtime/format/Errors.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace rondo;
namespace cl = llvm::cl;
using llvm::StringRef;
using llvm::Twine;

static cl::OptionCategory category("rondo-import");
static cl::opt<std::string> kind(cl::Positional, cl::desc("torchscale-retnet|fla-retnet|torchscale-longnet"),
                                 cl::cat(category));
static cl::opt<std::string> path(cl::Positional, cl::desc("CONFIG.json|FOLDER"), cl::cat(category));
static cl::opt<std::string> output("o", cl::desc("Where the spec goes; - is standard output"),
                                   cl::value_desc("FILE"), cl::init("-"), cl::cat(category));
static cl::opt<std::string>
    rowScale("row-scale", cl::init("none"), cl::cat(category),
             cl::desc("Row scaling of retention: none, torchscale_recurrent or torchscale_parallel"));
static cl::opt<std::string>
    headOffsets("head-offsets", cl::init("blocks"), cl::cat(category),
                cl::desc("Offsets of heads in LongNet: blocks (torchscale's) or modulo (the paper's)"));
static cl::opt<bool> frozenMixture(
    "frozen-mixture", cl::cat(category),
    cl::desc("Hold the weights of LongNet's patterns constant in the derivative, as torchscale does"));
// `--help=RND1234`; the driver's own --help takes no value.
static cl::opt<std::string> explain("explain", cl::desc("Explain an error: --explain=RND2002"),
                                    cl::cat(category));

static int fail(StringRef place, ErrorId id, const Twine &message, const Twine &help) {
  llvm::errs() << place << ": error: " << message << " [RND" << static_cast<unsigned>(id) << "]\n";
  llvm::errs() << place << ": note: help: " << help << '\n';
  return findError(static_cast<uint16_t>(id))->exitCode;
}

static int explainError(StringRef id) {
  unsigned number = 0;
  const ErrorInfo *info = nullptr;
  if (id.consume_front("RND") && !id.getAsInteger(10, number) && number <= UINT16_MAX)
    info = findError(number);
  if (!info)
    return fail("rondo-import", ErrorId::Usage, "expected an error id, such as RND2002",
                "ids stand in brackets after messages");
  llvm::outs() << "RND" << number << ": " << std::string(info->what) << "\n"
               << std::string(info->help) << '\n';
  return 0;
}

static std::string retNetSpec(Configuration &configuration) {
  RetNetDescription model =
      kind == "fla-retnet" ? describeFlaRetNet(configuration) : describeTorchscaleRetNet(configuration);
  configuration.finish();
  model.rowScale = rowScale;
  return configuration.problems().empty() ? writeRetNetSpec(model) : std::string();
}

static std::string longNetSpec(Configuration &configuration) {
  LongNetDescription model = describeTorchscaleLongNet(configuration);
  configuration.finish();
  model.offsets = headOffsets;
  model.frozenMixture = frozenMixture;
  return configuration.problems().empty() ? writeLongNetSpec(model) : std::string();
}

static int import() {
  auto known = [](StringRef word, std::initializer_list<StringRef> words) {
    return llvm::is_contained(words, word);
  };
  if (!known(kind, {"torchscale-retnet", "fla-retnet", "torchscale-longnet"}))
    return fail("rondo-import", ErrorId::Usage,
                "expected torchscale-retnet, fla-retnet or torchscale-longnet, found " +
                    (kind.empty() ? "nothing" : "'" + kind + "'"),
                "rondo-import torchscale-retnet CONFIG.json -o m.mlir");
  if (path.empty())
    return fail("rondo-import", ErrorId::Usage, "expected a configuration file, found nothing",
                "rondo-import " + kind + " CONFIG.json -o m.mlir");
  if (!known(rowScale, {"none", "torchscale_recurrent", "torchscale_parallel"}))
    return fail("rondo-import", ErrorId::Usage,
                "expected none, torchscale_recurrent or torchscale_parallel, found '" + rowScale + "'",
                "leave --row-scale out for the plain formula");
  if (!known(headOffsets, {"blocks", "modulo"}))
    return fail("rondo-import", ErrorId::Usage, "expected blocks or modulo, found '" + headOffsets + "'",
                "leave --head-offsets out for torchscale's");

  llvm::SmallString<256> file(path);
  if (llvm::sys::fs::is_directory(file))
    llvm::sys::path::append(file, "config.json");
  auto buffer = llvm::MemoryBuffer::getFileOrSTDIN(file);
  if (!buffer)
    return fail(file, ErrorId::FileMissing, "cannot open: " + buffer.getError().message(),
                "check the path and its permissions");
  if ((*buffer)->getBufferSize() > kMaxSpecBytes)
    return fail(file, ErrorId::ImportKey,
                "expected a configuration of at most 4 MiB, found " + Twine((*buffer)->getBufferSize()) +
                    " bytes",
                "give the model's config.json");

  Configuration configuration((*buffer)->getBuffer());
  if (configuration.problems().empty()) {
    std::string text = kind == "torchscale-longnet" ? longNetSpec(configuration) : retNetSpec(configuration);
    if (configuration.problems().empty()) {
      llvm::Error error = llvm::writeToOutput(output, [&](llvm::raw_ostream &os) {
        os << text;
        return llvm::Error::success();
      });
      return error ? fail(output, ErrorId::WriteFailed, llvm::toString(std::move(error)),
                          "check the folder and its permissions")
                   : 0;
    }
  }
  int exitCode = 0;
  for (const Configuration::Problem &problem : configuration.problems())
    exitCode = fail(file, ErrorId::ImportKey, problem.message, problem.help);
  return exitCode;
}

int main(int argc, char **argv) {
  cl::HideUnrelatedOptions(category);
  std::string errors;
  llvm::raw_string_ostream os(errors);
  // The programs explain errors by --help=RNDnnnn.
  llvm::SmallVector<const char *> arguments(argv, argv + argc);
  std::string explanation;
  for (const char *&argument : arguments)
    if (StringRef(argument).starts_with("--help=RND"))
      argument = (explanation = "--explain=" + std::string(argument).substr(7)).c_str();
  if (!cl::ParseCommandLineOptions(arguments.size(), arguments.data(),
                                   "Writes the spec of a model from another library's configuration.\n", &os))
    return fail("rondo-import", ErrorId::Usage, StringRef(errors).trim().split('\n').first,
                "rondo-import --help");
  return explain.empty() ? import() : explainError(explain);
}
