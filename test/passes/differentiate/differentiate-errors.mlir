// RUN: rondo-opt %s -split-input-file -verify-diagnostics --rondo-differentiate

func.func @no_derivative(%x: tensor<1x4x8xf32> {rondo.input = #rondo.input<"x", required>},
                         %n: tensor<1xi32> {rondo.input = #rondo.input<"n", required>})
    -> (tensor<1x1x8xf32> {rondo.output = "y"}) attributes {rondo.entry = #rondo.entry<vjp, B = 1, T = 4, slots = 0>} {
  // expected-error@+2 {{cannot differentiate through 'rondo.last_row': it has no derivative [RND2109]}}
  // expected-note@+1 {{help: freeze the parameters before it, or ask for entry points without gradients}}
  %y = rondo.last_row %x, %n : (tensor<1x4x8xf32>, tensor<1xi32>) -> tensor<1x1x8xf32>
  return %y : tensor<1x1x8xf32>
}

// -----

// expected-error@+1 {{expected an output 'loss' that a loss op makes: run rondo-derive-entries first}}
func.func @train() attributes {rondo.entry = #rondo.entry<train, B = 1, T = 4, slots = 0>} {
  return
}
