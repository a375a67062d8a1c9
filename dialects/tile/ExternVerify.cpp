// What kernels from elsewhere must keep to.
#include "dialects/tile/Tile.h"

#include "runtime/format/CudaKernelAbi.h"

using namespace mlir;
using namespace rondo;

static bool isParameterType(Type type) {
  return type.isF32() || type.isF64() || type.isSignlessInteger(8) || type.isSignlessInteger(16) ||
         type.isSignlessInteger(32) || type.isSignlessInteger(64);
}

LogicalResult tile::ExternCodeOp::verify() {
  for (Type type : getParameters().getAsValueRange<TypeAttr>())
    if (!isParameterType(type))
      return emitOpError("expected parameters of type i8, i16, i32, i64, f32 or f64, found ") << type;
  if (int64_t trailing = getTrailing(); trailing < 0 || trailing > 2)
    return emitOpError("expected 0 to 2 trailing addresses, found ") << trailing;
  if (int64_t threads = getThreads(); threads < 32 || threads > RONDO_CUDA_MAX_THREADS || threads % 32 != 0)
    return emitOpError("expected a multiple of 32 threads up to ")
           << RONDO_CUDA_MAX_THREADS << ", found " << threads;
  if (int64_t bytes = getSharedBytes(); bytes < 0 || bytes > RONDO_CUDA_MAX_SHARED_BYTES)
    return emitOpError("expected 0 to ")
           << RONDO_CUDA_MAX_SHARED_BYTES << " bytes of shared memory, found " << bytes;
  if (auto bytes = static_cast<int64_t>(getScratchBytes()); bytes < 0 || (bytes > 0 && getTrailing() == 0))
    return emitOpError("expected scratch only beside a parameter for its address, found ")
           << bytes << " bytes";
  return success();
}

int64_t tile::ExternKernelOp::getWorkgroupCount() {
  int64_t count = 1;
  for (int64_t extent : getGrid())
    count *= extent;
  return count;
}

LogicalResult tile::ExternKernelOp::verify() {
  auto buffers = getBuffers().getAsValueRange<TypeAttr>();
  for (Type type : buffers)
    if (auto buffer = dyn_cast<MemRefType>(type);
        !buffer || !buffer.hasStaticShape() || !buffer.getLayout().isIdentity())
      return emitOpError("expected row-major buffers of static shapes, found ") << type;
  if (getWrites().size() != getBuffers().size())
    return emitOpError("expected one bit of 'writes' per buffer, found ")
           << getWrites().size() << " for " << getBuffers().size();
  if (getGrid().empty() || getGrid().size() > 3)
    return emitOpError("expected 1 to 3 extents of a grid, found ") << getGrid().size();
  constexpr int64_t most[] = {(int64_t{1} << 31) - 1, (1 << 16) - 1, (1 << 16) - 1};
  for (auto [axis, extent] : llvm::enumerate(getGrid()))
    if (extent < 1 || extent > most[axis])
      return emitOpError("expected extent ")
             << axis << " of the grid from 1 to " << most[axis] << ", found " << extent;
  for (Attribute argument : getArguments()) {
    auto number = dyn_cast<IntegerAttr>(argument);
    if (number && number.getType().isIndex() &&
        (number.getInt() < 0 || number.getInt() >= static_cast<int64_t>(getBuffers().size())))
      return emitOpError("expected the number of a buffer below ")
             << getBuffers().size() << ", found " << number.getInt();
  }
  return success();
}

LogicalResult tile::ExternKernelOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto code = symbols.lookupNearestSymbolFrom<ExternCodeOp>(*this, getCodeAttr());
  if (!code)
    return emitOpError("expected the code of a kernel, found '") << getCode() << "'";
  ArrayAttr parameters = code.getParameters();
  if (parameters.size() != getArguments().size())
    return emitOpError("expected ") << parameters.size() << " arguments for '" << getCode() << "', found "
                                    << getArguments().size();
  for (auto [place, parameter, argument] :
       llvm::enumerate(parameters.getAsValueRange<TypeAttr>(), getArguments())) {
    auto typed = dyn_cast<TypedAttr>(argument);
    Type type = typed ? typed.getType() : Type();
    if (type && (type == parameter || (type.isIndex() && parameter.isSignlessInteger(64))))
      continue;
    return emitOpError("expected argument ") << place << " of type " << parameter << ", found " << argument;
  }
  return success();
}
