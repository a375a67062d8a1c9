// The custom pieces of the ops' assembly formats. Internal to the dialect.
#pragma once

#include "dialects/spec/Spec.h"

namespace rondo::spec {

// One expression. `operands` collects the values that it names (`%x`); null where values are not allowed.
// `words` are what an editor may offer wherever a term may begin.
mlir::ParseResult
parseExpression(mlir::AsmParser &parser, ExprAttr &expr,
                llvm::SmallVectorImpl<mlir::OpAsmParser::UnresolvedOperand> *operands = nullptr,
                llvm::ArrayRef<llvm::StringRef> words = {});
// `printOperand` prints operand i; without it, operands print as `operand(i)`.
void printExpression(llvm::raw_ostream &os, ExprAttr expr,
                     llvm::function_ref<void(unsigned)> printOperand = {});

// custom<Expr>
mlir::ParseResult parseExpr(mlir::OpAsmParser &parser, ExprAttr &expr);
void printExpr(mlir::OpAsmPrinter &printer, mlir::Operation *op, ExprAttr expr);

// custom<ModelName>, custom<HyperName>, custom<Callee>: @name, kept or offered for completion
mlir::ParseResult parseModelName(mlir::OpAsmParser &parser, mlir::StringAttr &name);
void printModelName(mlir::OpAsmPrinter &printer, mlir::Operation *op, mlir::StringAttr name);
mlir::ParseResult parseHyperName(mlir::OpAsmParser &parser, mlir::StringAttr &name);
void printHyperName(mlir::OpAsmPrinter &printer, mlir::Operation *op, mlir::StringAttr name);
mlir::ParseResult parseCallee(mlir::OpAsmParser &parser, mlir::StringAttr &name);
void printCallee(mlir::OpAsmPrinter &printer, mlir::Operation *op, mlir::StringAttr name);

// custom<PresetValues>: { name = expression, ... }
mlir::ParseResult parsePresetValues(mlir::OpAsmParser &parser, mlir::ArrayAttr &values);
void printPresetValues(mlir::OpAsmPrinter &printer, mlir::Operation *op, mlir::ArrayAttr values);

// custom<Layer>: %operands clause(...) clause(...), as many results as the left-hand side names
mlir::ParseResult parseLayer(mlir::OpAsmParser &parser,
                             llvm::SmallVectorImpl<mlir::OpAsmParser::UnresolvedOperand> &operands,
                             mlir::ArrayAttr &clauses, llvm::SmallVectorImpl<mlir::Type> &results);
void printLayer(mlir::OpAsmPrinter &printer, mlir::Operation *op, mlir::OperandRange operands,
                mlir::ArrayAttr clauses, mlir::TypeRange results);

// custom<Arguments>: (%a, %b)
mlir::ParseResult parseArguments(mlir::OpAsmParser &parser,
                                 llvm::SmallVectorImpl<mlir::OpAsmParser::UnresolvedOperand> &operands);
void printArguments(mlir::OpAsmPrinter &printer, mlir::Operation *op, mlir::OperandRange operands);

// custom<CallClauses>: clauses without values
mlir::ParseResult parseCallClauses(mlir::OpAsmParser &parser, mlir::ArrayAttr &clauses,
                                   llvm::SmallVectorImpl<mlir::Type> &results);
void printCallClauses(mlir::OpAsmPrinter &printer, mlir::Operation *op, mlir::ArrayAttr clauses,
                      mlir::TypeRange results);

} // namespace rondo::spec
