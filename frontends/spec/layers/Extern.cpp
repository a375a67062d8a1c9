// Kernels that were compiled elsewhere.
#include "frontends/spec/layers/GraphLayers.h"
#include "frontends/spec/layers/LayerContext.h"
#include "frontends/triton/TritonKernel.h"

#include "dialects/tile/Tile.h"
#include "mlir/IR/AffineExpr.h"
#include "llvm/Support/Path.h"

#include <cmath>

using namespace mlir;
using namespace rondo;
using spec::ClauseAttr;
using spec::ExprAttr;
using spec::ExprKind;

namespace {

constexpr StringRef kSizes[] = {"rows", "batch", "time"}; // in the order of an affine map's dimensions

// An integer expression in rows, batch and time; none if it is not affine, or no whole number where it must
// be.
class LaunchExpression {
public:
  explicit LaunchExpression(MLIRContext *context) : context(context) {}

  std::optional<AffineExpr> translate(ExprAttr expr) {
    if (std::optional<double> value = evaluate(expr, {}))
      return whole(*value);
    if (expr.is(ExprKind::Word)) {
      auto *word = llvm::find(kSizes, expr.getText());
      return word == std::end(kSizes) ? std::nullopt
                                      : std::optional(getAffineDimExpr(word - kSizes, context));
    }
    if (!expr.is(ExprKind::Apply) || expr.size() != 2)
      return std::nullopt;
    std::optional<AffineExpr> a = translate(expr[0]), b = translate(expr[1]);
    return a && b ? apply(expr.getText(), *a, *b) : std::nullopt;
  }

private:
  std::optional<AffineExpr> whole(double value) {
    constexpr double most = 1ll << 52;
    if (value != std::floor(value) || std::abs(value) > most)
      return std::nullopt;
    return getAffineConstantExpr(static_cast<int64_t>(value), context);
  }

  static std::optional<AffineExpr> apply(StringRef name, AffineExpr a, AffineExpr b) {
    auto constant = dyn_cast<AffineConstantExpr>(b);
    bool isPositive = constant && constant.getValue() > 0;
    if (name == "+")
      return a + b;
    if (name == "-")
      return a - b;
    if (name == "*" && (constant || isa<AffineConstantExpr>(a)))
      return a * b;
    if (name == "floordiv" && isPositive)
      return a.floorDiv(b);
    if (name == "mod" && isPositive)
      return a % b;
    return std::nullopt;
  }

  MLIRContext *context;
};

// Whether `expr` names something that is no part of the language, which was reported where it stands.
bool isReported(ExprAttr expr) {
  if (expr.is(ExprKind::Word))
    return !llvm::is_contained(kSizes, expr.getText());
  if (expr.is(ExprKind::Apply) && findFunction(expr.getText(), expr.size()))
    return llvm::any_of(expr.getArgs(), [](Attribute arg) { return isReported(cast<ExprAttr>(arg)); });
  return !expr.is(ExprKind::Number);
}

// What the clauses of one op say.
class ExternLayerContext {
public:
  explicit ExternLayerContext(LayerContext &context) : context(context) {}

  // Null, after a report, if the file is not a kernel that can be launched with the arguments.
  std::optional<TritonKernel> kernel() {
    ClauseAttr file = context.find("file");
    if (!file || file.getArgs().empty() || !file.getArgs()[0].is(ExprKind::String))
      return std::nullopt; // reported
    std::optional<std::string> path = pathOf(file);
    if (!path)
      return std::nullopt;
    llvm::Expected<TritonKernel> kernel = readTritonKernel(*path);
    if (kernel)
      return std::move(*kernel);
    context.report(file.getLoc(), ErrorId::SpecValue, llvm::toString(kernel.takeError()))
        .help("Triton leaves NAME.json and NAME.ptx in the folder TRITON_CACHE_DIR");
    return std::nullopt;
  }

  SmallVector<Value> values() {
    SmallVector<Value> values;
    for (ExprAttr arg : arguments())
      if (arg.is(ExprKind::Operand))
        values.push_back(context.op()->getOperand(arg.getOperandIndex()));
    return values;
  }

  LogicalResult checkArguments(const TritonKernel &kernel) {
    ArrayRef<ExprAttr> args = arguments();
    if (args.size() != kernel.parameters.size()) {
      report("expected the " + Twine(kernel.parameters.size()) + " arguments of kernel '" + kernel.name +
                 "', found " + Twine(args.size()),
             context.clauseLoc("args"));
      return failure();
    }
    LogicalResult result = success();
    for (auto [arg, parameter] : llvm::zip_equal(args, kernel.parameters))
      if (std::string wanted = whyNot(arg, parameter); !wanted.empty()) {
        report("expected " + wanted + ", found '" + arg.str() + "'", arg.getLoc());
        result = failure();
      }
    if (llvm::none_of(args, [](ExprAttr arg) { return arg.isWord("result"); })) {
      report("expected 'result' among the arguments, found it nowhere", context.clauseLoc("args"));
      result = failure();
    }
    return result;
  }

  std::optional<AffineMap> grid() {
    ClauseAttr clause = context.find("grid");
    if (!clause)
      return std::nullopt; // reported
    SmallVector<AffineExpr> extents;
    for (ExprAttr arg : clause.getArgs()) {
      std::optional<AffineExpr> extent = LaunchExpression(arg.getContext()).translate(arg);
      if (!extent) {
        if (!isReported(arg))
          report("expected a whole number or sums and multiples of rows, batch and time, found '" +
                     arg.str() + "'",
                 arg.getLoc());
        return std::nullopt;
      }
      extents.push_back(*extent);
    }
    if (extents.empty() || extents.size() > 3) {
      report("expected 1 to 3 extents of a grid, found " + Twine(extents.size()), clause.getLoc());
      return std::nullopt;
    }
    return AffineMap::get(3, 0, extents, context.op()->getContext());
  }

  // After checkArguments has succeeded.
  ArrayAttr graphArguments(const TritonKernel &kernel, Builder &builder) {
    int64_t inputs = 0, count = values().size();
    SmallVector<Attribute> attributes;
    for (auto [arg, parameter] : llvm::zip_equal(arguments(), kernel.parameters)) {
      if (arg.is(ExprKind::Operand))
        attributes.push_back(builder.getIndexAttr(inputs++));
      else if (arg.isWord("result"))
        attributes.push_back(builder.getIndexAttr(count));
      else if (parameter.isFloat)
        attributes.push_back(builder.getF64FloatAttr(*evaluate(arg, {})));
      else
        attributes.push_back(
            AffineMapAttr::get(AffineMap::get(3, 0, *LaunchExpression(builder.getContext()).translate(arg))));
    }
    return builder.getArrayAttr(attributes);
  }

private:
  ArrayRef<ExprAttr> arguments() {
    ClauseAttr clause = context.find("args");
    return clause ? clause.getArgs() : ArrayRef<ExprAttr>();
  }

  // Specs come from strangers: they name no file outside of their own folder.
  std::optional<std::string> pathOf(ClauseAttr file) {
    StringRef name = file.getArgs()[0].getText();
    bool leaves =
        llvm::sys::path::is_absolute(name) ||
        llvm::is_contained(llvm::make_range(llvm::sys::path::begin(name), llvm::sys::path::end(name)), "..");
    auto place = dyn_cast<FileLineColLoc>(Location(file.getLoc()));
    if (leaves || name.contains('\0') || !place) {
      report("expected a path below the spec's folder in 'file', found '" + name + "'", file.getLoc());
      return std::nullopt;
    }
    llvm::SmallString<128> path(llvm::sys::path::parent_path(place.getFilename()));
    llvm::sys::path::append(path, name);
    return path.str().str();
  }

  // What a parameter wants instead of `arg`; empty if it takes it.
  std::string whyNot(ExprAttr arg, const TritonKernel::Parameter &parameter) {
    bool isValue = arg.is(ExprKind::Operand) || arg.isWord("result");
    bool takesAddress = parameter.bits == 64 && !parameter.isFloat;
    if (!isValue && isReported(arg))
      return "";
    if (isValue)
      return takesAddress ? "" : "a number for a parameter of " + std::to_string(parameter.bits) + " bits";
    if (parameter.isAddress)
      return "a value or 'result' for a parameter that is an address";
    if (parameter.isFloat)
      return evaluate(arg, {}) ? "" : "a number that is known here";
    return LaunchExpression(arg.getContext()).translate(arg)
               ? ""
               : "a whole number, or sums and multiples of rows, batch and time";
  }

  void report(const Twine &message, Location loc) {
    context.report(loc, ErrorId::SpecValue, "extern_kernel: " + message)
        .help("args(%x, result, rows * 64) are the kernel's arguments in order, without its constants");
  }

  LayerContext &context;
};

tile::ExternCodeOp codeOf(const TritonKernel &kernel, OpBuilder &builder, Location loc) {
  SmallVector<Attribute> parameters;
  for (const TritonKernel::Parameter &parameter : kernel.parameters) {
    Type type = builder.getIntegerType(parameter.bits);
    if (parameter.isFloat)
      type = parameter.bits == 32 ? Type(builder.getF32Type()) : Type(builder.getF64Type());
    parameters.push_back(TypeAttr::get(type));
  }
  return tile::ExternCodeOp::create(
      builder, loc, kernel.name, kernel.name, kernel.architecture, builder.getArrayAttr(parameters),
      kernel.trailing, kernel.threads, kernel.sharedBytes, kernel.scratchBytes, kernel.ptx,
      kernel.cubin.empty() ? StringAttr() : builder.getStringAttr(kernel.cubin));
}

// The module's code of `kernel`, made where it is not there yet.
FlatSymbolRefAttr shareCode(const TritonKernel &kernel, GraphEmitter &emitter, Location loc) {
  auto module = emitter.builder().getBlock()->getParentOp()->getParentOfType<ModuleOp>();
  OpBuilder builder(module.getContext());
  tile::ExternCodeOp code = codeOf(kernel, builder, loc);
  for (auto other : module.getOps<tile::ExternCodeOp>()) {
    code.setSymNameAttr(other.getSymNameAttr());
    if (other.getProperties() == code.getProperties()) {
      code.erase();
      return FlatSymbolRefAttr::get(other);
    }
  }
  code.setSymName(kernel.name);
  return FlatSymbolRefAttr::get(SymbolTable(module).insert(code, module.getBody()->begin()));
}

struct ExternKernelLayer : GraphLayerOpInterface::ExternalModel<ExternKernelLayer, spec::ExternKernelOp> {
  LogicalResult inferShapes(Operation *, LayerContext &context, SmallVectorImpl<Shape> &results) const {
    ExternLayerContext layer(context);
    std::optional<TritonKernel> kernel = layer.kernel();
    bool isKnown = kernel && succeeded(layer.checkArguments(*kernel)) && layer.grid();
    SmallVector<Value> values = layer.values();
    if (values.empty()) {
      context
          .report(context.clauseLoc("args"), ErrorId::SpecClause,
                  "extern_kernel: expected a value among the arguments, found none")
          .help("the first value says how many rows there are");
      return failure();
    }
    const Shape *first = context.shape(values.front());
    std::optional<int64_t> width = context.has("to") ? context.count("to") : std::nullopt;
    std::optional<int64_t> heads = context.has("heads") ? context.count("heads", LayerContext::kMaxHeads) : 1;
    if (!first || !heads || (context.has("to") && !width))
      return failure();
    bool isShapeOfFirst = !width && !context.has("heads");
    if (isShapeOfFirst && first->kind != Shape::Kind::Numbers)
      return context.reportShape(values.front(), "numbers as the first value, or 'to(COUNT)'",
                                 "the result is as wide as the first value");
    int64_t wide = width ? *width : first->width();
    if (wide % *heads != 0) {
      context
          .report(context.clauseLoc("heads"), ErrorId::SpecShape,
                  "extern_kernel: expected heads that divide the width " + Twine(wide) + ", found " +
                      Twine(*heads))
          .help("change 'to' or 'heads'");
      return failure();
    }
    if (isShapeOfFirst)
      results.push_back(*first);
    else
      results.push_back(context.has("heads") ? Shape::numbers({*heads, wide / *heads})
                                             : Shape::numbers({wide}));
    return success(isKnown);
  }

  SmallVector<Value> emit(Operation *, LayerContext &context, GraphEmitter &emitter,
                          ArrayRef<Shape> results) const {
    ExternLayerContext layer(context);
    std::optional<TritonKernel> kernel = layer.kernel();
    std::optional<AffineMap> grid = layer.grid();
    if (!kernel || !grid || failed(layer.checkArguments(*kernel)))
      return {context.graph(layer.values().front())}; // the file has changed meanwhile; reported
    OpBuilder &builder = emitter.builder();
    SmallVector<Value> inputs =
        llvm::map_to_vector(layer.values(), [&](Value value) { return context.graph(value); });
    auto op = ExternKernelOp::create(builder, context.loc(), emitter.type(results[0]),
                                     shareCode(*kernel, emitter, context.loc()), inputs,
                                     layer.graphArguments(*kernel, builder), AffineMapAttr::get(*grid),
                                     builder.getDenseI64ArrayAttr(results[0].dims));
    return {op.getY()};
  }
};

} // namespace

void rondo::attachExternLayers(MLIRContext *context) {
  spec::ExternKernelOp::attachInterface<ExternKernelLayer>(*context);
}
