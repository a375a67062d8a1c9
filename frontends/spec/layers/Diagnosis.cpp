// Sorts, deduplicates and emits the errors of a spec.
#include "frontends/spec/layers/Diagnosis.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace rondo;

// The place in the text: block instances wrap it in a name.
static FileLineColLoc place(Location loc) {
  FileLineColLoc found;
  loc->walk([&](Location inner) {
    if (!found)
      found = dyn_cast<FileLineColLoc>(inner);
    return found ? WalkResult::interrupt() : WalkResult::advance();
  });
  return found;
}

static std::pair<unsigned, unsigned> lineAndColumn(Location loc) {
  FileLineColLoc at = place(loc);
  return at ? std::pair(at.getLine(), at.getColumn()) : std::pair(0u, 0u);
}

Problem &Diagnosis::report(Location loc, ErrorId id, const Twine &message) {
  return problems.emplace_back(Problem{loc, id, message.str(), {}, {}});
}

LogicalResult Diagnosis::emit() {
  SmallVector<const Problem *> sorted;
  for (const Problem &problem : problems)
    sorted.push_back(&problem);
  auto key = [](const Problem *problem) {
    return std::tuple(lineAndColumn(problem->loc), problem->id, StringRef(problem->message));
  };
  llvm::sort(sorted, [&](const Problem *a, const Problem *b) { return key(a) < key(b); });
  const Problem *last = nullptr;
  for (const Problem *next : sorted) {
    const Problem &problem = *next;
    // Instances of one block repeat its errors.
    if (last && lineAndColumn(last->loc) == lineAndColumn(problem.loc) && last->message == problem.message)
      continue;
    last = &problem;
    InFlightDiagnostic error = emitError(problem.loc)
                               << problem.message << " [RND" << static_cast<unsigned>(problem.id) << ']';
    for (const auto &[loc, text] : problem.notes)
      error.attachNote(loc) << text;
    if (!problem.remedy.empty())
      error.attachNote(problem.loc) << "help: " << problem.remedy;
  }
  bool failed = last != nullptr;
  problems.clear();
  return failure(failed);
}

StringRef rondo::nearest(StringRef name, ArrayRef<StringRef> candidates) {
  StringRef best;
  // A transposition counts 2.
  unsigned limit = std::max<unsigned>(name.size() > 3 ? 2 : 1, name.size() / 3) + 1;
  for (StringRef candidate : candidates) {
    unsigned distance = name.edit_distance_insensitive(candidate, /*AllowReplacements=*/true, limit);
    if (distance < limit) {
      limit = distance;
      best = candidate;
    }
  }
  return best;
}

std::string rondo::suggest(StringRef name, ArrayRef<StringRef> candidates, StringRef otherwise) {
  std::string text;
  if (StringRef best = nearest(name, candidates); !best.empty())
    text = ("did you mean '" + best + "'? ").str();
  return text + (otherwise + llvm::join(candidates, ", ")).str();
}
