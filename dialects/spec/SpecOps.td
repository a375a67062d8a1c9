// The frame of a spec: the model, its hyper-parameters, blocks and presets, inputs and outputs.
#ifndef RONDO_DIALECTS_SPEC_SPECOPS_TD
#define RONDO_DIALECTS_SPEC_SPECOPS_TD

include "dialects/spec/LayerOps.td"
include "mlir/IR/RegionKindInterface.td"

def Spec_ModelOp : Spec_Op<"model", [NoTerminator, NoRegionArguments, SingleBlock, HasOnlyGraphRegion]> {
  let summary = "a model: everything that a spec file says";
  let description = [{
    Example:
    ```mlir
    spec.model @bigram {
      spec.hyper @vocab = 256
      %tokens = spec.input "tokens" tokens(@vocab)
      %x = spec.embedding %tokens to(64) weight("embed_tokens.weight")
      %logits = spec.linear %x to(@vocab) weight("output_projection.weight")
      spec.output "logits" %logits
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "custom<ModelName>($sym_name) attr-dict-with-keyword $body";
  let hasVerifier = 1;
}

def Spec_HyperOp : Spec_Op<"hyper", [HasParent<"ModelOp">]> {
  let summary = "a hyper-parameter: default and inclusive range";
  let description = [{
    `-D name=value` and presets set it. The default may use hyper-parameters that stand above it.

    Example:
    ```mlir
    spec.hyper @ffn_width = 2 * @width in [1, 65536]
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, Spec_ExprAttr:$value, OptionalAttr<Spec_ExprAttr>:$low,
      OptionalAttr<Spec_ExprAttr>:$high);
  let assemblyFormat = [{
    custom<HyperName>($sym_name) `=` custom<Expr>($value) (`in` ` ` `[` custom<Expr>($low)^ `,` custom<Expr>($high) `]`)? attr-dict
  }];
}

def Spec_RequireOp : Spec_Op<"require", [HasParent<"ModelOp">]> {
  let summary = "a condition on hyper-parameters, with the message for those who break it";
  let description = [{
    Comparisons are `==`, `<`, `<=`, `>`, `>=`, joined by `and`, `or`.

    Example:
    ```mlir
    spec.require @width mod @heads == 0, "heads must divide the model width"
    ```
  }];
  let arguments = (ins Spec_ExprAttr:$condition, StrAttr:$message);
  let assemblyFormat = "custom<Expr>($condition) `,` $message attr-dict";
}

def Spec_PresetOp : Spec_Op<"preset", [HasParent<"ModelOp">]> {
  let summary = "named values of hyper-parameters: --preset NAME";
  let description = [{
    Example:
    ```mlir
    spec.preset "tiny" { vocab = 256, width = 64, layers = 2 }
    ```
  }];
  let arguments = (ins StrAttr:$name, Spec_ExprsAttr:$values);
  let assemblyFormat = "$name custom<PresetValues>($values) attr-dict";
}

def Spec_BlockOp : Spec_Op<"block", [HasParent<"ModelOp">, IsolatedFromAbove, NoTerminator, SingleBlock,
                                     HasOnlyGraphRegion]> {
  let summary = "a part of the model that is called or repeated";
  let description = [{
    Parameters are values; the last op is `spec.yield`. Weight names inside are suffixes: the caller adds its prefix.

    Example:
    ```mlir
    spec.block @ffn(%x) {
      %h = spec.linear %x to(128) act(gelu) weight("fc1.weight")
      %y = spec.linear %h to(64) weight("fc2.weight") residual(%x)
      spec.yield %y
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name);
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
}

def Spec_YieldOp : Spec_Op<"yield", [HasParent<"BlockOp">]> {
  let summary = "what a block gives back";
  let arguments = (ins Variadic<Spec_Value>:$values);
  let assemblyFormat = "$values attr-dict";
}

class Spec_BlockUserOp<string mnemonic> : Spec_Op<mnemonic, [Spec_Layer]> {
  let arguments = (ins SymbolNameAttr:$callee, Variadic<Spec_Value>:$operands, Spec_ClausesAttr:$clauses);
  let results = (outs Variadic<Spec_Value>:$results);
  let assemblyFormat = "custom<Callee>($callee) `` custom<Arguments>($operands) custom<CallClauses>($clauses, type($results)) attr-dict";
}

def Spec_CallOp : Spec_BlockUserOp<"call"> {
  let summary = "one instance of a block";
  let description = [{
    `names("encoder.")` is the prefix of the instance's weights.

    Example:
    ```mlir
    %y = spec.call @ffn(%x) names("ffn.")
    ```
  }];
}

def Spec_RepeatOp : Spec_BlockUserOp<"repeat"> {
  let summary = "a chain of equal instances of a block";
  let description = [{
    What an instance yields goes into the first parameters of the next; the remaining arguments are the same for all.
    In `names` the text `{layer}` is the instance's number, and so is `layer` in expressions of the block.

    Example:
    ```mlir
    %h = spec.repeat @layer(%e) times(@layers) names("layers.{layer}.")
    ```
  }];
}

def Spec_InputOp : Spec_Op<"input", [HasParent<"ModelOp">, Spec_Layer]> {
  let summary = "an input of the model, by the name under which callers give it";
  let description = [{
    - `tokens(N)`: token ids below N, `[B, T]`; with `text`, tokens 0 to 255 are bytes of text.
    - `flags`: 0 or 1, `[B, T]`, zeros if absent: marks the first token of a document.
    - `heads(H)` and `width(W)`: numbers, `[B, T, H, W]`, `[B, T, W]` or `[B, T, H]`.

    Example:
    ```mlir
    %q = spec.input "q" heads(4) width(16)
    ```
  }];
  let arguments = (ins StrAttr:$name, Variadic<Spec_Value>:$operands, Spec_ClausesAttr:$clauses);
  let results = (outs Variadic<Spec_Value>:$results);
  let assemblyFormat = "$name custom<Layer>($operands, $clauses, type($results)) attr-dict";
}

def Spec_OutputOp : Spec_Op<"output", [HasParent<"ModelOp">]> {
  let summary = "a result of the model, by name";
  let description = [{
    Example:
    ```mlir
    spec.output "logits" %logits
    ```
  }];
  let arguments = (ins StrAttr:$name, Spec_Value:$value);
  let assemblyFormat = "$name $value attr-dict";
}

def Spec_UnknownOp : Spec_Op<"unknown"> {
  let summary = "an op whose name the language does not have";
  let description = [{
    Made by the parser, so that `rondo-check-spec` can report it together with all other errors.
  }];
  let arguments = (ins StrAttr:$name, Variadic<Spec_Value>:$operands, Spec_ClausesAttr:$clauses);
  let results = (outs Variadic<Spec_Value>:$results);
  let assemblyFormat = "$name custom<Layer>($operands, $clauses, type($results)) attr-dict";
}

def Spec_UndefinedOp : Spec_Op<"undefined"> {
  let summary = "a value that is used but never defined";
  let description = [{
    Made by the loader for names without a definition, so that `rondo-check-spec` can report each use together with all
    other errors.
  }];
  let arguments = (ins StrAttr:$name);
  let results = (outs Spec_Value:$result);
  let assemblyFormat = "$name attr-dict";
}

#endif
