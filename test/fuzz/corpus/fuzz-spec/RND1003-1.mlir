spec.model @m {
  spec.hyper @vocab = 16 in [2, 64]
  %t = spec.input "tokens" tokens(@vocab)
// ÿ
  %x = spec.embedding %t to(8) weight("e")
  %y = spec.linear %x to(@vocab) weight("o")
  spec.output "logits" %y
}
