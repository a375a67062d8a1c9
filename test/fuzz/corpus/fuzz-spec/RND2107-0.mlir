spec.model @m {
  spec.hyper @vocab = 16 in [2, 64]
  %t = spec.input "tokens" tokens(@vocab)
  spec.require @vocab mod 3 == 0, "threes"
  %x = spec.embedding %t to(8) weight("e")
  %y = spec.linear %x to(@vocab) weight("o")
  spec.output "logits" %y
}
