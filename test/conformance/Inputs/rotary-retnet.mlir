// Bare rotation as torchscale's RetNet does it.
spec.model @rotary {
  %x = spec.input "x" heads(2) width(8)
  %y = spec.rotary %x theta(linspace) pairs(interleaved)
  spec.output "y" %y
}
