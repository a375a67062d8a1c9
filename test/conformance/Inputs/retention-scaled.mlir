// Bare retention with the decays of RetNet, its rows scaled as torchscale's recurrent form does.
spec.model @retention {
  spec.hyper @heads = 1 in [1, 64]
  spec.hyper @key_width = 4 in [1, 1024]
  spec.hyper @value_width = 4 in [1, 1024]
  %q = spec.input "q" heads(@heads) width(@key_width)
  %k = spec.input "k" heads(@heads) width(@key_width)
  %v = spec.input "v" heads(@heads) width(@value_width)
  %o = spec.retention %q, %k, %v decay(1 - pow(2, -5 - head)) row_scale(torchscale_recurrent)
  spec.output "o" %o
}
