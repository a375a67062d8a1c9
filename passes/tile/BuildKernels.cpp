// Builds one tile kernel per distinct group and turns groups into commands.
#include "passes/tile/Passes.h"

#include "codegen/target/CudaTarget.h"
#include "dialects/rondo/ErrorReport.h"
#include "dialects/tile/Tile.h"
#include "passes/tile/ExternKernel.h"
#include "passes/tile/GroupKey.h"
#include "runtime/format/KernelAbi.h"

#include <cmath>
#include <map>

using namespace mlir;
using namespace rondo;

namespace rondo {
#define GEN_PASS_DEF_BUILDKERNELS
#include "passes/tile/BuildKernels.h.inc"
} // namespace rondo

namespace {

// Needed operations, and bytes that cross the group's boundary: what its ops read and write less what stays
// inside.
std::pair<int64_t, int64_t> countWork(const GroupForm &form) {
  double flops = 0, bytes = 0;
  for (Operation &op : form.group->getRegion(0).front().without_terminator()) {
    auto cost = dyn_cast<CostOpInterface>(op);
    if (!cost)
      continue;
    Work work = cost.getWork();
    flops += work.matmulFlops + work.vectorFlops;
    bytes += work.bytes;
    for (Value result : op.getResults()) {
      auto type = cast<RankedTensorType>(result.getType());
      double size = double(type.getNumElements()) * type.getElementTypeBitWidth() / 8;
      bool written = false;
      for (Operation *user : result.getUsers()) {
        written |= isa<YieldOp, WriteStateOp>(user);
        bytes -= isa<CostOpInterface>(user) ? size : 0;
      }
      bytes -= written ? 0 : size;
    }
  }
  return {std::llround(flops), std::llround(std::max(bytes, 0.0))};
}

struct SharedKernel {
  FlatSymbolRefAttr symbol;
  SmallVector<BufferSource> sources; // per argument
};

class KernelFactory {
public:
  KernelFactory(ModuleOp module, const target::Target &target)
      : symbols(module), target(target), sizes(target.sizes), tables(symbols) {
    kernelPoint = OpBuilder::atBlockEnd(module.getBody());
  }

  // Replaces `group`, of an entry point with `slots` slots, by a command.
  LogicalResult replaceGroup(GroupOp group, int64_t slots);

private:
  FailureOr<const SharedKernel *> kernelFor(const GroupForm &form, const KernelContext &context);
  LogicalResult build(SharedKernel &shared, const GroupForm &form, const KernelContext &context);
  LogicalResult bindExtern(SharedKernel &shared, const GroupForm &form, ExternKernelOp root);
  std::string nameOf(StringRef source) const;
  LayoutAttr layoutOf(Value graph);
  RankedTensorType typeOf(StringRef symbol);
  void dispatch(const GroupForm &form, const SharedKernel &kernel);

  SymbolTable symbols;
  const target::Target &target;
  const target::TileSizes &sizes;
  TableStore tables;
  OpBuilder kernelPoint{static_cast<MLIRContext *>(nullptr)};
  std::map<GroupKey, SharedKernel> kernels;
};

LayoutAttr KernelFactory::layoutOf(Value graph) {
  auto parameter = graph.getDefiningOp<GetWeightOp>();
  auto weight = parameter ? symbols.lookup<WeightOp>(parameter.getWeight()) : WeightOp();
  return weight ? weight.getLayoutAttr() : LayoutAttr();
}

// Of what a symbol names, as KernelContext::symbolTypes says.
RankedTensorType KernelFactory::typeOf(StringRef symbol) {
  Operation *named = symbols.lookup(symbol);
  if (auto state = dyn_cast<StateOp>(named))
    return cast<RankedTensorType>(state.getSlotType());
  if (auto state = dyn_cast<OptimizerStateOp>(named))
    return cast<RankedTensorType>(state.getType());
  auto weight = cast<WeightOp>(named);
  auto type = cast<RankedTensorType>(weight.getType());
  return RankedTensorType::get(type.getShape(), type.getElementType(), weight.getLayoutAttr());
}

FailureOr<const SharedKernel *> KernelFactory::kernelFor(const GroupForm &form,
                                                         const KernelContext &context) {
  auto [place, isNew] = kernels.try_emplace(groupKey(form, context));
  SharedKernel &shared = place->second;
  if (!isNew)
    return &shared;
  auto root = form.root ? dyn_cast<ExternKernelOp>(form.root.getOperation()) : ExternKernelOp();
  if (failed(root ? bindExtern(shared, form, root) : build(shared, form, context)))
    return failure();
  return &shared;
}

// Of the latest kernel, from the ops that it is made of.
std::string KernelFactory::nameOf(StringRef source) const {
  std::string name;
  for (StringRef rest = source; !rest.empty();) {
    auto [head, tail] = rest.split(" + ");
    name += (name.empty() ? "" : "_") + head.str();
    rest = tail;
  }
  return name + "_" + std::to_string(kernels.size() - 1);
}

LogicalResult KernelFactory::bindExtern(SharedKernel &shared, const GroupForm &form, ExternKernelOp root) {
  auto code = symbols.lookup<tile::ExternCodeOp>(root.getCode());
  if (!target::runsCodeFor(target, code.getArchitecture().str()) ||
      static_cast<int64_t>(code.getSharedBytes()) > target.sharedBytes)
    return reportError(root.getLoc(), ErrorId::EntryRequest,
                       "expected a target that runs kernel '" + code.getEntry() + "', which is for " +
                           code.getArchitecture() + " and takes " + Twine(code.getSharedBytes()) +
                           " bytes of shared memory, found " + target.name,
                       "name a GPU that the kernel was compiled for with --target");
  auto kernel = buildExternKernel(form, root, kernelPoint, nameOf(root.getCode()), shared.sources);
  if (failed(kernel))
    return failure();
  shared.symbol = FlatSymbolRefAttr::get(symbols.insert(*kernel)); // made unique
  return success();
}

LogicalResult KernelFactory::build(SharedKernel &shared, const GroupForm &form,
                                   const KernelContext &context) {
  std::string source = form.describe();
  SmallVector<int64_t> grid = GroupKernel::grid(form, sizes);
  GroupOp group = form.group;
  auto kernel = tile::KernelOp::create(kernelPoint, group.getLoc(), nameOf(source), grid, ArrayRef<bool>{},
                                       kernelPoint.getStringAttr(source));
  Block &body = kernel.getBody().emplaceBlock();
  for (size_t i = 0; i < grid.size(); ++i)
    body.addArgument(kernelPoint.getIndexType(), group.getLoc());
  GroupKernel builder(form, kernel, context);
  if (failed(builder.emit()))
    return failure();
  if (size_t arguments = builder.sources().size(); arguments > RONDO_MAX_KERNEL_ARGUMENTS)
    return reportError(group.getLoc(), ErrorId::EntryRequest,
                       "expected a kernel of at most " + Twine(RONDO_MAX_KERNEL_ARGUMENTS) +
                           " buffers for '" + source + "', found " + Twine(arguments),
                       "give the model fewer of the ops or parameters whose values it takes or gives");
  shared.symbol = FlatSymbolRefAttr::get(symbols.insert(kernel)); // made unique
  shared.sources.assign(builder.sources().begin(), builder.sources().end());
  return success();
}

void KernelFactory::dispatch(const GroupForm &form, const SharedKernel &kernel) {
  GroupOp group = form.group;
  OpBuilder builder(group);
  SmallVector<Attribute> bindings;
  for (const BufferSource &source : kernel.sources) {
    switch (source.kind) {
    case BufferSource::Kind::Input:
      bindings.push_back(builder.getI64IntegerAttr(source.index));
      break;
    case BufferSource::Kind::Output:
      bindings.push_back(builder.getI64IntegerAttr(group.getNumOperands() + source.index));
      break;
    case BufferSource::Kind::Symbol:
      bindings.push_back(FlatSymbolRefAttr::get(builder.getContext(), form.symbols[source.index]));
      break;
    case BufferSource::Kind::Table:
      bindings.push_back(source.table);
      break;
    }
  }
  auto [flops, bytes] = countWork(form);
  auto command = DispatchOp::create(builder, group.getLoc(), group.getResultTypes(), kernel.symbol,
                                    group.getInputs(), builder.getArrayAttr(bindings), group.getSlicesAttr(),
                                    builder.getI64IntegerAttr(flops), builder.getI64IntegerAttr(bytes));
  group.replaceAllUsesWith(command.getResults());
  group.erase();
}

LogicalResult KernelFactory::replaceGroup(GroupOp group, int64_t slots) {
  if (!group.getSlices())
    return group.emitOpError("expected one slice per result: run rondo-plan-memory first");
  FailureOr<GroupForm> form = GroupForm::analyse(group);
  if (failed(form))
    return failure();
  SmallVector<LayoutAttr> layouts =
      llvm::map_to_vector(group.getInputs(), [&](Value v) { return layoutOf(v); });
  auto symbolTypes = llvm::map_to_vector(form->symbols, [&](StringRef name) { return typeOf(name); });
  FailureOr<const SharedKernel *> kernel = kernelFor(*form, {sizes, layouts, symbolTypes, slots, tables});
  if (failed(kernel))
    return failure();
  dispatch(*form, **kernel);
  return success();
}

struct BuildKernels : rondo::impl::BuildKernelsBase<BuildKernels> {
  using BuildKernelsBase::BuildKernelsBase;

  void runOnOperation() override {
    std::optional<target::Target> machine = target::findTarget(target);
    if (!machine) {
      getOperation().emitError("unknown target '") << target << "'";
      return signalPassFailure();
    }
    KernelFactory factory(getOperation(), *machine);
    for (auto entry : getOperation().getOps<func::FuncOp>()) {
      auto request = entry->getAttrOfType<EntryAttr>("rondo.entry");
      if (!request)
        continue;
      for (GroupOp group : llvm::to_vector(entry.getOps<GroupOp>()))
        if (failed(factory.replaceGroup(group, request.getSlots())))
          return signalPassFailure();
    }
    if (bf16Products)
      getOperation().walk([](tile::DotOp dot) { dot.setPrecision(tile::Precision::BF16); });
  }
};

} // namespace
