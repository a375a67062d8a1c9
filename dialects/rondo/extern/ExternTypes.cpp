// Types and rules of kernels from elsewhere.
#include "dialects/rondo/OperandBytes.h"
#include "dialects/rondo/Rondo.h"
#include "dialects/tile/Tile.h"

using namespace mlir;
using namespace rondo;

LogicalResult ExternKernelOp::inferReturnTypes(MLIRContext *context, std::optional<Location> location,
                                               Adaptor op, SmallVectorImpl<Type> &types) {
  auto fail = [&](const Twine &message) {
    return emitOptionalError(location, "'", getOperationName(), "' op EK1: ", message);
  };
  if (op.getInputs().empty())
    return fail("expected an input at least, found none");
  SmallVector<int64_t> shape;
  for (Value input : op.getInputs()) {
    ArrayRef<int64_t> dims = cast<RankedTensorType>(input.getType()).getShape();
    if (dims.size() < 2)
      return fail("expected inputs [B, T, ...], found one of " + Twine(dims.size()) + " dimensions");
    if (!shape.empty() && dims.take_front(2) != ArrayRef(shape))
      return fail("expected inputs of one batch size and length, found others");
    shape.assign(dims.begin(), dims.begin() + 2);
  }
  shape.append(op.getDims().begin(), op.getDims().end());
  types.push_back(RankedTensorType::get(shape, Float32Type::get(context)));
  return success();
}

LogicalResult ExternKernelOp::verify() {
  if (getGrid().getNumDims() != 3 || getGrid().getNumSymbols() != 0 || getGrid().getNumResults() < 1 ||
      getGrid().getNumResults() > 3)
    return emitOpError("expected a grid of 1 to 3 extents in rows, batch and time, found ") << getGridAttr();
  auto buffers = static_cast<int64_t>(getInputs().size()) + 1;
  SmallVector<bool> isPassed(buffers);
  for (Attribute argument : getArguments()) {
    if (auto number = dyn_cast<IntegerAttr>(argument); number && number.getType().isIndex()) {
      if (number.getInt() < 0 || number.getInt() >= buffers)
        return emitOpError("EK2: expected the number of an input or of the result, up to ")
               << buffers - 1 << ", found " << number.getInt();
      isPassed[number.getInt()] = true;
      continue;
    }
    auto map = dyn_cast<AffineMapAttr>(argument);
    bool isInteger = map && map.getValue().getNumDims() == 3 && map.getValue().getNumSymbols() == 0 &&
                     map.getValue().getNumResults() == 1;
    auto real = dyn_cast<FloatAttr>(argument);
    if (!isInteger && !(real && real.getType().isF64()))
      return emitOpError("EK3: expected a buffer's number, an affine map or an f64, found ") << argument;
  }
  for (auto [buffer, passed] : llvm::enumerate(isPassed))
    if (!passed)
      return emitOpError("EK2: expected ")
             << (static_cast<int64_t>(buffer) + 1 == buffers ? Twine("the result") : "input " + Twine(buffer))
             << " among the arguments, found it nowhere";
  return success();
}

// Whether a parameter of type `parameter` can take `argument`.
static bool fits(Type parameter, Attribute argument) {
  if (isa<FloatAttr>(argument))
    return isa<FloatType>(parameter);
  bool isAddress = !isa<AffineMapAttr>(argument);
  return isAddress ? parameter.isSignlessInteger(64) : parameter.isSignlessInteger();
}

LogicalResult ExternKernelOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto code = symbols.lookupNearestSymbolFrom<tile::ExternCodeOp>(*this, getCodeAttr());
  if (!code)
    return emitOpError("expected the code of a kernel, found '") << getCode() << "'";
  ArrayAttr parameters = code.getParameters();
  if (parameters.size() != getArguments().size())
    return emitOpError("EK3: expected ")
           << parameters.size() << " arguments for '" << getCode() << "', found " << getArguments().size();
  for (auto [place, parameter, argument] :
       llvm::enumerate(parameters.getAsValueRange<TypeAttr>(), getArguments()))
    if (!fits(parameter, argument))
      return emitOpError("EK3: expected argument ")
             << place << " to fit a parameter of type " << parameter << ", found " << argument;
  return success();
}

Work ExternKernelOp::getWork() { return {.bytes = bytesOfOperandsAndResults(*this)}; }

// ---- its kernel: a group of its own, which rondo-build-kernels binds to the code
// --------------------------------------------------------------------------------------------------------------

int64_t ExternKernelOp::getRegionColumns(const target::TileSizes &, int64_t) { return 0; }
bool ExternKernelOp::storesUnreadResults() { return true; }
SmallVector<int64_t> ExternKernelOp::getGrid(const target::TileSizes &, int64_t) { return {1}; }
LogicalResult ExternKernelOp::emitKernel(KernelBuilder &, ValueRange) {
  return emitOpError("has no tiles: its kernel was compiled elsewhere");
}
