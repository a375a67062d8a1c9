// How ops state their shape rules: named dimensions that must agree wherever a name repeats.
#include "dialects/rondo/ShapeMatcher.h"

using namespace mlir;
using namespace rondo;

static bool mayBeDynamic(StringRef dim) { return dim == "B" || dim == "T"; }

const int64_t *ShapeMatcher::lookup(StringRef dim) const {
  for (const auto &[name, size] : sizes)
    if (name == dim)
      return &size;
  return nullptr;
}

bool ShapeMatcher::bindAll(ArrayRef<StringRef> dims, ArrayRef<int64_t> shape) {
  if (dims.size() != shape.size())
    return false;
  for (auto [dim, size] : llvm::zip_equal(dims, shape)) {
    if (ShapedType::isDynamic(size) && !mayBeDynamic(dim))
      return false;
    auto *bound = const_cast<int64_t *>(lookup(dim));
    if (!bound)
      sizes.push_back({dim, size});
    else if (ShapedType::isDynamic(*bound))
      *bound = size;
    else if (*bound != size && !ShapedType::isDynamic(size))
      return false;
  }
  return true;
}

std::string ShapeMatcher::describe(ArrayRef<StringRef> dims, Type element) const {
  std::string text = "[";
  llvm::raw_string_ostream out(text);
  llvm::interleaveComma(dims, out, [&](StringRef dim) {
    out << dim;
    if (const int64_t *size = lookup(dim); size && !ShapedType::isDynamic(*size))
      out << " = " << *size;
  });
  out << "] of " << element;
  return text;
}

LogicalResult ShapeMatcher::match(StringRef rule, StringRef name, Type type, ArrayRef<StringRef> dims,
                                  Type element) {
  // Described before binding: what the operands so far require, not what this one would bring.
  std::string expected = location ? describe(dims, element) : std::string();
  auto tensorType = dyn_cast<RankedTensorType>(type);
  if (tensorType && tensorType.getElementType() == element && bindAll(dims, tensorType.getShape()))
    return success();
  return fail(rule, "expected ", name, " to be ", expected, ", found ", type);
}

LogicalResult ShapeMatcher::matchRows(StringRef rule, StringRef name, Type type, StringRef width,
                                      Type element) {
  auto tensorType = dyn_cast<RankedTensorType>(type);
  if (!tensorType || tensorType.getRank() != 4)
    return match(rule, name, type, {"B", "T", width}, element);
  int64_t heads = tensorType.getDimSize(2), dim = tensorType.getDimSize(3);
  if (ShapedType::isDynamic(heads) || ShapedType::isDynamic(dim))
    return fail(rule, "expected ", name, " to have static heads and head width, found ", type);
  SmallVector<int64_t, 3> rows{tensorType.getDimSize(0), tensorType.getDimSize(1), heads * dim};
  return match(rule, name, RankedTensorType::get(rows, tensorType.getElementType()), {"B", "T", width},
               element);
}

LogicalResult ShapeMatcher::matchSequence(StringRef rule, StringRef name, Type type) {
  std::string expected = location ? describe({"B", "T", "..."}, f32()) : std::string();
  auto tensorType = dyn_cast<RankedTensorType>(type);
  if (!tensorType || tensorType.getRank() < 2 || tensorType.getElementType() != f32() ||
      llvm::any_of(tensorType.getShape().drop_front(2), ShapedType::isDynamic) ||
      !bindAll({"B", "T"}, tensorType.getShape().take_front(2)))
    return fail(rule, "expected ", name, " to be a sequence tensor ", expected, ", found ", type);
  return success();
}

RankedTensorType ShapeMatcher::tensor(ArrayRef<StringRef> dims, Type element) const {
  SmallVector<int64_t> shape;
  for (StringRef dim : dims)
    shape.push_back((*this)[dim]);
  return RankedTensorType::get(shape, element);
}

bool rondo::equalButForLayout(Type a, Type b) {
  auto left = dyn_cast<RankedTensorType>(a), right = dyn_cast<RankedTensorType>(b);
  return left && right && left.getShape() == right.getShape() &&
         left.getElementType() == right.getElementType();
}

bool rondo::equalButForLayout(TypeRange a, TypeRange b) {
  return a.size() == b.size() && llvm::all_of(llvm::zip(a, b), [](auto pair) {
           return equalButForLayout(std::get<0>(pair), std::get<1>(pair));
         });
}
