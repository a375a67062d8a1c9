spec.model @outer {
  spec.block @layer(%x) {
    spec.model @inner {
      %y = spec.linear %z to(4) weight("o")
    }
    %z = spec.linear %x to(4) weight("w")
    spec.yield %z
  }
  %t = spec.input "tokens" tokens(8)
  %e = spec.embedding %t to(4) weight("e")
  %s = spec.repeat @layer(%e) times(2) names("l.{layer}.")
  spec.output "logits" %s
}
