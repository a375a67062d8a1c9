// Collects the errors of a spec, so that one run reports all of them, in the order of the text.
#pragma once

#include "mlir/IR/Location.h"
#include "runtime/format/Errors.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/Twine.h"

#include <deque>
#include <string>

namespace rondo {

// One error: what was expected and found, where the parties come from, and the remedy.
struct Problem {
  mlir::Location loc;
  ErrorId id;
  std::string message;
  llvm::SmallVector<std::pair<mlir::Location, std::string>, 2> notes;
  std::string remedy;

  Problem &note(mlir::Location where, const llvm::Twine &text) {
    notes.emplace_back(where, text.str());
    return *this;
  }
  Problem &help(const llvm::Twine &text) {
    remedy = text.str();
    return *this;
  }
};

class Diagnosis {
public:
  // The reference stays valid until emit.
  Problem &report(mlir::Location loc, ErrorId id, const llvm::Twine &message);
  bool empty() const { return problems.empty(); }

  // Emits every problem once, sorted by line and column, as `message [RNDnnnn]` with its notes. Failure if
  // there was any.
  llvm::LogicalResult emit();

private:
  std::deque<Problem> problems;
};

// The candidate that `name` was probably meant to be, or an empty string.
llvm::StringRef nearest(llvm::StringRef name, llvm::ArrayRef<llvm::StringRef> candidates);

// "did you mean 'x'? " if there is a near candidate, then `otherwise` with the candidates listed.
std::string suggest(llvm::StringRef name, llvm::ArrayRef<llvm::StringRef> candidates,
                    llvm::StringRef otherwise);

} // namespace rondo
