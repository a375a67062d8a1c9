// torchscale's LongNet decoder (commit 4d1e0e8).
#include "frontends/import/LongNetConfigurations.h"

using namespace rondo;

LongNetDescription rondo::describeTorchscaleLongNet(Configuration &configuration) {
  LongNetDescription model;
  model.vocab = configuration.count("vocab_size");
  model.width = configuration.count("decoder_embed_dim");
  model.heads = configuration.count("decoder_attention_heads");
  model.ffnWidth = configuration.count("decoder_ffn_embed_dim");
  model.layers = configuration.count("decoder_layers");
  model.eps = configuration.number("layernorm_eps", 1e-5);
  model.segments = configuration.counts("segment_length");
  model.ratios = configuration.counts("dilated_ratio");
  model.xPos = configuration.flag("xpos_rel_pos", false);
  model.xPosBase = configuration.number("xpos_scale_base", 512);
  model.subNorms = configuration.flag("subln", true);
  model.scaledEmbedding = !configuration.flag("no_scale_embedding", true);
  model.normAfterEmbedding = configuration.flag("layernorm_embedding", false);
  model.tied = configuration.flag("share_decoder_input_output_embed", false);
  std::string activation = configuration.word("activation_fn", {"gelu", "swish", "relu"}, "gelu");
  model.activation = activation == "swish" ? "silu" : activation;

  if (!model.segments.empty() && !model.ratios.empty() && model.segments.size() != model.ratios.size())
    configuration.reject("dilated_ratio", "one ratio per segment length");
  if (!configuration.flag("decoder_normalize_before", true))
    configuration.reject("decoder_normalize_before", "true (norms stand before their layers)");
  configuration.unsupported("deepnorm", "LongNet is written with norms before its layers");
  for (const char *key : {"dropout", "activation_dropout", "attention_dropout", "drop_path_rate"})
    configuration.unsupported(key, "write spec.dropout where it is wanted");
  for (const char *key : {"moe_freq", "moe_expert_count"})
    configuration.unsupported(key, "specs have no experts");
  for (const char *key : {"multiway", "no_output_layer", "fsdp", "checkpoint_activations", "rel_pos_buckets",
                          "max_rel_pos", "seq_parallel"})
    configuration.unsupported(key, "not supported");
  // These change nothing that a model computes.
  configuration.ignore({"flash_attention", "ddp_rank", "use_xmoe", "bf16"});
  return model;
}
