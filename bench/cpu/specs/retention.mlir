// Retention alone, heads of RetNet: 8 of 64 x 128 by default.
spec.model @retention {
  spec.hyper @heads = 8 in [1, 64]
  spec.hyper @key_width = 64 in [1, 1024]
  spec.hyper @value_width = 128 in [1, 1024]
  %q = spec.input "q" heads(@heads) width(@key_width)
  %k = spec.input "k" heads(@heads) width(@key_width)
  %v = spec.input "v" heads(@heads) width(@value_width)
  %o = spec.retention %q, %k, %v decay(1 - pow(2, -5 - head))
  spec.output "o" %o
}
