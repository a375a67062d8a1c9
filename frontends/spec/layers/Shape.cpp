// Shapes as text and as tensor types.
#include "frontends/spec/layers/Shape.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace rondo;

int64_t Shape::width() const {
  int64_t product = 1;
  for (int64_t dim : dims)
    product *= dim;
  return product;
}

std::string Shape::str() const {
  static constexpr const char *prefixes[] = {"", "tokens ", "positions ", "flags "};
  std::string text = prefixes[static_cast<int>(kind)];
  text += "[B, T";
  for (int64_t dim : dims)
    text += ", " + std::to_string(dim);
  return text + "]";
}

RankedTensorType Shape::type(MLIRContext *context) const {
  static constexpr unsigned bits[] = {32, 32, 64, 8};
  SmallVector<int64_t> sizes = {ShapedType::kDynamic, ShapedType::kDynamic};
  llvm::append_range(sizes, dims);
  Type element = kind == Kind::Numbers ? Type(Float32Type::get(context))
                                       : Type(IntegerType::get(context, bits[static_cast<int>(kind)]));
  return RankedTensorType::get(sizes, element);
}
