spec.model @gated {
  %t = spec.input "tokens" tokens(256) text
  %x = spec.embedding %t to(64) weight("e")
  %y = spec.extern_kernel file("gate.json") args(%x, %x, result, rows * 64) grid((rows * 64 + 511) floordiv 512)
  %l = spec.linear %y to(256) weight("o")
  spec.output "logits" %l
}
