// Text of expressions: a recursive-descent parser of bounded depth, and the printer that it reads back.
#include "dialects/spec/Completion.h"
#include "dialects/spec/Syntax.h"

#include "llvm/ADT/StringExtras.h"

#include <cmath>

using namespace mlir;
using namespace rondo::spec;

ExprAttr ExprAttr::number(double value, LocationAttr loc) {
  Builder builder(loc.getContext());
  return get(loc.getContext(), ExprKind::Number, builder.getF64FloatAttr(value), {}, loc);
}
ExprAttr ExprAttr::text(ExprKind kind, StringRef text, LocationAttr loc) { return node(kind, text, {}, loc); }
ExprAttr ExprAttr::operand(unsigned index, LocationAttr loc) {
  Builder builder(loc.getContext());
  return get(loc.getContext(), ExprKind::Operand, builder.getIndexAttr(index), {}, loc);
}
ExprAttr ExprAttr::node(ExprKind kind, StringRef text, ArrayRef<Attribute> args, LocationAttr loc) {
  return get(loc.getContext(), kind, StringAttr::get(loc.getContext(), text), args, loc);
}
double ExprAttr::getNumber() const { return cast<FloatAttr>(getValue()).getValueAsDouble(); }
unsigned ExprAttr::getOperandIndex() const { return cast<IntegerAttr>(getValue()).getInt(); }
StringRef ExprAttr::getText() const { return cast<StringAttr>(getValue()).getValue(); }
std::string ExprAttr::str() const {
  std::string text;
  llvm::raw_string_ostream os(text);
  printExpression(os, *this);
  return text;
}

//===--- parsing
//-----------------------------------------------------------------------------------------------===//

namespace {
// expression := and-terms joined by `or`; and so on down to numbers, with the usual precedence.
class ExpressionParser {
public:
  using Operands = SmallVectorImpl<OpAsmParser::UnresolvedOperand>;
  ExpressionParser(AsmParser &parser, Operands *operands, ArrayRef<StringRef> words)
      : parser(parser), operands(operands), words(words) {}

  ParseResult parse(ExprAttr &expr) { return binary(expr, 0); }

private:
  // Reads an operator of precedence `level`; empty if there is none.
  ParseResult matchOperator(unsigned level, StringRef &op);
  ParseResult binary(ExprAttr &expr, unsigned level);
  ParseResult unary(ExprAttr &expr);
  ParseResult primary(ExprAttr &expr, LocationAttr loc);
  ParseResult word(ExprAttr &expr, LocationAttr loc, StringRef text);
  ParseResult list(SmallVectorImpl<Attribute> &items, function_ref<bool()> close);
  ParseResult number(ExprAttr &expr, LocationAttr loc);
  LocationAttr here() { return parser.getEncodedSourceLoc(parser.getCurrentLocation()); }

  AsmParser &parser;
  Operands *operands;
  ArrayRef<StringRef> words;
  unsigned depth = 0;
};
} // namespace

constexpr unsigned kLevels = 5;

ParseResult ExpressionParser::matchOperator(unsigned level, StringRef &op) {
  auto keyword = [&](StringRef word) { return succeeded(parser.parseOptionalKeyword(word)); };
  op = "";
  switch (level) {
  case 0:
    op = keyword("or") ? "or" : "";
    break;
  case 1:
    op = keyword("and") ? "and" : "";
    break;
  case 2:
    if (succeeded(parser.parseOptionalLess()))
      op = succeeded(parser.parseOptionalEqual()) ? "<=" : "<";
    else if (succeeded(parser.parseOptionalGreater()))
      op = succeeded(parser.parseOptionalEqual()) ? ">=" : ">";
    else if (succeeded(parser.parseOptionalEqual())) // a named argument's single `=` is read in word()
      return op = "==", parser.parseEqual();
    break;
  case 3:
    op = succeeded(parser.parseOptionalPlus()) ? "+" : succeeded(parser.parseOptionalMinus()) ? "-" : "";
    break;
  default:
    op = succeeded(parser.parseOptionalStar())    ? "*"
         : succeeded(parser.parseOptionalSlash()) ? "/"
         : keyword("mod")                         ? "mod"
         : keyword("floordiv")                    ? "floordiv"
                                                  : "";
  }
  return success();
}

ParseResult ExpressionParser::binary(ExprAttr &expr, unsigned level) {
  if (level == kLevels)
    return unary(expr);
  LocationAttr loc = here();
  if (binary(expr, level + 1))
    return failure();
  // Left-associative; the length of a chain is bounded like its depth, because later passes recurse over it.
  for (unsigned chain = 0;; ++chain) {
    StringRef op;
    ExprAttr rhs;
    if (matchOperator(level, op))
      return failure();
    if (op.empty())
      return success();
    if (chain == kMaxDepth)
      return parser.emitError(parser.getCurrentLocation(), "expected at most ")
             << kMaxDepth << " terms in one chain";
    if (binary(rhs, level + 1))
      return failure();
    expr = ExprAttr::node(ExprKind::Apply, op, {expr, rhs}, loc);
  }
}

ParseResult ExpressionParser::unary(ExprAttr &expr) {
  if (++depth > kMaxDepth)
    return parser.emitError(parser.getCurrentLocation(), "expected an expression nested at most ")
           << kMaxDepth << " deep [RND1001]";
  LocationAttr loc = here();
  ParseResult result = success();
  if (succeeded(parser.parseOptionalMinus())) {
    ExprAttr arg;
    result = unary(arg);
    if (succeeded(result))
      expr = ExprAttr::node(ExprKind::Apply, "-", {arg}, loc);
  } else {
    result = primary(expr, loc);
  }
  --depth;
  return result;
}

ParseResult ExpressionParser::primary(ExprAttr &expr, LocationAttr loc) {
  if (succeeded(parser.parseOptionalLParen()))
    return failure(parse(expr) || parser.parseRParen());
  if (succeeded(parser.parseOptionalLSquare())) {
    SmallVector<Attribute> items;
    if (list(items, [&] { return succeeded(parser.parseOptionalRSquare()); }))
      return failure();
    expr = ExprAttr::node(ExprKind::List, "", items, loc);
    return success();
  }
  StringRef text;
  if (readOneOf(parser, words, text))
    return word(expr, loc, text);
  StringAttr symbol;
  if (succeeded(parser.parseOptionalSymbolName(symbol))) {
    expr = ExprAttr::text(ExprKind::Hyper, symbol.getValue(), loc);
    return success();
  }
  std::string string;
  if (succeeded(parser.parseOptionalString(&string))) {
    expr = ExprAttr::text(ExprKind::String, string, loc);
    return success();
  }
  if (operands) {
    OpAsmParser::UnresolvedOperand operand;
    OptionalParseResult parsed = static_cast<OpAsmParser &>(parser).parseOptionalOperand(operand);
    if (parsed.has_value()) {
      expr = ExprAttr::operand(operands->size(), loc);
      operands->push_back(operand);
      return *parsed;
    }
  }
  if (succeeded(parser.parseOptionalKeyword(&text)))
    return word(expr, loc, text);
  return number(expr, loc);
}

// `head`, `pow(a, b)`, `gain = a`.
ParseResult ExpressionParser::word(ExprAttr &expr, LocationAttr loc, StringRef text) {
  // or(a) would be an operator that lacks an operand.
  if (llvm::is_contained({"or", "and", "mod", "floordiv"}, text))
    return parser.emitError(parser.getCurrentLocation(), "expected an expression, found the operator '")
           << text << "'";
  if (succeeded(parser.parseOptionalLParen())) {
    SmallVector<Attribute> args;
    if (list(args, [&] { return succeeded(parser.parseOptionalRParen()); }))
      return failure();
    expr = ExprAttr::node(ExprKind::Apply, text, args, loc);
    return success();
  }
  if (succeeded(parser.parseOptionalEqual())) {
    ExprAttr value;
    if (succeeded(parser.parseOptionalEqual())) { // word == value, a comparison
      if (binary(value, 3))
        return failure();
      expr = ExprAttr::node(ExprKind::Apply, "==", {ExprAttr::text(ExprKind::Word, text, loc), value}, loc);
      return success();
    }
    if (parse(value))
      return failure();
    expr = ExprAttr::node(ExprKind::Named, text, {value}, loc);
    return success();
  }
  expr = ExprAttr::text(ExprKind::Word, text, loc);
  return success();
}

ParseResult ExpressionParser::list(SmallVectorImpl<Attribute> &items, function_ref<bool()> close) {
  if (close())
    return success();
  do {
    ExprAttr item;
    if (parse(item))
      return failure();
    items.push_back(item);
  } while (succeeded(parser.parseOptionalComma()));
  return close() ? success()
                 : ParseResult(
                       parser.emitError(parser.getCurrentLocation(), "expected ',' or the closing bracket"));
}

// MLIR has no token for `1e-6`: it reads `1`, `e`, `-`, `6`. The characters say whether that is what stands
// here, and then the tokens are taken one by one.
ParseResult ExpressionParser::number(ExprAttr &expr, LocationAttr loc) {
  SMLoc start = parser.getCurrentLocation();
  const char *cursor = start.getPointer();
  if (!llvm::isDigit(*cursor))
    return parser.emitError(start, "expected an expression");
  while (llvm::isDigit(*cursor))
    ++cursor;
  if (*cursor == '.') {
    double value;
    if (parser.parseFloat(value))
      return failure();
    expr = ExprAttr::number(value, loc);
    return success();
  }
  const char *end = cursor;
  bool sign = false;
  if (*cursor == 'e' || *cursor == 'E') {
    sign = cursor[1] == '-' || cursor[1] == '+';
    const char *digits = cursor + 1 + sign;
    for (end = digits; llvm::isDigit(*end); ++end)
      ;
    if (end == digits)
      return parser.emitError(start, "expected digits after the exponent sign");
  }
  APInt integer;
  StringRef exponent;
  OptionalParseResult parsed = parser.parseOptionalDecimalInteger(integer);
  if (!parsed.has_value() || *parsed)
    return parser.emitError(start, "expected an expression");
  if (end != cursor) {
    if (parser.parseKeyword(&exponent))
      return failure();
    if (sign) {
      if (failed(parser.parseOptionalMinus()) && failed(parser.parseOptionalPlus()))
        return failure();
      if (parsed = parser.parseOptionalDecimalInteger(integer); !parsed.has_value() || *parsed)
        return parser.emitError(start, "expected digits after the exponent sign");
    }
  }
  double value;
  if (StringRef(start.getPointer(), end - start.getPointer()).getAsDouble(value) || !std::isfinite(value))
    return parser.emitError(start, "expected a number that a double can hold");
  expr = ExprAttr::number(value, loc);
  return success();
}

ParseResult rondo::spec::parseExpression(AsmParser &parser, ExprAttr &expr,
                                         SmallVectorImpl<OpAsmParser::UnresolvedOperand> *operands,
                                         ArrayRef<StringRef> words) {
  return ExpressionParser(parser, operands, words).parse(expr);
}

//===--- printing
//----------------------------------------------------------------------------------------------===//

static unsigned precedence(ExprAttr expr) {
  if (!expr.is(ExprKind::Apply))
    return kLevels + 1;
  if (expr.size() == 1 && expr.getText() == "-")
    return kLevels;
  return llvm::StringSwitch<unsigned>(expr.getText())
      .Case("or", 0)
      .Case("and", 1)
      .Cases({"<", "<=", ">", ">=", "=="}, 2)
      .Cases({"+", "-"}, 3)
      .Cases({"*", "/", "mod", "floordiv"}, 4)
      .Default(kLevels + 1);
}

static void printNumber(raw_ostream &os, double value) {
  if (value == std::floor(value) && std::abs(value) < 1e15) {
    os << static_cast<int64_t>(value);
    return;
  }
  // The shortest decimal that reads back as the same double.
  char text[32];
  for (int digits = 6; digits <= 17; ++digits) {
    snprintf(text, sizeof text, "%.*g", digits, value);
    if (strtod(text, nullptr) == value)
      break;
  }
  os << text;
}

void rondo::spec::printExpression(raw_ostream &os, ExprAttr expr, function_ref<void(unsigned)> printOperand) {
  auto nested = [&](ExprAttr arg, unsigned atLeast) {
    bool parens = precedence(arg) < atLeast;
    os << (parens ? "(" : "");
    printExpression(os, arg, printOperand);
    os << (parens ? ")" : "");
  };
  auto items = [&](StringRef open, StringRef close) {
    os << open;
    llvm::interleaveComma(expr.getArgs(), os,
                          [&](Attribute arg) { printExpression(os, cast<ExprAttr>(arg), printOperand); });
    os << close;
  };
  switch (expr.getKind()) {
  case ExprKind::Number:
    return printNumber(os, expr.getNumber());
  case ExprKind::String:
    os << '"';
    llvm::printEscapedString(expr.getText(), os);
    os << '"';
    return;
  case ExprKind::Word:
    os << expr.getText();
    return;
  case ExprKind::Hyper:
    os << '@' << expr.getText();
    return;
  case ExprKind::Operand:
    if (printOperand)
      return printOperand(expr.getOperandIndex());
    os << "operand(" << expr.getOperandIndex() << ')';
    return;
  case ExprKind::List:
    return items("[", "]");
  case ExprKind::Named:
    os << expr.getText() << " = ";
    return printExpression(os, expr[0], printOperand);
  case ExprKind::Apply:
    break;
  }
  unsigned level = precedence(expr);
  if (level > kLevels) {
    os << expr.getText();
    return items("(", ")");
  }
  if (level == kLevels) {
    os << '-';
    return nested(expr[0], level);
  }
  nested(expr[0], level);
  os << ' ' << expr.getText() << ' ';
  nested(expr[1], level + 1);
}

Attribute ExprAttr::parse(AsmParser &parser, Type) {
  ExprAttr expr;
  if (parser.parseLess() || parseExpression(parser, expr) || parser.parseGreater())
    return {};
  return expr;
}
void ExprAttr::print(AsmPrinter &printer) const {
  printer << '<';
  printExpression(printer.getStream(), *this);
  printer << '>';
}
