// A hybrid: pairs of a retention layer (RetNet, arXiv 2307.08621) and a dilated-attention layer (LongNet, arXiv 2307.02486), each with a
// gated feed-forward network.
spec.model @hybrid {
  spec.hyper @vocab = 256 in [1, 1048576]
  spec.hyper @width = 512 in [2, 65536]
  spec.hyper @heads = 8 in [1, 1024]
  spec.hyper @ffn_width = 2 * @width in [1, 262144]
  spec.hyper @pairs = 3 in [1, 1024]
  spec.hyper @segment = 1024 in [4, 65536]
  spec.hyper @eps = 1e-6 in [0, 1]
  spec.hyper @dropout = 0 in [0, 0.99]
  spec.require @width mod (2 * @heads) == 0, "each head rotates pairs of lanes"
  spec.preset "tiny" { vocab = 256, width = 64, heads = 4, pairs = 1, segment = 32 }

  spec.block @ffn(%x) {
    %n = spec.rms_norm %x eps(@eps) weight("ffn_norm.weight", ones, no_decay)
    %a = spec.linear %n to(@ffn_width) weight("ffn.fc1.weight", kaiming, decay) act(silu)
    %b = spec.linear %n to(@ffn_width) weight("ffn.gate.weight", kaiming, decay)
    %c = spec.mul %a, %b
    %d = spec.linear %c to(@width) weight("ffn.fc2.weight", kaiming, decay)
    %y = spec.dropout %d rate(@dropout) residual(%x)
    spec.yield %y
  }

  spec.block @retention(%x) {
    %n = spec.rms_norm %x eps(@eps) weight("norm.weight", ones, no_decay)
    %q = spec.linear %n heads(@heads) weight("q_proj.weight", xavier(pow(2, -2.5)), decay)
    %k = spec.linear %n heads(@heads) weight("k_proj.weight", xavier(pow(2, -2.5)), decay)
    %v = spec.linear %n to(2 * @width) heads(@heads) weight("v_proj.weight", xavier(pow(2, -2.5)), decay)
    %g = spec.linear %n to(2 * @width) heads(@heads) weight("g_proj.weight", xavier(pow(2, -2.5)), decay) act(silu)
    %qr, %kr = spec.rotary %q, %k theta(linspace) pairs(interleaved)
    %o = spec.retention %qr, %kr, %v decay(1 - pow(2, -5 - head)) scale(rsqrt(@width / @heads))
    %m = spec.rms_norm %o eps(@eps)
    %u = spec.mul %m, %g
    %p = spec.linear %u to(@width) weight("out_proj.weight", xavier(pow(2, -1)), decay)
    %y = spec.dropout %p rate(@dropout) residual(%x)
    spec.yield %y
  }

  spec.block @attention(%x) {
    %n = spec.rms_norm %x eps(@eps) weight("norm.weight", ones, no_decay)
    %q = spec.linear %n heads(@heads) weight("q_proj.weight", kaiming, decay)
    %k = spec.linear %n heads(@heads) weight("k_proj.weight", kaiming, decay)
    %v = spec.linear %n heads(@heads) weight("v_proj.weight", kaiming, decay)
    %qr, %kr = spec.rotary %q, %k theta(standard) pairs(interleaved)
    %o = spec.dilated_attention %qr, %kr, %v segments(@segment * pow(4, pattern)) ratios([1, 4, 16]) scale(rsqrt(@width / @heads))
    %p = spec.linear %o to(@width) weight("out_proj.weight", kaiming, decay)
    %y = spec.dropout %p rate(@dropout) residual(%x)
    spec.yield %y
  }

  spec.block @pair(%x) {
    %r = spec.call @retention(%x) names("retention.")
    %f = spec.call @ffn(%r) names("retention.")
    %a = spec.call @attention(%f) names("attention.")
    %y = spec.call @ffn(%a) names("attention.")
    spec.yield %y
  }

  %tokens = spec.input "tokens" tokens(@vocab) text
  %e = spec.embedding %tokens to(@width) weight("embed_tokens.weight", normal(rsqrt(@width)), no_decay)
  %x = spec.dropout %e rate(@dropout)
  %h = spec.repeat @pair(%x) times(@pairs) names("pairs.{layer}.")
  %n = spec.rms_norm %h eps(@eps) weight("norm.weight", ones, no_decay)
  %logits = spec.linear %n to(@vocab) weight("output_projection.weight", normal(rsqrt(@width)), decay)
  spec.output "logits" %logits
}
