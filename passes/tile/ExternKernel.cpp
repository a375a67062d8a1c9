// Binds kernels from elsewhere to static shapes: buffers, integers and the grid.
#include "passes/tile/ExternKernel.h"

#include "dialects/rondo/ErrorReport.h"

using namespace mlir;
using namespace rondo;

// The input of the group behind reshapes: it lies in memory as the operand does.
static BlockArgument inputBehind(Value operand) {
  while (auto reshape = operand.getDefiningOp<ReshapeOp>())
    operand = reshape.getX();
  return dyn_cast<BlockArgument>(operand);
}

static Attribute bufferType(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  return TypeAttr::get(MemRefType::get(type.getShape(), type.getElementType()));
}

namespace {

class ExternKernelBuilder {
public:
  ExternKernelBuilder(ExternKernelOp root, OpBuilder &builder) : root(root), builder(builder) {
    ArrayRef<int64_t> shape = cast<RankedTensorType>(root.getY().getType()).getShape();
    sizes = {shape[0] * shape[1], shape[0], shape[1]};
  }

  // Buffers are the distinct inputs in order, then the result.
  LogicalResult findBuffers(SmallVectorImpl<BufferSource> &sources) {
    for (Value operand : root.getInputs()) {
      BlockArgument input = inputBehind(operand);
      if (!input)
        return root.emitOpError("expected operands from outside of its group");
      BufferSource source{BufferSource::Kind::Input, input.getArgNumber(), {}};
      auto *place = llvm::find(sources, source);
      numbers.push_back(place - sources.begin());
      if (place != sources.end())
        continue;
      sources.push_back(source);
      buffers.push_back(bufferType(operand));
    }
    numbers.push_back(sources.size());
    sources.push_back({BufferSource::Kind::Output, 0, {}});
    buffers.push_back(bufferType(root.getY()));
    return success();
  }

  FailureOr<tile::ExternKernelOp> build(tile::ExternCodeOp code, StringRef name) {
    SmallVector<Attribute> arguments;
    for (auto [parameter, argument] :
         llvm::zip_equal(code.getParameters().getAsValueRange<TypeAttr>(), root.getArguments())) {
      Attribute value = argumentFor(parameter, argument);
      if (!value)
        return failure();
      arguments.push_back(value);
    }
    SmallVector<int64_t> grid;
    for (AffineExpr extent : root.getGrid().getResults()) {
      grid.push_back(evaluate(extent));
      if (grid.back() < 1 || grid.back() >= (int64_t{1} << 31))
        return report("expected a grid of 1 to 2^31 - 1 blocks in each dimension, found " +
                      Twine(grid.back()));
    }
    SmallVector<bool> writes(buffers.size(), false);
    writes.back() = true;
    return tile::ExternKernelOp::create(builder, root.getLoc(), name, root.getCode(),
                                        builder.getArrayAttr(buffers), builder.getDenseBoolArrayAttr(writes),
                                        builder.getArrayAttr(arguments), builder.getDenseI64ArrayAttr(grid),
                                        builder.getStringAttr("extern " + code.getEntry()));
  }

private:
  LogicalResult report(const Twine &message) {
    return reportError(root.getLoc(), ErrorId::EntryRequest, message,
                       "the numbers of 'args' and 'grid' follow from rows, batch and time of an entry point");
  }

  int64_t evaluate(AffineExpr expr) {
    SmallVector<Attribute> values =
        llvm::map_to_vector(sizes, [&](int64_t size) -> Attribute { return builder.getIndexAttr(size); });
    SmallVector<Attribute> results;
    if (failed(AffineMap::get(3, 0, expr).constantFold(values, results)))
      return -1; // divided by nothing
    return cast<IntegerAttr>(results.front()).getInt();
  }

  // Null after a report.
  Attribute argumentFor(Type parameter, Attribute argument) {
    if (auto real = dyn_cast<FloatAttr>(argument))
      return builder.getFloatAttr(parameter, real.getValueAsDouble());
    auto map = dyn_cast<AffineMapAttr>(argument);
    if (!map)
      return builder.getIndexAttr(numbers[cast<IntegerAttr>(argument).getInt()]);
    int64_t value = evaluate(map.getValue().getResult(0));
    unsigned bits = parameter.getIntOrFloatBitWidth();
    if (!llvm::isIntN(bits, value)) {
      (void)report("expected an integer of " + Twine(bits) + " bits, found " + Twine(value));
      return {};
    }
    return builder.getIntegerAttr(parameter, value);
  }

  ExternKernelOp root;
  OpBuilder &builder;
  SmallVector<int64_t> sizes; // rows, batch, time
  SmallVector<Attribute> buffers;
  SmallVector<int64_t> numbers; // of the buffers of inputs and result
};

} // namespace

FailureOr<tile::ExternKernelOp> rondo::buildExternKernel(const GroupForm &form, ExternKernelOp root,
                                                         OpBuilder &builder, StringRef name,
                                                         SmallVectorImpl<BufferSource> &sources) {
  GroupOp group = form.group;
  auto code = SymbolTable::lookupNearestSymbolFrom<tile::ExternCodeOp>(group, root.getCodeAttr());
  if (!code)
    return root.emitOpError("expected the code of a kernel, found none");
  ExternKernelBuilder kernel(root, builder);
  if (failed(kernel.findBuffers(sources)))
    return failure();
  return kernel.build(code, name);
}
