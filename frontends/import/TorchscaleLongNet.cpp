// torchscale's LongNet decoder and encoder (commit 4d1e0e8).
#include "frontends/import/LongNetConfigurations.h"

using namespace rondo;

// Where norms stand. As in torchscale's constructors DeepNorm turns sub-layer norms off; in an encoder it
// also moves the norms behind the sums, and sub-layer norms move them before the layers.
static void describeNorms(Configuration &configuration, const std::string &side, LongNetDescription &model) {
  model.deepNorm = configuration.flag("deepnorm", false);
  bool subNorms = configuration.flag("subln", true);
  model.subNorms = subNorms && !model.deepNorm;
  model.normBefore = configuration.flag(side + "_normalize_before", true);
  if (model.bidirectional && model.deepNorm)
    model.normBefore = false;
  else if (model.bidirectional && model.subNorms)
    model.normBefore = true;
  else if (!model.bidirectional) // which torchscale's decoder sets and never reads
    configuration.ignore({"encoder_normalize_before"});
}

static void rejectUnsupported(Configuration &configuration) {
  for (const char *key : {"dropout", "activation_dropout", "attention_dropout", "drop_path_rate"})
    configuration.unsupported(key, "write spec.dropout where it is wanted");
  for (const char *key : {"moe_freq", "moe_expert_count"})
    configuration.unsupported(key, "specs have no experts");
  for (const char *key : {"multiway", "no_output_layer", "fsdp", "checkpoint_activations", "rel_pos_buckets",
                          "max_rel_pos", "seq_parallel", "bert_init"})
    configuration.unsupported(key, "not supported");
  // These change nothing that a model computes.
  configuration.ignore({"flash_attention", "ddp_rank", "use_xmoe", "bf16", "max_source_positions",
                        "max_target_positions", "moe_top1_expert", "moe_gating_use_fp32",
                        "moe_eval_capacity_token_fraction", "moe_second_expert_policy",
                        "moe_normalize_gate_prob_before_dropping"});
}

LongNetDescription rondo::describeTorchscaleLongNet(Configuration &configuration) {
  LongNetDescription model;
  model.bidirectional = configuration.has("encoder_embed_dim");
  std::string side = model.bidirectional ? "encoder" : "decoder";
  model.vocab = configuration.count("vocab_size");
  model.width = configuration.count(side + "_embed_dim");
  model.heads = configuration.count(side + "_attention_heads");
  model.ffnWidth = configuration.count(side + "_ffn_embed_dim");
  model.layers = configuration.count(side + "_layers");
  model.eps = configuration.number("layernorm_eps", 1e-5);
  model.segments = configuration.counts("segment_length");
  model.ratios = configuration.counts("dilated_ratio");
  model.xPos = configuration.flag("xpos_rel_pos", false);
  model.xPosBase = configuration.number("xpos_scale_base", 512);
  describeNorms(configuration, side, model);
  model.scaledEmbedding = !configuration.flag("no_scale_embedding", true);
  model.normAfterEmbedding = configuration.flag("layernorm_embedding", false);
  model.tied = configuration.flag("share_" + side + "_input_output_embed", false);
  std::string activation = configuration.word("activation_fn", {"gelu", "swish", "relu"}, "gelu");
  model.activation = activation == "swish" ? "silu" : activation;
  if (model.bidirectional) {
    configuration.word("encoder_embedding_type", {"language"}, "language");
    configuration.ignore({"img_size", "patch_size", "in_chans"}); // for callers that embed images
  }

  if (!model.segments.empty() && !model.ratios.empty() && model.segments.size() != model.ratios.size())
    configuration.reject("dilated_ratio", "one ratio per segment length");
  rejectUnsupported(configuration);
  return model;
}
