// A decoder with plain attention: rotary positions, keys and values shared by groups of heads, a gated feed-forward network, norms before
// both (Touvron et al., "LLaMA", arXiv 2302.13971; Ainslie et al., "GQA", arXiv 2305.13245).
spec.model @transformer {
  spec.hyper @vocab = 256 in [1, 1048576]
  spec.hyper @width = 512 in [2, 65536]
  spec.hyper @heads = 8 in [1, 1024]
  spec.hyper @kv_heads = @heads in [1, 1024]
  spec.hyper @ffn_width = 3 * @width in [1, 262144]
  spec.hyper @layers = 6 in [1, 1024]
  spec.hyper @context = 2048 in [1, 1048576]
  spec.hyper @eps = 1e-5 in [0, 1]
  spec.hyper @dropout = 0 in [0, 0.99]
  spec.require @width mod (2 * @heads) == 0, "each head rotates pairs of lanes"
  spec.require @heads mod @kv_heads == 0, "heads of keys and values must divide the heads"
  spec.preset "tiny" { vocab = 256, width = 64, heads = 4, kv_heads = 2, layers = 2, context = 512 }
  spec.preset "125M" { vocab = 50304, width = 768, heads = 12, layers = 12, ffn_width = 2048 }
  spec.preset "1.1B" { vocab = 32000, width = 2048, heads = 32, kv_heads = 4, layers = 22, ffn_width = 5632 }

  spec.block @layer(%x) {
    %n = spec.rms_norm %x eps(@eps) weight("attention_norm.weight", ones, no_decay)
    %q = spec.linear %n heads(@heads) weight("attention.wq.weight", xavier, decay)
    %k = spec.linear %n to(@width * @kv_heads / @heads) heads(@kv_heads) weight("attention.wk.weight", xavier, decay)
    %v = spec.linear %n to(@width * @kv_heads / @heads) heads(@kv_heads) weight("attention.wv.weight", xavier, decay)
    %qr, %kr = spec.rotary %q, %k theta(standard) pairs(halves)
    %o = spec.attention %qr, %kr, %v capacity(@context) scale(rsqrt(@width / @heads))
    %a = spec.linear %o to(@width) weight("attention.wo.weight", xavier, decay)
    %y = spec.dropout %a rate(@dropout) residual(%x)
    %f = spec.rms_norm %y eps(@eps) weight("ffn_norm.weight", ones, no_decay)
    %g = spec.linear %f to(@ffn_width) weight("feed_forward.w1.weight", kaiming, decay) act(silu)
    %h = spec.linear %f to(@ffn_width) weight("feed_forward.w3.weight", kaiming, decay)
    %u = spec.mul %g, %h
    %d = spec.linear %u to(@width) weight("feed_forward.w2.weight", kaiming, decay)
    %z = spec.dropout %d rate(@dropout) residual(%y)
    spec.yield %z
  }

  %tokens = spec.input "tokens" tokens(@vocab) text
  %e = spec.embedding %tokens to(@width) weight("tok_embeddings.weight", normal(rsqrt(@width)), no_decay)
  %l = spec.repeat @layer(%e) times(@layers) names("layers.{layer}.")
  %n = spec.rms_norm %l eps(@eps) weight("norm.weight", ones, no_decay)
  %logits = spec.linear %n to(@vocab) weight("output.weight", normal(rsqrt(@width)), decay)
  spec.output "logits" %logits
}
