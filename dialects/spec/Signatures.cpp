// What each op takes: the table that checks, help texts and the reference page follow.
#include "dialects/spec/Spec.h"

using namespace rondo::spec;
using llvm::StringRef;

static constexpr StringRef kActivations[] = {"silu", "gelu", "relu", "sigmoid", "tanh"};
static constexpr StringRef kPairs[] = {"interleaved", "halves"};
static constexpr StringRef kRowScales[] = {"none", "torchscale_recurrent", "torchscale_parallel"};
static constexpr StringRef kHeadOffsets[] = {"blocks", "modulo"};
static constexpr StringRef kHead[] = {"head"};
static constexpr StringRef kPattern[] = {"pattern"};
static constexpr StringRef kPairOfDim[] = {"pair", "dim"};
static constexpr StringRef kLaunchSizes[] = {"rows", "batch", "time"};
static constexpr StringRef kLaunchArguments[] = {"rows", "batch", "time", "result"};
static constexpr StringRef kAngles[] = {"linspace", "standard"};

static constexpr ClauseInfo kWeight = {"weight", ClauseKind::Weight,
                                       "weight(\"NAME\"[, INITIAL][, decay|no_decay][, frozen|optional])"};
static constexpr ClauseInfo kBias = {"bias", ClauseKind::Weight,
                                     "bias(\"NAME\"[, INITIAL][, decay|no_decay][, frozen|optional])"};
static constexpr ClauseInfo kNeededWeight = {kWeight.name, kWeight.kind, kWeight.form, {}, true};
static constexpr ClauseInfo kAlias = {"alias", ClauseKind::Text, "alias(\"NAME\")"};
static constexpr ClauseInfo kAct = {"act", ClauseKind::Word, "act(WORD)", kActivations};
static constexpr ClauseInfo kScale = {"scale", ClauseKind::Number, "scale(NUMBER)"};
static constexpr ClauseInfo kResidual = {"residual", ClauseKind::Residual, "residual(%x[, NUMBER])"};
static constexpr ClauseInfo kJoined = {"joined", ClauseKind::Flag, "joined"};
static constexpr ClauseInfo kTo = {"to", ClauseKind::Count, "to(COUNT)"};
static constexpr ClauseInfo kHeads = {"heads", ClauseKind::Count, "heads(COUNT)"};
static constexpr ClauseInfo kReset = {"reset", ClauseKind::Operand, "reset(%x)"};
static constexpr ClauseInfo kNames = {"names", ClauseKind::Text, "names(\"PREFIX\")"};

const Signature &EmbeddingOp::getSignature() {
  static constexpr ClauseInfo clauses[] = {
      {kTo.name, kTo.kind, kTo.form, {}, true}, kNeededWeight, kAlias, kScale};
  static constexpr Signature signature = {1, 1, false, clauses};
  return signature;
}

const Signature &LinearOp::getSignature() {
  static constexpr ClauseInfo clauses[] = {kTo,    kHeads, kNeededWeight, kBias,
                                           kAlias, kAct,   kScale,        kResidual};
  static constexpr Signature signature = {1, 1, false, clauses};
  return signature;
}

const Signature &RmsNormOp::getSignature() {
  static constexpr ClauseInfo clauses[] = {
      {"eps", ClauseKind::Number, "eps(NUMBER)"}, kJoined, kWeight, kAlias, kScale, kResidual};
  static constexpr Signature signature = {1, 1, false, clauses};
  return signature;
}

const Signature &LayerNormOp::getSignature() {
  static constexpr ClauseInfo clauses[] = {
      {"eps", ClauseKind::Number, "eps(NUMBER)"}, kJoined, kWeight, kBias, kAlias, kScale, kResidual};
  static constexpr Signature signature = {1, 1, false, clauses};
  return signature;
}

const Signature &PositionsOp::getSignature() {
  static constexpr ClauseInfo clauses[] = {kReset};
  static constexpr Signature signature = {1, 1, false, clauses};
  return signature;
}

const Signature &RotaryOp::getSignature() {
  static constexpr ClauseInfo clauses[] = {
      {"at", ClauseKind::Operand, "at(%x)"},
      {"theta", ClauseKind::Angles, "theta(WORD|E[, base = NUMBER])", kAngles, true},
      {"pairs", ClauseKind::Word, "pairs(WORD)", kPairs, true}};
  static constexpr Signature signature = {1, 8, true, clauses};
  return signature;
}

const Signature &RetentionOp::getSignature() {
  static constexpr ClauseInfo clauses[] = {{"decay", ClauseKind::Series, "decay(E|[NUMBER, ...])", kHead},
                                           {"log_decay", ClauseKind::Operand, "log_decay(%x)"},
                                           kReset,
                                           kScale,
                                           {"row_scale", ClauseKind::Word, "row_scale(WORD)", kRowScales}};
  static constexpr Signature signature = {3, 3, false, clauses};
  return signature;
}

static constexpr ClauseInfo kLaneDecay = {"lane_decay", ClauseKind::Series, "lane_decay(E)", kPairOfDim};
static constexpr ClauseInfo kBidirectional = {"bidirectional", ClauseKind::Flag, "bidirectional"};

const Signature &DilatedAttentionOp::getSignature() {
  static constexpr ClauseInfo clauses[] = {
      {"segments", ClauseKind::Series, "segments([NUMBER, ...]|E)", kPattern, true},
      {"ratios", ClauseKind::Series, "ratios([NUMBER, ...]|E)", kPattern, true},
      {"patterns", ClauseKind::Count, "patterns(COUNT)"},
      {"offsets", ClauseKind::Word, "offsets(WORD)", kHeadOffsets},
      {"at", ClauseKind::Operand, "at(%x)"},
      kScale,
      kLaneDecay,
      kBidirectional,
      {"frozen_mixture", ClauseKind::Flag, "frozen_mixture"}};
  static constexpr Signature signature = {3, 3, false, clauses, 1};
  return signature;
}

const Signature &AttentionOp::getSignature() {
  static constexpr ClauseInfo clauses[] = {{"capacity", ClauseKind::Count, "capacity(COUNT)"},
                                           {"at", ClauseKind::Operand, "at(%x)"},
                                           kScale,
                                           kLaneDecay,
                                           kBidirectional};
  static constexpr Signature signature = {3, 3, false, clauses, 1};
  return signature;
}

const Signature &AddOp::getSignature() {
  static constexpr ClauseInfo clauses[] = {kAct, kScale, kResidual};
  static constexpr Signature signature = {2, 2, false, clauses};
  return signature;
}

const Signature &MulOp::getSignature() {
  static constexpr ClauseInfo clauses[] = {kAct, kScale, kResidual};
  static constexpr Signature signature = {2, 2, false, clauses};
  return signature;
}

const Signature &ActivationOp::getSignature() {
  static constexpr ClauseInfo clauses[] = {
      {kAct.name, kAct.kind, kAct.form, kActivations, true}, kScale, kResidual};
  static constexpr Signature signature = {1, 1, false, clauses};
  return signature;
}

const Signature &ScaleOp::getSignature() {
  static constexpr ClauseInfo clauses[] = {{kScale.name, kScale.kind, kScale.form, {}, true}, kResidual};
  static constexpr Signature signature = {1, 1, false, clauses};
  return signature;
}

const Signature &DropoutOp::getSignature() {
  static constexpr ClauseInfo clauses[] = {{"rate", ClauseKind::Number, "rate(NUMBER)", {}, true}, kResidual};
  static constexpr Signature signature = {1, 1, false, clauses};
  return signature;
}

const Signature &InputOp::getSignature() {
  static constexpr ClauseInfo clauses[] = {{"tokens", ClauseKind::Count, "tokens(COUNT)"},
                                           {"text", ClauseKind::Flag, "text"},
                                           {"flags", ClauseKind::Flag, "flags"},
                                           kHeads,
                                           {"width", ClauseKind::Count, "width(COUNT)"}};
  static constexpr Signature signature = {0, 0, false, clauses};
  return signature;
}

const Signature &ExternKernelOp::getSignature() {
  static constexpr ClauseInfo clauses[] = {
      {"file", ClauseKind::Text, "file(\"KERNEL.json\")", {}, true},
      {"args", ClauseKind::Launch, "args(%x|result|EXPRESSION, ...)", kLaunchArguments, true},
      {"grid", ClauseKind::Launch, "grid(EXPRESSION[, EXPRESSION[, EXPRESSION]])", kLaunchSizes, true},
      kTo,
      kHeads};
  static constexpr Signature signature = {0, 0, false, clauses};
  return signature;
}

const Signature &CallOp::getSignature() {
  static constexpr ClauseInfo clauses[] = {kNames};
  static constexpr Signature signature = {0, 64, false, clauses};
  return signature;
}

const Signature &RepeatOp::getSignature() {
  static constexpr ClauseInfo clauses[] = {{"times", ClauseKind::Count, "times(COUNT)", {}, true},
                                           {kNames.name, kNames.kind, kNames.form, {}, true}};
  static constexpr Signature signature = {1, 64, false, clauses};
  return signature;
}
