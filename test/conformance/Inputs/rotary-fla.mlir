// Bare rotation as flash-linear-attention does it.
spec.model @rotary {
  %x = spec.input "x" heads(2) width(8)
  %y = spec.rotary %x theta(standard) pairs(halves)
  spec.output "y" %y
}
