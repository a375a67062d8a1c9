spec.model @m {
  spec.hyper @vocab = 1 in [2, 64]
  %t = spec.input "tokens" tokens(@vocab)
  %x = spec.embedding %t to(8) weight("e")
  %y = spec.linear %x to(@vocab) weight("o")
  spec.output "logits" %y
}
