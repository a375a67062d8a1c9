spec.model @dropout {
  spec.hyper @rate = 0.1 in [0, 1]
  %t = spec.input "tokens" tokens(256)
  %e = spec.embedding %t to(8) weight("embed.weight")
  %d = spec.dropout %e rate(@rate) residual(%e)
  %l = spec.linear %d to(256) weight("head.weight")
  spec.output "logits" %l
}
