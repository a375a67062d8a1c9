// RetNet (arXiv 2307.08621): multi-scale retention and a gated feed-forward network, with torchscale's parameter names.
spec.model @retnet {
  spec.hyper @vocab = 256 in [1, 1048576]
  spec.hyper @width = 512 in [2, 65536]
  spec.hyper @value_width = 2 * @width in [1, 131072]
  spec.hyper @heads = 8 in [1, 1024]
  spec.hyper @ffn_width = 2 * @width in [1, 262144]
  spec.hyper @layers = 6 in [1, 1024]
  spec.hyper @eps = 1e-6 in [0, 1]
  spec.hyper @dropout = 0 in [0, 1]
  spec.require @width mod (2 * @heads) == 0, "each head rotates pairs of lanes"
  spec.require @value_width mod @heads == 0, "heads must divide the value width"
  spec.preset "tiny" { vocab = 256, width = 64, heads = 4, layers = 2 }
  spec.preset "125M" { vocab = 50304, width = 768, heads = 3, layers = 12 }
  spec.preset "350M" { vocab = 50304, width = 1024, heads = 4, layers = 24 }
  spec.preset "1.3B" { vocab = 100352, width = 2048, heads = 8, layers = 24 }
  spec.preset "2.7B" { vocab = 100352, width = 2560, heads = 10, layers = 32 }
  spec.preset "6.7B" { vocab = 100352, width = 4096, heads = 16, layers = 32 }

  spec.block @layer(%x) {
    %n = spec.rms_norm %x eps(@eps) weight("retention_layer_norm.weight", ones, no_decay)
    %q = spec.linear %n to(@width) heads(@heads) weight("retention.q_proj.weight", xavier(pow(2, -2.5)), decay)
    %k = spec.linear %n to(@width) heads(@heads) weight("retention.k_proj.weight", xavier(pow(2, -2.5)), decay)
    %v = spec.linear %n to(@value_width) heads(@heads) weight("retention.v_proj.weight", xavier(pow(2, -2.5)), decay)
    %g = spec.linear %n to(@value_width) heads(@heads) weight("retention.g_proj.weight", xavier(pow(2, -2.5)), decay) act(silu)
    %qr, %kr = spec.rotary %q, %k theta(linspace) pairs(interleaved)
    %o = spec.retention %qr, %kr, %v decay(1 - pow(2, -5 - head)) scale(rsqrt(@width / @heads))
    %m = spec.rms_norm %o eps(@eps)
    %u = spec.mul %m, %g
    %p = spec.linear %u to(@width) weight("retention.out_proj.weight", xavier(pow(2, -1)), decay)
    %y = spec.dropout %p rate(@dropout) residual(%x)
    %f = spec.rms_norm %y eps(@eps) weight("final_layer_norm.weight", ones, no_decay)
    %a = spec.linear %f to(@ffn_width) weight("ffn.fc1.weight", kaiming, decay) act(silu)
    %b = spec.linear %f to(@ffn_width) weight("ffn.gate.weight", kaiming, decay)
    %c = spec.mul %a, %b
    %d = spec.linear %c to(@width) weight("ffn.fc2.weight", kaiming, decay)
    %z = spec.dropout %d rate(@dropout) residual(%y)
    spec.yield %z
  }

  %tokens = spec.input "tokens" tokens(@vocab) text
  %e = spec.embedding %tokens to(@width) weight("embed_tokens.weight", normal(rsqrt(@width)), no_decay)
  %x = spec.dropout %e rate(@dropout)
  %h = spec.repeat @layer(%x) times(@layers) names("layers.{layer}.")
  %n = spec.rms_norm %h eps(@eps) weight("layer_norm.weight", ones, no_decay)
  %logits = spec.linear %n to(@vocab) weight("output_projection.weight", normal(rsqrt(@width)), decay)
  spec.output "logits" %logits
}
