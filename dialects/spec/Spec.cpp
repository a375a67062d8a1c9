// Registration of the spec dialect, and the hook that keeps unknown ops readable.
#include "dialects/spec/Spec.h"

#include "dialects/spec/Completion.h"
#include "dialects/spec/Syntax.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace rondo::spec;

#include "dialects/spec/LayerOpInterface.cpp.inc"
#include "dialects/spec/SpecDialect.cpp.inc"
#include "dialects/spec/SpecEnums.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/spec/SpecTypes.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/spec/SpecAttrs.cpp.inc"
#define GET_OP_CLASSES
#include "dialects/spec/SpecOps.cpp.inc"

void SpecDialect::initialize() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/spec/SpecTypes.cpp.inc"
      >();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/spec/SpecAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/spec/SpecOps.cpp.inc"
      >();
}

void SpecDialect::enableCompletion() { completion = std::make_shared<Completion>(); }

LogicalResult ModelOp::verify() {
  auto *dialect = cast<SpecDialect>((*this)->getDialect());
  return dialect->getModelCheck() ? dialect->getModelCheck()(*this) : success();
}

// The parser keeps a reference to the hook beyond the call, so the lambda captures nothing.
static ParseResult parseUnknownOp(OpAsmParser &parser, OperationState &result) {
  Builder &builder = parser.getBuilder();
  StringAttr name = builder.getStringAttr(result.name.stripDialect());
  result.name = OperationName(UnknownOp::getOperationName(), parser.getContext());

  std::string text;
  StringAttr symbol;
  (void)parser.parseOptionalString(&text);
  (void)parser.parseOptionalSymbolName(symbol);
  SmallVector<OpAsmParser::UnresolvedOperand> operands;
  ArrayAttr clauses;
  if (parser.parseOperandList(operands, OpAsmParser::Delimiter::OptionalParen))
    return failure();
  SmallVector<Type> results;
  if (parseLayer(parser, operands, clauses, results) ||
      parser.resolveOperands(operands, ValueType::get(parser.getContext()), result.operands))
    return failure();
  result.addAttribute(UnknownOp::getNameAttrName(result.name), name);
  result.addAttribute(UnknownOp::getClausesAttrName(result.name), clauses);
  result.addTypes(results);
  return success();
}

std::optional<Dialect::ParseOpHook> SpecDialect::getParseOperationHook(StringRef) const {
  return [](OpAsmParser &parser, OperationState &result) { return parseUnknownOp(parser, result); };
}
