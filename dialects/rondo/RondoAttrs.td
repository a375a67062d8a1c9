// Attributes and enums of the typed graph.
#ifndef RONDO_DIALECTS_RONDO_RONDOATTRS_TD
#define RONDO_DIALECTS_RONDO_RONDOATTRS_TD

include "dialects/rondo/RondoDialect.td"

class Rondo_Enum<string name, string summary, list<I32EnumAttrCase> cases> : I32EnumAttr<name, summary, cases> {
  let cppNamespace = "::rondo";
  let genSpecializedAttr = 0;
}
class Rondo_EnumAttr<EnumAttrInfo info, string mnemonic> : EnumAttr<Rondo_Dialect, info, mnemonic>;

// ---- pointwise -----------------------------------------------------------------------------------------------
def Rondo_Activation : Rondo_Enum<"Activation", "pointwise non-linearity", [
    I32EnumAttrCase<"Silu", 0, "silu">,     // x sigmoid(x), "swish"
    I32EnumAttrCase<"Gelu", 1, "gelu">,     // x Phi(x), exact (erf)
    I32EnumAttrCase<"Relu", 2, "relu">,
    I32EnumAttrCase<"Sigmoid", 3, "sigmoid">,
    I32EnumAttrCase<"Tanh", 4, "tanh">]>;
def Rondo_ActivationAttr : Rondo_EnumAttr<Rondo_Activation, "activation">;

// ---- rotary --------------------------------------------------------------------------------------------------
def Rondo_Pairs : Rondo_Enum<"Pairs", "which lanes form a rotated pair", [
    I32EnumAttrCase<"Interleaved", 0, "interleaved">,   // (2i, 2i + 1): torchscale
    I32EnumAttrCase<"Halves", 1, "halves">]>;           // (i, i + d/2): flash-linear-attention
def Rondo_PairsAttr : Rondo_EnumAttr<Rondo_Pairs, "pairs">;

// ---- retention -----------------------------------------------------------------------------------------------
def Rondo_Form : Rondo_Enum<"Form", "how a sequence op walks its sequence", [
    I32EnumAttrCase<"Parallel", 0, "parallel">,
    I32EnumAttrCase<"Recurrent", 1, "recurrent">,
    I32EnumAttrCase<"Chunkwise", 2, "chunkwise">]>;

def Rondo_ScheduleAttr : AttrDef<Rondo_Dialect, "Schedule"> {
  let mnemonic = "schedule";
  let summary = "the chosen schedule of one sequence op";
  let description = [{
    `#rondo.schedule<chunkwise, 64>`; the chunk is 0 for the other forms. Set by `rondo-choose-schedule`.
  }];
  let parameters = (ins EnumParameter<Rondo_Form>:$form, DefaultValuedParameter<"int64_t", "0">:$chunk);
  let assemblyFormat = "`<` $form (`,` $chunk^)? `>`";
}

def Rondo_Direction : Rondo_Enum<"Direction", "which way retention runs", [
    I32EnumAttrCase<"Forward", 0, "forward">,
    I32EnumAttrCase<"Adjoint", 1, "adjoint">]>;
def Rondo_DirectionAttr : Rondo_EnumAttr<Rondo_Direction, "direction">;

def Rondo_RowScale : Rondo_Enum<"RowScale", "scaling of a retention output row before the head norm", [
    I32EnumAttrCase<"None", 0, "none">,
    I32EnumAttrCase<"TorchscaleRecurrent", 1, "torchscale_recurrent">,
    I32EnumAttrCase<"TorchscaleParallel", 2, "torchscale_parallel">]>;
def Rondo_RowScaleAttr : Rondo_EnumAttr<Rondo_RowScale, "row_scale">;

// ---- attention -----------------------------------------------------------------------------------------------
def Rondo_HeadOffsets : Rondo_Enum<"HeadOffsets", "which residue of a dilation a head sees", [
    I32EnumAttrCase<"Blocks", 0, "blocks">,     // floor(h / ceil(H / r)): torchscale
    I32EnumAttrCase<"Modulo", 1, "modulo">]>;   // h mod r: the paper

def Rondo_DilationAttr : AttrDef<Rondo_Dialect, "Dilation"> {
  let mnemonic = "dilation";
  let summary = "the patterns of dilated attention";
  let description = [{
    `#rondo.dilation<[2048, 4096], [1, 2], blocks>`: pattern p has segments of `segments[p]` tokens and ratio `ratios[p]`. The offset
    of head h of H under ratio r is floor(h / ceil(H / r)) (`blocks`) or h mod r (`modulo`).
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$segments, ArrayRefParameter<"int64_t">:$ratios,
      EnumParameter<Rondo_HeadOffsets>:$offsets);
  let assemblyFormat = "`<` `[` $segments `]` `,` `[` $ratios `]` `,` $offsets `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    int64_t getPatternCount() const { return static_cast<int64_t>(getSegments().size()); }
    /// The residue of positions within a segment that head `head` of `heads` sees under pattern `pattern`.
    int64_t getOffset(int64_t pattern, int64_t head, int64_t heads) const;
    /// Tokens of a segment of pattern `pattern` that any one head can see: ceil(w / r).
    int64_t getCapacity(int64_t pattern) const;
  }];
}

// ---- optimiser -----------------------------------------------------------------------------------------------
def Rondo_OptimizerRole : Rondo_Enum<"OptimizerRole", "what an optimiser tensor is", [
    I32EnumAttrCase<"FirstMoment", 0, "first_moment">,
    I32EnumAttrCase<"SecondMoment", 1, "second_moment">,
    I32EnumAttrCase<"Gradient", 2, "gradient">,          // of the micro-batches so far
    I32EnumAttrCase<"LossWeight", 3, "loss_weight">]>;   // of the micro-batches so far, a scalar
def Rondo_OptimizerRoleAttr : Rondo_EnumAttr<Rondo_OptimizerRole, "optimizer_role">;

// ---- states, parameters, entries -----------------------------------------------------------------------------
def Rondo_StateKind : Rondo_Enum<"StateKind", "how a state lives", [
    I32EnumAttrCase<"Carried", 0, "carried">,
    I32EnumAttrCase<"Growing", 1, "growing">, // a row per position: dimension 1 of a slot is how many it holds
    I32EnumAttrCase<"Context", 2, "context">]>;
def Rondo_StateKindAttr : Rondo_EnumAttr<Rondo_StateKind, "state_kind">;

def Rondo_ParameterGroup : Rondo_Enum<"ParameterGroup", "who changes a parameter", [
    I32EnumAttrCase<"Trainable", 0, "trainable">,
    I32EnumAttrCase<"Frozen", 1, "frozen">,
    I32EnumAttrCase<"Optional", 2, "optional">]>;
def Rondo_ParameterGroupAttr : Rondo_EnumAttr<Rondo_ParameterGroup, "parameter_group">;

def Rondo_InitKind : Rondo_Enum<"InitKind", "distribution of a parameter's initial values", [
    I32EnumAttrCase<"Constant", 0, "constant">,
    I32EnumAttrCase<"Normal", 1, "normal">,
    I32EnumAttrCase<"Uniform", 2, "uniform">]>;
def Rondo_InitAttr : AttrDef<Rondo_Dialect, "Init"> {
  let mnemonic = "init";
  let summary = "initial values: constant a, normal(0, a) or uniform[-a, a)";
  let parameters = (ins EnumParameter<Rondo_InitKind>:$kind, "::mlir::FloatAttr":$value);
  let assemblyFormat = "`<` $kind `,` $value `>`";
}

def Rondo_LayoutAttr : AttrDef<Rondo_Dialect, "Layout"> {
  let mnemonic = "layout";
  let summary = "storage order of a parameter";
  let description = [{
    `#rondo.layout<panels, 32>`: element (n, k) of `[N, K]` stands at `((n / 32) * K + k) * 32 + n % 32`, N padded
    with zeros to a multiple of 32. Absent means row-major. Chosen by `rondo-assign-layouts`, one per parameter for
    all entry points. As the encoding of a tensor type, `tensor<128x64xf32, #rondo.layout<panels, 32>>`, it says that a
    gradient or moment is stored like its parameter.
  }];
  let parameters = (ins "int64_t":$panel);
  let assemblyFormat = "`<` `panels` `,` $panel `>`";
}

def Rondo_EntryKind : Rondo_Enum<"EntryKind", "what an entry point is derived for", [
    I32EnumAttrCase<"Forward", 0, "forward">,
    I32EnumAttrCase<"Score", 1, "score">,
    I32EnumAttrCase<"Prefill", 2, "prefill">,
    I32EnumAttrCase<"Decode", 3, "decode">,
    I32EnumAttrCase<"Grad", 4, "grad">,
    I32EnumAttrCase<"Vjp", 5, "vjp">,
    I32EnumAttrCase<"Accumulate", 6, "accumulate">,
    I32EnumAttrCase<"Update", 7, "update">,
    I32EnumAttrCase<"Train", 8, "train">]>;
def Rondo_EntryAttr : AttrDef<Rondo_Dialect, "Entry"> {
  let mnemonic = "entry";
  let summary = "kind and sizes of an entry point, on its func.func as `rondo.entry`";
  let parameters = (ins EnumParameter<Rondo_EntryKind>:$kind, "int64_t":$batch, "int64_t":$time, "int64_t":$slots);
  let assemblyFormat = "`<` $kind `,` `B` `=` $batch `,` `T` `=` $time `,` `slots` `=` $slots `>`";
}

def Rondo_Absent : Rondo_Enum<"Absent", "what the runtime supplies for an absent input", [
    I32EnumAttrCase<"Required", 0, "required">,
    I32EnumAttrCase<"Zeros", 1, "zeros">,
    I32EnumAttrCase<"Ones", 2, "ones">,
    I32EnumAttrCase<"FullLength", 3, "full_length">,
    I32EnumAttrCase<"Slots", 4, "slots">,
    I32EnumAttrCase<"ShiftedTokens", 5, "shifted_tokens">,
    I32EnumAttrCase<"Value", 6, "value">]>;
def Rondo_InputAttr : AttrDef<Rondo_Dialect, "Input"> {
  let mnemonic = "input";
  let summary = "name, default and range of an entry point's input, as argument attribute `rondo.input`";
  let description = [{
    `#rondo.input<"tokens", required, 0, 255>`; the bounds are inclusive and only given for integers.
    `#rondo.input<"beta1", value, default 0.9>` is a scalar that the runtime sets to its default.
  }];
  let parameters = (ins StringRefParameter<"input name">:$name, EnumParameter<Rondo_Absent>:$absent,
      OptionalParameter<"std::optional<int64_t>">:$minimum, OptionalParameter<"std::optional<int64_t>">:$maximum,
      OptionalParameter<"::mlir::FloatAttr">:$value);
  let assemblyFormat = "`<` $name `,` $absent (`,` $minimum^ `,` $maximum)? (`,` `default` $value^)? `>`";
  let builders = [AttrBuilder<(ins "::llvm::StringRef":$name, "::rondo::Absent":$absent,
      CArg<"std::optional<int64_t>", "std::nullopt">:$minimum, CArg<"std::optional<int64_t>", "std::nullopt">:$maximum), [{
    return $_get($_ctxt, name, absent, minimum, maximum, ::mlir::FloatAttr());
  }]>];
}

#endif
