// Shape rules that all ops of attention share.
#pragma once

#include "dialects/rondo/RondoAttrs.h"
#include "dialects/rondo/ShapeMatcher.h"

namespace rondo {

// Binds B, T, H, G, D, Dv; `rule` names the constraint that a failure breaks.
template <typename Adaptor>
llvm::LogicalResult matchAttentionOperands(ShapeMatcher &shapes, llvm::StringRef rule, Adaptor op) {
  if (failed(shapes.match(rule, "q", op.getQ().getType(), {"B", "T", "H", "D"}, shapes.f32())) ||
      failed(shapes.match(rule, "k", op.getK().getType(), {"B", "T", "G", "D"}, shapes.f32())) ||
      failed(shapes.match(rule, "v", op.getV().getType(), {"B", "T", "G", "Dv"}, shapes.f32())))
    return llvm::failure();
  if (shapes["G"] <= 0 || shapes["H"] % shapes["G"] != 0)
    return shapes.fail(rule, "expected heads of k and v that divide ", shapes["H"], " heads of q, found ",
                       shapes["G"]);
  return llvm::success();
}

// `positions` `[B, T]`, `documents` `[B, T]` and `[B, T + 1]`, each absent or not.
llvm::LogicalResult matchDocuments(ShapeMatcher &shapes, llvm::StringRef rule, mlir::Value positions,
                                   mlir::Value index, mlir::Value bounds, bool bidirectional);

// Per pattern keys and values, or none at all.
llvm::LogicalResult matchCaches(ShapeMatcher &shapes, llvm::StringRef rule, mlir::ValueRange caches,
                                DilationAttr dilation, mlir::Value documents);

} // namespace rondo
