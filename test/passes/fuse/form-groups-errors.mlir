// RUN: rondo-opt %s --rondo-form-groups=target=cpu:znver4 --split-input-file --verify-diagnostics

module {
  func.func @no_kernel(%x: tensor<1x8x16xf32>) -> tensor<1x8x16xf32>
      attributes {rondo.entry = #rondo.entry<forward, B = 1, T = 8, slots = 0>} {
    // expected-error@+1 {{cannot become part of a kernel: it is neither a root nor pointwise}}
    %y = arith.addf %x, %x : tensor<1x8x16xf32>
    return %y : tensor<1x8x16xf32>
  }
}

// -----

module {
  rondo.state @s carried : tensor<8x16xf32>
  func.func @no_reader(%x: tensor<1x8x16xf32>, %slot: tensor<1xi32>) -> tensor<1x8x16xf32>
      attributes {rondo.entry = #rondo.entry<prefill, B = 1, T = 8, slots = 1>} {
    // expected-error@+1 {{expected the root of a kernel to read the state}}
    %s = rondo.read_state @s[%slot] : (tensor<1xi32>) -> tensor<1x8x16xf32>
    %y = rondo.add %x, %s : (tensor<1x8x16xf32>, tensor<1x8x16xf32>) -> tensor<1x8x16xf32>
    return %y : tensor<1x8x16xf32>
  }
}

// -----

module {
  rondo.state @s carried : tensor<8x16xf32>
  func.func @no_writer(%x: tensor<1x8x16xf32>, %slot: tensor<1xi32>)
      attributes {rondo.entry = #rondo.entry<prefill, B = 1, T = 8, slots = 1>} {
    // expected-error@+1 {{expected a value that the root of a kernel computes}}
    rondo.write_state %x, @s[%slot] : tensor<1x8x16xf32>, tensor<1xi32>
    return
  }
}
