// What model authors write: values without types, expressions over hyper-parameters, clauses.
#ifndef RONDO_DIALECTS_SPEC_SPECDIALECT_TD
#define RONDO_DIALECTS_SPEC_SPECDIALECT_TD

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"

def Spec_Dialect : Dialect {
  let name = "spec";
  let cppNamespace = "::rondo::spec";
  let summary = "The language in which model authors describe a model once";
  let description = [{
    A spec states hyper-parameters, blocks and the ops of one model over a whole sequence. Values carry no types in the
    text: shapes follow from hyper-parameters and from the ops. All layer ops share one grammar:

        %results = spec.op %operands  clause(argument, ...) clause(argument, ...) ...

    Clauses come in any order. An argument is an expression: numbers, `@hyper`, `head`, `layer`, `+ - * / mod floordiv`,
    `pow exp log log1p sqrt rsqrt min max`, strings, lists, `name = expression`, or a value (`%x`).

    Semantics are checked by `rondo-check-spec`, not by verifiers, so that one run reports every error.
  }];
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
  let extraClassDeclaration = [{
    // An op this dialect does not know is read with the grammar of all layer ops and becomes spec.unknown.
    std::optional<ParseOpHook> getParseOperationHook(::llvm::StringRef name) const override;

    // A check that the verifier of spec.model runs: editors set it to see semantic errors while the author types.
    using ModelCheck = ::llvm::LogicalResult (*)(::rondo::spec::ModelOp);
    void setModelCheck(ModelCheck check) { modelCheck = check; }
    ModelCheck getModelCheck() const { return modelCheck; }

    // Editors also want the words that may stand at the cursor: the parser then keeps the names it meets.
    void enableCompletion();
    ::rondo::spec::Completion *getCompletion() const { return completion.get(); }

  private:
    ModelCheck modelCheck = nullptr;
    std::shared_ptr<::rondo::spec::Completion> completion;

  public:
  }];
}

def Spec_ValueType : TypeDef<Spec_Dialect, "Value"> {
  let mnemonic = "value";
  let summary = "a value whose shape follows from the model";
}
def Spec_Value : Type<CPred<"::llvm::isa<::rondo::spec::ValueType>($_self)">, "a spec value">,
                 BuildableType<"$_builder.getType<::rondo::spec::ValueType>()">;

def Spec_ExprKind : I32EnumAttr<"ExprKind", "what a node of an expression is", [
    I32EnumAttrCase<"Number", 0, "number">,
    I32EnumAttrCase<"String", 1, "string">,
    I32EnumAttrCase<"Word", 2, "word">,         // head, layer, silu
    I32EnumAttrCase<"Hyper", 3, "hyper">,       // @width
    I32EnumAttrCase<"Operand", 4, "operand">,   // %x, kept as an index into the op's operands
    I32EnumAttrCase<"List", 5, "list">,         // [a, b]
    I32EnumAttrCase<"Apply", 6, "apply">,       // pow(a, b), a + b, a == b
    I32EnumAttrCase<"Named", 7, "named">]> {    // gain = a
  let cppNamespace = "::rondo::spec";
  let genSpecializedAttr = 0;
}

def Spec_ExprAttr : AttrDef<Spec_Dialect, "Expr"> {
  let mnemonic = "expr";
  let summary = "an expression, one node with its operands";
  let description = [{
    `value` is an f64 (number), an index (operand) or a string (everything else; the operator or function of apply).
    The location is that of the node in the author's text and is not printed.
  }];
  let parameters = (ins EnumParameter<Spec_ExprKind>:$kind, "::mlir::Attribute":$value,
      ArrayRefParameter<"::mlir::Attribute">:$args, "::mlir::LocationAttr":$loc);
  let hasCustomAssemblyFormat = 1;
  let extraClassDeclaration = [{
    static ExprAttr number(double value, ::mlir::LocationAttr loc);
    static ExprAttr text(ExprKind kind, ::llvm::StringRef text, ::mlir::LocationAttr loc);
    static ExprAttr operand(unsigned index, ::mlir::LocationAttr loc);
    static ExprAttr node(ExprKind kind, ::llvm::StringRef text, ::llvm::ArrayRef<::mlir::Attribute> args,
                         ::mlir::LocationAttr loc);

    bool is(ExprKind kind) const { return getKind() == kind; }
    bool isWord(::llvm::StringRef word) const { return is(ExprKind::Word) && getText() == word; }
    double getNumber() const;
    unsigned getOperandIndex() const;
    ::llvm::StringRef getText() const;
    size_t size() const { return getArgs().size(); }
    ExprAttr operator[](size_t i) const { return ::llvm::cast<ExprAttr>(getArgs()[i]); }
    // The expression as an author writes it; operands as `operand(i)`.
    std::string str() const;
  }];
}

def Spec_ClauseAttr : AttrDef<Spec_Dialect, "Clause"> {
  let mnemonic = "clause";
  let summary = "one clause of an op: a name and its arguments";
  let parameters = (ins StringRefParameter<"name">:$name, ArrayRefParameter<"::rondo::spec::ExprAttr">:$args,
      "::mlir::LocationAttr":$loc);
  let hasCustomAssemblyFormat = 1;
}
def Spec_ClausesAttr : TypedArrayAttrBase<Spec_ClauseAttr, "clauses in the order in which they are written">;
def Spec_ExprsAttr : TypedArrayAttrBase<Spec_ExprAttr, "expressions">;

class Spec_Op<string mnemonic, list<Trait> traits = []> : Op<Spec_Dialect, mnemonic, traits>;

#endif
