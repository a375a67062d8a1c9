// The grammar that all layer ops share, and the other custom pieces of the ops' text.
#include "dialects/spec/Completion.h"
#include "dialects/spec/Syntax.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace rondo::spec;

const ClauseInfo *Signature::find(StringRef clause) const {
  const ClauseInfo *found =
      llvm::find_if(clauses, [&](const ClauseInfo &info) { return info.name == clause; });
  return found == clauses.end() ? nullptr : found;
}

ClauseAttr rondo::spec::findClause(ArrayAttr clauses, StringRef name) {
  for (ClauseAttr clause : clauses.getAsRange<ClauseAttr>())
    if (clause.getName() == name)
      return clause;
  return {};
}

OperandRange rondo::spec::leadingOperands(OperandRange operands, ArrayAttr clauses) {
  unsigned inClauses = 0;
  for (ClauseAttr clause : clauses.getAsRange<ClauseAttr>())
    inClauses += llvm::count_if(clause.getArgs(), [](ExprAttr arg) { return arg.is(ExprKind::Operand); });
  return operands.drop_back(inClauses);
}

//===--- clauses
//-----------------------------------------------------------------------------------------------===//

// True if a clause starts at the cursor: a word without a dot, because words with dots are ops.
static bool atClause(OpAsmParser &parser) {
  const char *cursor = parser.getCurrentLocation().getPointer();
  if (!llvm::isAlpha(*cursor) && *cursor != '_')
    return false;
  while (llvm::isAlnum(*cursor) || *cursor == '_')
    ++cursor;
  return *cursor != '.' && *cursor != '$';
}

static ParseResult parseClauseArguments(OpAsmParser &parser, SmallVectorImpl<ExprAttr> &args,
                                        SmallVectorImpl<OpAsmParser::UnresolvedOperand> *operands,
                                        ArrayRef<StringRef> words) {
  if (failed(parser.parseOptionalLParen()) || succeeded(parser.parseOptionalRParen()))
    return success();
  do {
    if (parseExpression(parser, args.emplace_back(), operands, words))
      return failure();
  } while (succeeded(parser.parseOptionalComma()));
  return parser.parseRParen();
}

static ParseResult parseClauses(OpAsmParser &parser, ArrayAttr &clauses,
                                SmallVectorImpl<OpAsmParser::UnresolvedOperand> *operands) {
  Completion *completion = completionOf(parser);
  const Signature *signature = completion ? signatureOf(parser) : nullptr;
  SmallVector<StringRef> known, words;
  if (signature)
    for (const ClauseInfo &info : signature->clauses)
      known.push_back(info.name);
  SmallVector<Attribute> parsed;
  while (true) {
    LocationAttr loc = parser.getEncodedSourceLoc(parser.getCurrentLocation());
    StringRef name;
    if (!readOneOf(parser, known, name)) {
      if (!atClause(parser))
        break;
      if (failed(parser.parseOptionalKeyword(&name)))
        return parser.emitError(parser.getCurrentLocation(), "expected a clause or the next op");
    }
    if (completion)
      words = completion->expressionWords(signature ? signature->find(name) : nullptr);
    SmallVector<ExprAttr> args;
    if (parseClauseArguments(parser, args, operands, words))
      return failure();
    parsed.push_back(ClauseAttr::get(parser.getContext(), name, args, loc));
  }
  clauses = parser.getBuilder().getArrayAttr(parsed);
  return success();
}

static void printClauses(OpAsmPrinter &printer, Operation *op, ArrayAttr clauses) {
  auto printOperand = [&](unsigned i) { printer.printOperand(op->getOperand(i)); };
  auto printClause = [&](ClauseAttr clause) {
    printer << clause.getName();
    if (clause.getArgs().empty())
      return;
    printer << '(';
    llvm::interleaveComma(clause.getArgs(), printer,
                          [&](ExprAttr arg) { printExpression(printer.getStream(), arg, printOperand); });
    printer << ')';
  };
  llvm::interleave(clauses.getAsRange<ClauseAttr>(), printer, printClause, " ");
}

Attribute ClauseAttr::parse(AsmParser &parser, Type) {
  StringRef name;
  SmallVector<ExprAttr> args;
  LocationAttr loc = parser.getEncodedSourceLoc(parser.getCurrentLocation());
  auto parseArg = [&]() -> ParseResult { return parseExpression(parser, args.emplace_back()); };
  if (parser.parseLess() || parser.parseKeyword(&name) ||
      parser.parseCommaSeparatedList(AsmParser::Delimiter::OptionalParen, parseArg) || parser.parseGreater())
    return {};
  return get(parser.getContext(), name, args, loc);
}
void ClauseAttr::print(AsmPrinter &printer) const {
  printer << '<' << getName();
  if (!getArgs().empty()) {
    printer << '(';
    llvm::interleaveComma(getArgs(), printer,
                          [&](ExprAttr arg) { printExpression(printer.getStream(), arg); });
    printer << ')';
  }
  printer << '>';
}

//===--- layers and calls
//--------------------------------------------------------------------------------------===//

// The result count is what the author wrote on the left; without names an op has one result.
static void addResults(OpAsmParser &parser, SmallVectorImpl<Type> &results) {
  results.append(std::max<size_t>(parser.getNumResults(), 1), ValueType::get(parser.getContext()));
}

ParseResult rondo::spec::parseLayer(OpAsmParser &parser,
                                    SmallVectorImpl<OpAsmParser::UnresolvedOperand> &operands,
                                    ArrayAttr &clauses, SmallVectorImpl<Type> &results) {
  addResults(parser, results);
  return failure(parser.parseOperandList(operands) || parseClauses(parser, clauses, &operands));
}

void rondo::spec::printLayer(OpAsmPrinter &printer, Operation *op, OperandRange operands, ArrayAttr clauses,
                             TypeRange) {
  OperandRange leading = leadingOperands(operands, clauses);
  printer << leading << (leading.empty() || clauses.empty() ? "" : " ");
  printClauses(printer, op, clauses);
}

ParseResult rondo::spec::parseArguments(OpAsmParser &parser,
                                        SmallVectorImpl<OpAsmParser::UnresolvedOperand> &operands) {
  return parser.parseOperandList(operands, OpAsmParser::Delimiter::Paren);
}
void rondo::spec::printArguments(OpAsmPrinter &printer, Operation *, OperandRange operands) {
  printer << '(' << operands << ')';
}

ParseResult rondo::spec::parseCallClauses(OpAsmParser &parser, ArrayAttr &clauses,
                                          SmallVectorImpl<Type> &results) {
  addResults(parser, results);
  return parseClauses(parser, clauses, nullptr);
}
void rondo::spec::printCallClauses(OpAsmPrinter &printer, Operation *op, ArrayAttr clauses, TypeRange) {
  printClauses(printer, op, clauses);
}

//===--- hyper-parameters, presets, blocks
//---------------------------------------------------------------------===//

ParseResult rondo::spec::parseExpr(OpAsmParser &parser, ExprAttr &expr) {
  SmallVector<StringRef> words;
  if (Completion *completion = completionOf(parser))
    words = completion->expressionWords(nullptr);
  return parseExpression(parser, expr, nullptr, words);
}
void rondo::spec::printExpr(OpAsmPrinter &printer, Operation *, ExprAttr expr) {
  printExpression(printer.getStream(), expr);
}

ParseResult rondo::spec::parseModelName(OpAsmParser &parser, StringAttr &name) {
  if (Completion *completion = completionOf(parser))
    completion->begin();
  return parser.parseSymbolName(name);
}
void rondo::spec::printModelName(OpAsmPrinter &printer, Operation *, StringAttr name) {
  printer.printSymbolName(name);
}

ParseResult rondo::spec::parseHyperName(OpAsmParser &parser, StringAttr &name) {
  if (parser.parseSymbolName(name))
    return failure();
  if (Completion *completion = completionOf(parser))
    completion->addHyper(name);
  return success();
}
void rondo::spec::printHyperName(OpAsmPrinter &printer, Operation *, StringAttr name) {
  printer.printSymbolName(name);
}

ParseResult rondo::spec::parseCallee(OpAsmParser &parser, StringAttr &name) {
  StringRef none; // a symbol is no keyword: nothing is read here
  if (Completion *completion = completionOf(parser))
    (void)readOneOf(parser, completion->blockNames(), none);
  return parser.parseSymbolName(name);
}
void rondo::spec::printCallee(OpAsmPrinter &printer, Operation *, StringAttr name) {
  printer.printSymbolName(name);
}

ParseResult rondo::spec::parsePresetValues(OpAsmParser &parser, ArrayAttr &values) {
  SmallVector<StringRef> names;
  if (Completion *completion = completionOf(parser))
    names = completion->presetNames();
  SmallVector<Attribute> parsed;
  auto parseValue = [&]() -> ParseResult {
    ExprAttr value;
    SMLoc at = parser.getCurrentLocation();
    if (parseExpression(parser, value, nullptr, names))
      return failure();
    if (!value.is(ExprKind::Named))
      return parser.emitError(at, "expected name = value");
    parsed.push_back(value);
    return success();
  };
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::Braces, parseValue))
    return failure();
  values = parser.getBuilder().getArrayAttr(parsed);
  return success();
}
void rondo::spec::printPresetValues(OpAsmPrinter &printer, Operation *, ArrayAttr values) {
  printer << "{ ";
  llvm::interleaveComma(values.getAsRange<ExprAttr>(), printer,
                        [&](ExprAttr value) { printExpression(printer.getStream(), value); });
  printer << " }";
}

ParseResult BlockOp::parse(OpAsmParser &parser, OperationState &result) {
  StringAttr name;
  SmallVector<OpAsmParser::Argument> params;
  if (parser.parseSymbolName(name, getSymNameAttrName(result.name), result.attributes) ||
      parser.parseArgumentList(params, OpAsmParser::Delimiter::Paren))
    return failure();
  for (OpAsmParser::Argument &param : params)
    param.type = ValueType::get(parser.getContext());
  if (Completion *completion = completionOf(parser))
    completion->addBlock(name);
  Region *body = result.addRegion();
  if (parser.parseRegion(*body, params, /*enableNameShadowing=*/true))
    return failure();
  if (body->empty()) { // `{}` leaves no block
    Block &block = body->emplaceBlock();
    for (OpAsmParser::Argument &param : params)
      block.addArgument(param.type,
                        param.sourceLoc.value_or(parser.getEncodedSourceLoc(param.ssaName.location)));
  }
  return parser.parseOptionalAttrDict(result.attributes);
}
void BlockOp::print(OpAsmPrinter &printer) {
  printer << ' ';
  printer.printSymbolName(getSymName());
  printer << '(';
  llvm::interleaveComma(getBody().getArguments(), printer,
                        [&](BlockArgument param) { printer.printOperand(param); });
  printer << ") ";
  printer.printRegion(getBody(), /*printEntryBlockArgs=*/false);
  printer.printOptionalAttrDict((*this)->getAttrs(), {getSymNameAttrName()});
}
