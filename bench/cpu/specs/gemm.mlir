// One product: x [1, T, K] times W^T, W [N, K].
spec.model @gemm {
  spec.hyper @in_width = 512 in [1, 65536]
  spec.hyper @out_width = 512 in [1, 65536]
  %x = spec.input "x" width(@in_width)
  %y = spec.linear %x to(@out_width) weight("w.weight")
  spec.output "y" %y
}
