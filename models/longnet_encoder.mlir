// The encoder form of LongNet (arXiv 2307.02486): a token sees the tokens on both sides, so logits say what stands at their own place, where the caller
// masked or labels it. Otherwise models/longnet.mlir, without xPos's length scale, which would favour far keys on one side.
spec.model @longnet_encoder {
  spec.hyper @vocab = 256 in [1, 1048576]
  spec.hyper @width = 768 in [2, 65536]
  spec.hyper @heads = 12 in [1, 1024]
  spec.hyper @ffn_width = 4 * @width in [1, 262144]
  spec.hyper @layers = 12 in [1, 1024]
  spec.hyper @segment = 2048 in [12, 65536]
  spec.hyper @eps = 1e-5 in [0, 1]
  spec.hyper @dropout = 0 in [0, 0.99]
  spec.require @width mod (2 * @heads) == 0, "each head rotates pairs of lanes"
  spec.preset "tiny" { vocab = 256, width = 64, heads = 4, layers = 2, segment = 32 }
  spec.preset "125M" { vocab = 100352, width = 768, heads = 12, layers = 12 }
  spec.preset "350M" { vocab = 100352, width = 1024, heads = 16, layers = 24 }
  spec.preset "760M" { vocab = 100352, width = 1536, heads = 16, layers = 24 }
  spec.preset "2.7B" { vocab = 100352, width = 2560, heads = 32, layers = 32 }

  spec.block @layer(%x) {
    %n = spec.layer_norm %x eps(@eps) weight("self_attn_layer_norm.weight", ones, no_decay) bias("self_attn_layer_norm.bias", zeros, no_decay)
    %q = spec.linear %n heads(@heads) weight("self_attn.q_proj.weight", kaiming, decay) bias("self_attn.q_proj.bias", kaiming, no_decay)
    %k = spec.linear %n heads(@heads) weight("self_attn.k_proj.weight", kaiming, decay) bias("self_attn.k_proj.bias", kaiming, no_decay)
    %v = spec.linear %n heads(@heads) weight("self_attn.v_proj.weight", kaiming(sqrt(log(2 * @layers))), decay) bias("self_attn.v_proj.bias", kaiming(sqrt(log(2 * @layers))), no_decay)
    %qr, %kr = spec.rotary %q, %k theta(standard) pairs(interleaved)
    %o = spec.dilated_attention %qr, %kr, %v segments(@segment * pow(2, pattern)) ratios([1, 2, 4, 6, 12]) scale(rsqrt(@width / @heads)) bidirectional
    %m = spec.layer_norm %o joined eps(@eps) weight("self_attn.inner_attn_ln.weight", ones, no_decay) bias("self_attn.inner_attn_ln.bias", zeros, no_decay)
    %a = spec.linear %m weight("self_attn.out_proj.weight", kaiming(sqrt(log(2 * @layers))), decay) bias("self_attn.out_proj.bias", kaiming(sqrt(log(2 * @layers))), no_decay)
    %y = spec.dropout %a rate(@dropout) residual(%x)
    %f = spec.layer_norm %y eps(@eps) weight("final_layer_norm.weight", ones, no_decay) bias("final_layer_norm.bias", zeros, no_decay)
    %h = spec.linear %f to(@ffn_width) weight("ffn.fc1.weight", kaiming(sqrt(log(2 * @layers))), decay) bias("ffn.fc1.bias", kaiming(sqrt(log(2 * @layers))), no_decay) act(gelu)
    %s = spec.layer_norm %h eps(@eps) weight("ffn.ffn_layernorm.weight", ones, no_decay) bias("ffn.ffn_layernorm.bias", zeros, no_decay)
    %b = spec.linear %s to(@width) weight("ffn.fc2.weight", kaiming(sqrt(log(2 * @layers))), decay) bias("ffn.fc2.bias", kaiming(sqrt(log(2 * @layers))), no_decay)
    %z = spec.dropout %b rate(@dropout) residual(%y)
    spec.yield %z
  }

  %tokens = spec.input "tokens" tokens(@vocab) text
  %t = spec.embedding %tokens to(@width) weight("embed_tokens.weight", normal(rsqrt(@width)), no_decay)
  %e = spec.dropout %t rate(@dropout)
  %l = spec.repeat @layer(%e) times(@layers) names("layers.{layer}.")
  %n = spec.layer_norm %l eps(@eps) weight("layer_norm.weight", ones, no_decay) bias("layer_norm.bias", zeros, no_decay)
  %logits = spec.linear %n to(@vocab) weight("output_projection.weight", normal(rsqrt(@width)), decay)
  spec.output "logits" %logits
}
