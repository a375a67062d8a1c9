spec.model @m {
  spec.hyper @vocab = 8
  %t = spec.input "tokens" tokens(@vocab)
  %e = spec.embedding %t to(4) weight("e", or(mod(@vocab)), no_decay)
  spec.output "logits" %e
}
