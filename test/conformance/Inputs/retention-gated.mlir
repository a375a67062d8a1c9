// Bare retention whose decays are an input, so that they have a gradient.
spec.model @retention {
  spec.hyper @heads = 1 in [1, 64]
  spec.hyper @key_width = 4 in [1, 1024]
  spec.hyper @value_width = 4 in [1, 1024]
  %q = spec.input "q" heads(@heads) width(@key_width)
  %k = spec.input "k" heads(@heads) width(@key_width)
  %v = spec.input "v" heads(@heads) width(@value_width)
  %g = spec.input "log_decay" width(@heads)
  %o = spec.retention %q, %k, %v log_decay(%g)
  spec.output "o" %o
}
