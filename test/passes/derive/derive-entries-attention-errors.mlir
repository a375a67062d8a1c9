// RUN: rondo-opt %s -split-input-file -verify-diagnostics --rondo-derive-entries="entries=forward:T=8;prefill:B=2,T=8"

!x = tensor<?x?x2x4xf32>
func.func @no_prefill_of_what_looks_both_ways(%x: !x {rondo.input = #rondo.input<"x", required>})
    -> (!x {rondo.output = "y"}) attributes {rondo.graph} {
  // expected-error@+2 {{entry point 'prefill' cannot walk the sequence in stretches through 'rondo.dilated_attention': it looks ahead [RND2109]}}
  // expected-note@+1 {{help: ask for forward only}}
  %o, %lse = rondo.dilated_attention %x, %x, %x dilation <[4, 8], [1, 2], blocks> scale 0.5 {bidirectional}
      : (!x, !x, !x) -> (!x, tensor<?x?x2xf32>)
  return %o : !x
}

// -----

!x = tensor<?x?x2x4xf32>
func.func @no_prefill_without_positions(%x: !x {rondo.input = #rondo.input<"x", required>})
    -> (!x {rondo.output = "y"}) attributes {rondo.graph} {
  // expected-error@+2 {{through 'rondo.dilated_attention': it has no positions, which tell how far earlier stretches reached [RND2109]}}
  // expected-note@+1 {{help: ask for forward only}}
  %o, %lse = rondo.dilated_attention %x, %x, %x dilation <[4, 8], [1, 2], blocks> scale 0.5
      : (!x, !x, !x) -> (!x, tensor<?x?x2xf32>)
  return %o : !x
}
