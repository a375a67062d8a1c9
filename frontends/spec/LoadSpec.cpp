// Opens, bounds and parses a spec file, and strings the passes together.
#include "frontends/spec/LoadSpec.h"

#include "dialects/rondo/Rondo.h"
#include "dialects/tile/Tile.h"
#include "frontends/spec/Passes.h"
#include "frontends/spec/Prescan.h"
#include "frontends/spec/layers/GraphLayers.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace mlir;
using namespace rondo;

void rondo::registerSpecFrontend(DialectRegistry &registry) {
  registry.insert<spec::SpecDialect, RondoDialect, tile::TileDialect, func::FuncDialect>();
  registry.addExtension(+[](MLIRContext *context, spec::SpecDialect *) {
    attachAttentionLayers(context);
    attachExternLayers(context);
    attachLinearLayers(context);
    attachPointwiseLayers(context);
    attachPositionLayers(context);
    attachRetentionLayers(context);
  });
}

static void report(Location loc, ErrorId id, const Twine &message) {
  emitError(loc) << message << " [RND" << static_cast<unsigned>(id) << ']';
}

//===--- reading
//-----------------------------------------------------------------------------------------------===//

static std::unique_ptr<llvm::MemoryBuffer> openSpec(StringRef path, MLIRContext *context) {
  Location start = FileLineColLoc::get(context, path, 1, 1);
  auto buffer = llvm::MemoryBuffer::getFileOrSTDIN(path);
  if (std::error_code error = buffer.getError()) {
    report(UnknownLoc::get(context), ErrorId::FileMissing, "cannot open '" + path + "': " + error.message());
    return nullptr;
  }
  if ((*buffer)->getBufferSize() > kMaxSpecBytes) {
    report(start, ErrorId::SpecSize,
           "expected a spec of at most " + Twine(kMaxSpecBytes) + " bytes, found " +
               Twine((*buffer)->getBufferSize()));
    return nullptr;
  }
  StringRef text = (*buffer)->getBuffer();
  if (std::optional<PrescanError> error = prescanSpec(text)) {
    StringRef before = text.take_front(error->offset);
    unsigned line = before.count('\n') + 1, column = before.size() - (before.rfind('\n') + 1) + 1;
    report(FileLineColLoc::get(context, path, line, column), error->id, error->message);
    return nullptr;
  }
  return std::move(*buffer);
}

//===--- parsing
//-----------------------------------------------------------------------------------------------===//

namespace {
// What the parser complained about.
struct ParserErrors {
  struct Error {
    Location loc;
    std::string message;
    SmallVector<std::pair<Location, std::string>> notes;
  };
  SmallVector<Error> errors;

  LogicalResult add(Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() != DiagnosticSeverity::Error)
      return failure();
    Error &error = errors.emplace_back(Error{diagnostic.getLocation(), diagnostic.str(), {}});
    for (Diagnostic &note : diagnostic.getNotes())
      error.notes.emplace_back(note.getLocation(), note.str());
    return success();
  }
  bool onlyUndefinedValues() const {
    return !errors.empty() && llvm::all_of(errors, [](const Error &error) {
      return StringRef(error.message).starts_with("use of undeclared SSA value name");
    });
  }
  // The parser's words, with the id of the kind of error that they are.
  void emit() const {
    for (const Error &error : errors) {
      StringRef message = error.message;
      InFlightDiagnostic out = emitError(error.loc) << message;
      bool name = message.contains("undeclared SSA value") || message.contains("redefinition of SSA value");
      if (!message.contains("[RND"))
        out << " [RND" << static_cast<unsigned>(name ? ErrorId::SpecName : ErrorId::SpecSyntax) << ']';
      for (const auto &[loc, text] : error.notes)
        out.attachNote(loc) << text;
    }
  }
};
} // namespace

static OwningOpRef<ModuleOp> parseText(std::unique_ptr<llvm::MemoryBuffer> buffer, MLIRContext *context,
                                       ParserErrors &errors) {
  ScopedDiagnosticHandler handler(context, [&](Diagnostic &diagnostic) { return errors.add(diagnostic); });
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(std::move(buffer), SMLoc());
  ParserConfig config(context, /*verifyAfterParse=*/false);
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(sources, config);
  return errors.errors.empty() ? std::move(module) : OwningOpRef<ModuleOp>();
}

static size_t offsetOf(StringRef text, Location loc) {
  auto at = dyn_cast<FileLineColLoc>(loc);
  if (!at)
    return StringRef::npos;
  size_t offset = 0;
  for (unsigned line = 1; line < at.getLine(); ++line) {
    offset = text.find('\n', offset);
    if (offset == StringRef::npos)
      return offset;
    ++offset;
  }
  return offset + at.getColumn() - 1;
}

// The text with every undefined name defined, as `%name = spec.undefined "name"`, at the end of its scope.
// Values may be defined after their use as far as the parser cares, and no place before the closing brace
// moves; so the check can report each use together with all other errors.
static std::optional<std::string> defineUndefined(StringRef text, const ParserErrors &errors) {
  std::map<size_t, llvm::SmallSetVector<StringRef, 4>, std::greater<>> scopes; // last first
  for (const ParserErrors::Error &error : errors.errors) {
    size_t use = offsetOf(text, error.loc), end = enclosingBraceEnd(text, use);
    if (use >= text.size() || text[use] != '%' || end == StringRef::npos)
      return std::nullopt;
    StringRef name = text.substr(use + 1).take_while(
        [](char c) { return llvm::isAlnum(c) || StringRef("_$.-").contains(c); });
    scopes[end].insert(name);
  }
  std::string patched = text.str();
  for (auto &[end, names] : scopes)
    for (StringRef name : names)
      patched.insert(end, (" %" + name + " = spec.undefined \"" + name + "\" ").str());
  return patched;
}

OwningOpRef<ModuleOp> rondo::parseSpec(StringRef path, llvm::SourceMgr &sources, MLIRContext *context) {
  context->loadDialect<spec::SpecDialect>();
  std::unique_ptr<llvm::MemoryBuffer> buffer = openSpec(path, context);
  if (!buffer)
    return {};
  StringRef text = buffer->getBuffer(), name = buffer->getBufferIdentifier();
  auto view = [&](StringRef contents) { return llvm::MemoryBuffer::getMemBuffer(contents, name); };
  sources.AddNewSourceBuffer(std::move(buffer), SMLoc());

  ParserErrors errors;
  OwningOpRef<ModuleOp> module = parseText(view(text), context, errors);
  // The parser stops after the first scope with undefined values: one round for each scope.
  constexpr unsigned kMaxRounds = 32;
  std::string patched = text.str();
  ParserErrors rest = errors;
  for (unsigned round = 0; !module && rest.onlyUndefinedValues() && round < kMaxRounds; ++round) {
    std::optional<std::string> defined = defineUndefined(patched, rest);
    if (!defined)
      break;
    patched = std::move(*defined);
    rest = {};
    module = parseText(view(patched), context, rest);
  }
  if (!module)
    errors.emit();
  return module;
}

//===--- the way to the graph
//----------------------------------------------------------------------------------===//

void rondo::addSpecPasses(OpPassManager &manager, const SpecSettings &settings) {
  SmallVector<std::string> hypers;
  for (const auto &[name, value] : settings.hypers)
    hypers.push_back(name + "=" + value);
  manager.addPass(createCheckSpec({settings.preset, hypers}));
  manager.addPass(createSpecialiseSpec({settings.preset, hypers}));
  manager.addPass(createInferShapes());
}

OwningOpRef<ModuleOp> rondo::loadSpec(StringRef path, const SpecSettings &settings, llvm::SourceMgr &sources,
                                      MLIRContext *context) {
  OwningOpRef<ModuleOp> module = parseSpec(path, sources, context);
  if (!module)
    return {};
  PassManager manager(context);
  addSpecPasses(manager, settings);
  return succeeded(manager.run(*module)) ? std::move(module) : OwningOpRef<ModuleOp>();
}
