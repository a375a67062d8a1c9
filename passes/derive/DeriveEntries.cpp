// Derives entry points with static shapes from the whole-sequence graph.
#include "dialects/rondo/ErrorReport.h"
#include "mlir/IR/Dominance.h"
#include "mlir/Transforms/CSE.h"
#include "passes/derive/EntryBuilder.h"
#include "passes/derive/Passes.h"

using namespace mlir;
using namespace rondo;

namespace rondo {
#define GEN_PASS_DEF_DERIVEENTRIES
#include "passes/derive/DeriveEntries.h.inc"
} // namespace rondo

static FailureOr<func::FuncOp> findGraph(ModuleOp module) {
  func::FuncOp found;
  for (auto function : module.getOps<func::FuncOp>()) {
    if (!function->hasAttr("rondo.graph"))
      continue;
    if (found)
      return function.emitError("expected one function with rondo.graph, found a second");
    found = function;
  }
  if (!found)
    return module.emitError("expected a function with rondo.graph, found none");
  return found;
}

static LogicalResult deriveEntries(ModuleOp module, StringRef text) {
  FailureOr<SmallVector<EntryRequest>> requests = parseEntryRequests(text, module.getLoc());
  if (failed(requests))
    return failure();
  FailureOr<func::FuncOp> graph = findGraph(module);
  if (failed(graph))
    return failure();
  // Equal sequence ops share one state, and ops that nothing needs have none.
  IRRewriter rewriter(module.getContext());
  DominanceInfo dominance(*graph);
  eliminateCommonSubExpressions(rewriter, dominance, *graph);

  GraphStates states(*graph);
  if (llvm::any_of(*requests, [](const EntryRequest &request) { return request.carriesStates(); }))
    states.declare();
  for (const EntryRequest &request : *requests)
    if (failed(EntryBuilder(*graph, states, request).build()))
      return failure();
  graph->erase();
  return success();
}

namespace {

struct DeriveEntries : rondo::impl::DeriveEntriesBase<DeriveEntries> {
  using DeriveEntriesBase::DeriveEntriesBase;

  void runOnOperation() override {
    if (failed(deriveEntries(getOperation(), entries)))
      signalPassFailure();
  }
};

} // namespace
