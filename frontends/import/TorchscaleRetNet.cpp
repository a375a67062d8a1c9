// torchscale's RetNet (commit 4d1e0e8 and its kin since September 2023).
#include "frontends/import/RetNetConfigurations.h"

using namespace rondo;

RetNetDescription rondo::describeTorchscaleRetNet(Configuration &configuration) {
  RetNetDescription model;
  model.origin = "torchscale";
  model.vocab = configuration.count("vocab_size");
  model.width = model.keyWidth = configuration.count("decoder_embed_dim");
  model.valueWidth = configuration.count("decoder_value_embed_dim");
  model.heads = model.keyValueHeads = configuration.count("decoder_retention_heads");
  model.ffnWidth = configuration.count("decoder_ffn_embed_dim");
  model.layers = configuration.count("decoder_layers");
  model.eps = configuration.number("layernorm_eps", 1e-6);
  model.scaledEmbedding = !configuration.flag("no_scale_embedding", true);
  model.normAfterEmbedding = configuration.flag("layernorm_embedding", false);
  model.normBefore = configuration.flag("decoder_normalize_before", true);
  model.deepNorm = configuration.flag("deepnorm", false);
  model.tied = configuration.flag("share_decoder_input_output_embed", false);
  std::string activation = configuration.word("activation_fn", {"gelu", "swish", "relu"}, "gelu");
  model.activation = activation == "swish" ? "silu" : activation;

  for (const char *key : {"dropout", "activation_dropout", "drop_path_rate"})
    configuration.unsupported(key, "specs have no dropout");
  for (const char *key : {"moe_freq", "moe_expert_count"})
    configuration.unsupported(key, "specs have no experts");
  for (const char *key : {"multiway", "no_output_layer", "fsdp", "checkpoint_activations"})
    configuration.unsupported(key, "not supported");
  // These change nothing in torchscale's RetNet, or choose a schedule.
  configuration.ignore({"subln", "xpos_rel_pos", "xpos_scale_base", "rel_pos_buckets", "max_rel_pos",
                        "ddp_rank", "use_xmoe", "bf16", "chunkwise_recurrent", "recurrent_chunk_size"});

  model.queryInitial = "xavier(gain = pow(2, -2.5))";
  model.outInitial = "xavier(gain = 0.5)";
  model.ffnInitial = "kaiming";
  model.embeddingInitial = model.headInitial = "normal(rsqrt(@width))";
  model.names = {"embed_tokens.weight",       "layernorm_embedding.weight",
                 "output_projection.weight",  "layer_norm.weight",
                 "layers.{layer}.",           "retention_layer_norm.weight",
                 "retention.q_proj.weight",   "retention.k_proj.weight",
                 "retention.v_proj.weight",   "retention.g_proj.weight",
                 "retention.out_proj.weight", "",
                 "final_layer_norm.weight",   "ffn.fc1.weight",
                 "ffn.gate.weight",           "ffn.fc2.weight"};
  return model;
}
