// RUN: rondo-opt %s -split-input-file -verify-diagnostics --rondo-derive-entries="entries=forward:T=8;decode:B=2"

!x = tensor<?x?x1x4xf32>
func.func @no_decode_of_what_looks_ahead(%x: !x {rondo.input = #rondo.input<"x", required>})
    -> (!x {rondo.output = "y"}) attributes {rondo.graph} {
  // expected-error@+2 {{entry point 'decode' cannot walk the sequence in stretches through 'rondo.retention': it looks ahead [RND2109]}}
  // expected-note@+1 {{help: ask for forward only}}
  %o, %s = rondo.retention %x, %x, %x decay [0.5] {direction = #rondo<direction adjoint>}
      : (!x, !x, !x) -> (!x, tensor<?x1x4x4xf32>)
  return %o : !x
}

// -----

!x = tensor<?x?x1x4xf32>
func.func @no_second_initial_state(%x: !x {rondo.input = #rondo.input<"x", required>},
                                   %s: tensor<?x1x4x4xf32> {rondo.input = #rondo.input<"state", required>})
    -> (!x {rondo.output = "y"}) attributes {rondo.graph} {
  // expected-error@+2 {{through 'rondo.retention': its initial state or length is an operand of the graph [RND2109]}}
  // expected-note@+1 {{help: ask for forward only}}
  %o, %f = rondo.retention %x, %x, %x decay [0.5] init(%s)
      : (!x, !x, !x, tensor<?x1x4x4xf32>) -> (!x, tensor<?x1x4x4xf32>)
  return %o : !x
}

// -----

!x = tensor<?x?x1x4xf32>
func.func @no_stretches_under_parallel_scale(%x: !x {rondo.input = #rondo.input<"x", required>})
    -> (!x {rondo.output = "y"}) attributes {rondo.graph} {
  // expected-error@+2 {{row_scale torchscale_parallel has no form that carries a state [RND2109]}}
  // expected-note@+1 {{help: ask for forward only}}
  %o, %s = rondo.retention %x, %x, %x decay [0.5] {row_scale = #rondo<row_scale torchscale_parallel>}
      : (!x, !x, !x) -> (!x, tensor<?x1x4x4xf32>)
  return %o : !x
}

// -----

// expected-error@+2 {{expected no graph input called 'slot' for entry point 'decode', which adds its own [RND2109]}}
// expected-note@+1 {{help: rename the input}}
func.func @no_input_called_slot(%x: tensor<?x?x4xf32> {rondo.input = #rondo.input<"slot", required>})
    -> (tensor<?x?x4xf32> {rondo.output = "y"}) attributes {rondo.graph} {
  return %x : tensor<?x?x4xf32>
}

// -----

// expected-error@+1 {{expected a function with rondo.graph, found none}}
module {}

// -----

func.func private @one() attributes {rondo.graph}
// expected-error@+1 {{expected one function with rondo.graph, found a second}}
func.func private @two() attributes {rondo.graph}
