// flash-linear-attention's RetNet.
#include "frontends/import/RetNetConfigurations.h"

#include "llvm/Support/MathExtras.h"

using namespace rondo;

// int(width * factor), as the library rounds.
static int64_t expanded(Configuration &configuration, int64_t width, llvm::StringRef key, double fallback) {
  double product = double(width) * configuration.number(key, fallback);
  if (product >= 1 && product <= INT32_MAX)
    return static_cast<int64_t>(product);
  configuration.reject(key, "a factor that gives a width from 1 to 2147483647");
  return 1;
}

static void rejectUnsupported(Configuration &configuration) {
  configuration.word("model_type", {"retnet"}, "retnet");
  configuration.word("attn_mode", {"chunk", "fused_chunk", "parallel", "fused_recurrent"}, "chunk");
  configuration.unsupported("feature_map", "specs have no feature maps");
  configuration.unsupported("use_short_conv", "specs have no convolution");
  configuration.unsupported("attn", "specs have no softmax attention");
  configuration.unsupported("attnres_block_size", "not supported");
  configuration.ignore({"conv_size", "fuse_swiglu", "fuse_cross_entropy", "fuse_linear_cross_entropy",
                        "use_l2warp", "max_position_embeddings", "use_cache", "bos_token_id", "eos_token_id",
                        "pad_token_id", "architectures", "torch_dtype", "dtype", "transformers_version",
                        "_name_or_path", "auto_map"});
}

RetNetDescription rondo::describeFlaRetNet(Configuration &configuration) {
  RetNetDescription model;
  model.origin = "flash-linear-attention";
  model.vocab = configuration.count("vocab_size");
  model.width = configuration.count("hidden_size");
  model.keyWidth = expanded(configuration, model.width, "expand_k", 1);
  model.valueWidth = expanded(configuration, model.width, "expand_v", 2);
  model.heads = configuration.count("num_heads");
  model.keyValueHeads = configuration.optionalCount("num_kv_heads").value_or(model.heads);
  model.layers = configuration.count("num_hidden_layers");
  int64_t inner = expanded(configuration, model.width, "hidden_ratio", 2);
  model.ffnWidth =
      configuration.optionalCount("intermediate_size").value_or(llvm::alignTo(inner * 2 / 3, 256));
  model.eps = configuration.number("norm_eps", 1e-6);
  model.tied = configuration.flag("tie_word_embeddings", false);
  model.gated = configuration.flag("use_output_gate", true);
  configuration.word("hidden_act", {"swish", "silu"}, "swish");
  bool affine = configuration.flag("elementwise_affine", true), fused = configuration.flag("fuse_norm", true);
  rejectUnsupported(configuration);

  model.theta = "standard";
  model.pairs = "halves";
  double range = configuration.number("initializer_range", 0.02);
  std::string initial = "normal(" + llvm::formatv("{0}", range).str() + ")";
  model.queryInitial = model.outInitial = model.ffnInitial = model.embeddingInitial = model.headInitial =
      initial;
  model.names = {"model.embeddings.weight",
                 "",
                 "lm_head.weight",
                 "model.norm.weight",
                 "model.layers.{layer}.",
                 "attn_norm.weight",
                 "attn.q_proj.weight",
                 "attn.k_proj.weight",
                 "attn.v_proj.weight",
                 "attn.g_proj.weight",
                 "attn.o_proj.weight",
                 !affine                ? ""
                 : fused && model.gated ? "attn.g_norm_swish_gate.weight"
                                        : "attn.g_norm.weight",
                 "mlp_norm.weight",
                 "mlp.gate_proj.weight",
                 "mlp.up_proj.weight",
                 "mlp.down_proj.weight"};
  return model;
}
