// Bare retention whose powers of decay leave the range of f32.
spec.model @retention {
  spec.hyper @heads = 4 in [4, 4]
  spec.hyper @key_width = 4 in [1, 1024]
  spec.hyper @value_width = 4 in [1, 1024]
  %q = spec.input "q" heads(@heads) width(@key_width)
  %k = spec.input "k" heads(@heads) width(@key_width)
  %v = spec.input "v" heads(@heads) width(@value_width)
  %o = spec.retention %q, %k, %v decay([1.0, 0.9, 0.3, 0.01])
  spec.output "o" %o
}
