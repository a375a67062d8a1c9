// Shape rules and constraints of attention.
#include "dialects/rondo/attention/AttentionTypes.h"

#include "dialects/rondo/Rondo.h"
#include "dialects/rondo/attention/AttentionPatterns.h"

#include <cmath>

using namespace mlir;
using namespace rondo;

LogicalResult rondo::matchDocuments(ShapeMatcher &shapes, StringRef rule, Value positions, Value index,
                                    Value bounds, bool bidirectional) {
  if (positions &&
      failed(shapes.match(rule, "positions", positions.getType(), {"B", "T"}, shapes.integer(64))))
    return failure();
  if (!index && !bounds)
    return success();
  if (!positions || !index || !bounds)
    return shapes.fail(rule, "expected documents with positions, found documents alone");
  if (bidirectional)
    return shapes.fail(rule, "expected no documents for an op that looks both ways, found documents");
  int64_t time = shapes["T"];
  shapes.bind("T + 1", ShapedType::isDynamic(time) ? time : time + 1);
  return success(
      succeeded(shapes.match(rule, "document index", index.getType(), {"B", "T"}, shapes.integer(32))) &&
      succeeded(shapes.match(rule, "document bounds", bounds.getType(), {"B", "T + 1"}, shapes.integer(32))));
}

LogicalResult rondo::matchCaches(ShapeMatcher &shapes, StringRef rule, ValueRange caches,
                                 DilationAttr dilation, Value documents) {
  if (caches.empty())
    return success();
  int64_t patterns = dilation.getPatternCount();
  if (!documents)
    return shapes.fail(rule, "expected caches with documents, found caches alone");
  if (static_cast<int64_t>(caches.size()) != 2 * patterns)
    return shapes.fail(rule, "expected keys and values of ", patterns, " patterns, found ", caches.size(),
                       " caches");
  for (int64_t pattern = 0; pattern < patterns; ++pattern) {
    for (auto [name, lanes, cache] : {std::tuple("keys", "D", caches[2 * pattern]),
                                      std::tuple("values", "Dv", caches[2 * pattern + 1])}) {
      auto count = static_cast<int64_t>(cacheStreams(dilation, pattern, shapes["H"], shapes["G"]).size());
      auto type = dyn_cast<RankedTensorType>(cache.getType());
      auto expected = RankedTensorType::get(
          {shapes["B"], count, dilation.getCapacity(pattern), shapes[lanes]}, shapes.f32());
      if (type != expected)
        return shapes.fail(rule, "expected cached ", name, " of pattern ", pattern, " to be ", expected,
                           ", found ", cache.getType());
    }
  }
  return success();
}

LogicalResult DilatedAttentionOp::inferReturnTypes(MLIRContext *context, std::optional<Location> location,
                                                   Adaptor op, SmallVectorImpl<Type> &types) {
  ShapeMatcher shapes(context, location, getOperationName());
  if (failed(matchAttentionOperands(shapes, "D1", op)) ||
      failed(matchDocuments(shapes, "D2", op.getPositions(), op.getDocumentIndex(), op.getDocumentBounds(),
                            op.getBidirectional())) ||
      failed(matchCaches(shapes, "D3", op.getCaches(), op.getDilation(), op.getDocumentIndex())))
    return failure();
  types.push_back(shapes.tensor({"B", "T", "H", "Dv"}, shapes.f32()));
  types.push_back(shapes.tensor({"B", "T", "H"}, shapes.f32()));
  return success();
}

// The shape rules are verified after this, so that shapes may be anything here.
template <typename Op> static LogicalResult verifyLaneLogDecay(Op op, StringRef rule) {
  std::optional<ArrayRef<double>> decay = op.getLaneLogDecay();
  auto q = cast<RankedTensorType>(op.getQ().getType());
  if (q.getRank() != 4)
    return success();
  int64_t lanes = q.getDimSize(3);
  if (decay && (static_cast<int64_t>(decay->size()) != lanes ||
                llvm::any_of(*decay, [](double value) { return !std::isfinite(value); })))
    return op.emitOpError(rule) << ": expected " << lanes << " finite log decays, one per lane, found ["
                                << *decay << "]";
  return success();
}

LogicalResult DilatedAttentionOp::verify() { return verifyLaneLogDecay(*this, "D4"); }

LogicalResult AttentionOp::inferReturnTypes(MLIRContext *context, std::optional<Location> location,
                                            Adaptor op, SmallVectorImpl<Type> &types) {
  ShapeMatcher shapes(context, location, getOperationName());
  if (failed(matchAttentionOperands(shapes, "A1", op)) ||
      failed(matchDocuments(shapes, "A2", op.getPositions(), Value(), Value(), op.getBidirectional())))
    return failure();
  types.push_back(shapes.tensor({"B", "T", "H", "Dv"}, shapes.f32()));
  types.push_back(shapes.tensor({"B", "T", "H"}, shapes.f32()));
  return success();
}

LogicalResult AttentionOp::verify() {
  bool isCausal = !getBidirectional();
  if (isCausal != (getPositions() != nullptr))
    return emitOpError("A2: expected positions ")
           << (isCausal ? "for an op that looks back only, found none"
                        : "for no op that looks both ways, found some");
  if (isCausal != getCapacity().has_value() || getCapacity().value_or(1) < 1)
    return emitOpError("A2: expected ")
           << (isCausal ? "a capacity of at least 1" : "no capacity") << ", found "
           << (getCapacity() ? Twine(*getCapacity()) : Twine("none"));
  return verifyLaneLogDecay(*this, "A3");
}

LogicalResult DocumentsOp::inferReturnTypes(MLIRContext *context, std::optional<Location> location,
                                            Adaptor op, SmallVectorImpl<Type> &types) {
  ShapeMatcher shapes(context, location, getOperationName());
  if (failed(shapes.match("DO1", "positions", op.getPositions().getType(), {"B", "T"}, shapes.integer(64))) ||
      (op.getLength() &&
       failed(shapes.match("DO1", "length", op.getLength().getType(), {"B"}, shapes.integer(32)))))
    return failure();
  int64_t time = shapes["T"];
  shapes.bind("T + 1", ShapedType::isDynamic(time) ? time : time + 1);
  types.push_back(shapes.tensor({"B", "T"}, shapes.integer(32)));
  types.push_back(shapes.tensor({"B", "T + 1"}, shapes.integer(32)));
  return success();
}

LogicalResult AppendCacheOp::inferReturnTypes(MLIRContext *context, std::optional<Location> location,
                                              Adaptor op, SmallVectorImpl<Type> &types) {
  ShapeMatcher shapes(context, location, getOperationName());
  if (failed(shapes.match("AC1", "cache", op.getCache().getType(), {"B", "S", "C", "D"}, shapes.f32())) ||
      failed(shapes.match("AC1", "rows", op.getRows().getType(), {"B", "T", "G", "D"}, shapes.f32())) ||
      failed(matchDocuments(shapes, "AC1", op.getPositions(), op.getDocumentIndex(), op.getDocumentBounds(),
                            /*bidirectional=*/false)))
    return failure();
  types.push_back(op.getCache().getType());
  return success();
}

LogicalResult AppendCacheOp::verify() {
  ArrayRef<int64_t> cache = cast<RankedTensorType>(getCache().getType()).getShape();
  auto rows = cast<RankedTensorType>(getRows().getType());
  if (cache.size() != 4 || rows.getRank() != 4)
    return success(); // as above
  int64_t keyHeads = rows.getDimSize(2);
  auto heads = static_cast<int64_t>(getHeads()), pattern = static_cast<int64_t>(getPattern());
  if (pattern < 0 || pattern >= getDilation().getPatternCount())
    return emitOpError("AC1: expected one of ")
           << getDilation().getPatternCount() << " patterns, found " << pattern;
  if (heads <= 0 || keyHeads <= 0 || heads % keyHeads != 0)
    return emitOpError("AC1: expected heads that ") << keyHeads << " heads of k divide, found " << heads;
  auto streams = static_cast<int64_t>(cacheStreams(getDilation(), pattern, heads, keyHeads).size());
  int64_t capacity = getDilation().getCapacity(pattern);
  if (cache[1] != streams || cache[2] != capacity)
    return emitOpError("AC1: expected a cache of ")
           << streams << " streams of " << capacity << " rows, found " << getCache().getType();
  return success();
}
