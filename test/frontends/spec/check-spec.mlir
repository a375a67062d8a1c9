// RUN: rondo-opt %s --rondo-check-spec --split-input-file --verify-diagnostics
// One section per kind of error; several errors of one section come out of one run.

spec.model @unknown_op {
  %t = spec.input "tokens" tokens(256)
  // expected-error@+2 {{expected an op of the spec language, found 'spec.embeding' [RND2101]}}
  // expected-note@+1 {{help: did you mean 'embedding'?}}
  %x = spec.embeding %t to(8)
  spec.output "logits" %x
}

// -----

spec.model @names {
  // expected-error@+2 {{expected a hyper-parameter defined above, found '@later' [RND2102]}}
  // expected-note@+1 {{help: the spec has none so far}}
  spec.hyper @width = @later
  // expected-note@+1 {{'later' is first defined here}}
  spec.hyper @later = 8
  // expected-error@+2 {{expected a new name for the hyper-parameter, found 'later' again [RND2102]}}
  // expected-note@+1 {{help: rename or remove one of them}}
  spec.hyper @later = 9
  %t = spec.input "tokens" tokens(256)
  // expected-error@+2 {{expected a hyper-parameter defined above, found '@widht' [RND2102]}}
  // expected-note@+1 {{help: did you mean 'width'?}}
  %x = spec.embedding %t to(@widht) weight("e")
  // expected-error@+2 {{expected a block of the spec, found '@layer' [RND2102]}}
  // expected-note@+1 {{help: the spec has no blocks}}
  %y = spec.call @layer(%x)
  // expected-error@+2 {{expected a number, found the word 'width' [RND2102]}}
  // expected-note@+1 {{help: did you mean '@width'?}}
  %z = spec.linear %y to(width) weight("w")
  spec.output "logits" %z
}

// -----

spec.model @clauses {
  %t = spec.input "tokens" tokens(256)
  // expected-error@+2 {{embedding: expected a clause 'weight', found none [RND2103]}}
  // expected-note@+1 {{help: add weight("NAME"}}
  %x = spec.embedding %t to(8)
  // expected-error@+5 {{linear: expected one of its clauses, found 'head' [RND2103]}}
  // expected-note@+4 {{help: did you mean 'heads'? linear takes to(COUNT), heads(COUNT)}}
  // expected-note@+3 {{first given here}}
  // expected-error@+2 {{linear: expected 'to' once, found it again [RND2103]}}
  // expected-note@+1 {{help: remove one of them}}
  %y = spec.linear %x head(2) to(8) to(8) weight("w")
  spec.output "logits" %y
}

// -----

spec.model @values {
  %t = spec.input "tokens" tokens(256)
  %x = spec.embedding %t to(8) weight("e")
  // expected-error@+2 {{act: expected one of silu, gelu, relu, sigmoid, tanh, found 'glu' [RND2104]}}
  // expected-note@+1 {{help: did you mean 'gelu'?}}
  %a = spec.linear %x act(glu) weight("a")
  // expected-error@+2 {{expected a whole number from 1 to 2147483647 in 'to', found 2.66667 [RND2104]}}
  // expected-note@+1 {{help: change the expression or the hyper-parameters in it}}
  %b = spec.linear %x to(8 / 3) weight("b")
  // expected-error@+2 {{weight: expected initial values or a group, found 'xaver' [RND2104]}}
  // expected-note@+1 {{help: did you mean 'xavier'?}}
  %c = spec.linear %x weight("c", xaver)
  // expected-error@+2 {{expected a finite number, found '1 / 0' = infinity [RND2104]}}
  // expected-note@+1 {{help: check for a division by zero}}
  %d = spec.linear %x weight("d") scale(1 / 0)
  spec.output "logits" %a
}

// -----

spec.model @shapes {
  %t = spec.input "tokens" tokens(256)
  // expected-note@+1 {{the value [B, T, 8] comes from here}}
  %x = spec.embedding %t to(8) weight("e")
  // expected-error@+2 {{linear: expected a residual of the result's shape [B, T, 9], found [B, T, 8] [RND2105]}}
  // expected-note@+1 {{help: make both widths equal}}
  %a = spec.linear %x to(9) weight("a") residual(%x)
  // expected-error@+2 {{linear: expected heads that divide the width 8, found 3 [RND2105]}}
  // expected-note@+1 {{help: the nearest widths are 6 and 9}}
  %b = spec.linear %x heads(3) weight("b")
  // expected-note@+1 {{first used here as [4, 8]}}
  %c = spec.linear %x to(4) weight("shared")
  // expected-error@+2 {{expected 'shared' to be [4, 8], found a use as [5, 8] [RND2105]}}
  // expected-note@+1 {{help: two uses of one name are one parameter}}
  %d = spec.linear %x to(5) weight("shared")
  spec.output "logits" %c
}

// -----

spec.model @range {
  // expected-error@+3 {{expected a value in [1, 4] for @width, found 8 [RND2106]}}
  // expected-note@+2 {{this is the default 8}}
  // expected-note@+1 {{help: set it with -D width=VALUE inside the range}}
  spec.hyper @width = 8 in [1, 4]
  spec.hyper @heads = 3
  // expected-error@+3 {{expected @width mod @heads == 0, found @width = 8, @heads = 3 [RND2107]}}
  // expected-note@+2 {{heads must divide the width}}
  // expected-note@+1 {{help: change the hyper-parameters with -D NAME=VALUE}}
  spec.require @width mod @heads == 0, "heads must divide the width"
  // expected-error@+2 {{expected a hyper-parameter of the spec, found 'widht' [RND2108]}}
  // expected-note@+1 {{help: did you mean 'width'?}}
  spec.preset "tiny" { widht = 4 }
  %t = spec.input "tokens" tokens(256)
  %x = spec.embedding %t to(@width) weight("e")
  spec.output "logits" %x
}

// -----

// expected-error@+2 {{expected a model with an output, found none [RND2111]}}
// expected-note@+1 {{help: write spec.output "logits" %logits}}
spec.model @structure {
  // expected-error@+3 {{expected spec.yield at the end of block @endless, found none [RND2111]}}
  // expected-note@+2 {{help: write spec.yield}}
  // expected-note@+1 {{@endless is defined here}}
  spec.block @endless(%x) {
    // expected-error@+2 {{expected a call of another block, found that @endless calls itself [RND2111]}}
    // expected-note@+1 {{help: spec.repeat makes a chain of instances}}
    %y = spec.call @endless(%x)
  }
  %t = spec.input "tokens" tokens(256)
  // expected-error@+2 {{retention: expected 3 operands, found 1 [RND2111]}}
  // expected-note@+1 {{help: values that are not operands stand in clauses}}
  %o = spec.retention %t decay(0.5)
}

// -----

spec.model @outer {
  spec.block @b(%x) {
    %a = spec.linear %x to(4) weight("a")
    // expected-error@+2 {{expected 'spec.model' at the top of the file, found it in a block [RND2111]}}
    // expected-note@+1 {{help: put everything into one spec.model}}
    spec.model @inner {
      %y = spec.linear %a to(4) weight("y")
    }
    spec.yield %a
  }
  // expected-error@+2 {{expected 'spec.model' at the top of the file, found it in a model [RND2111]}}
  // expected-note@+1 {{help: put everything into one spec.model}}
  spec.model @beside {
  }
  %t = spec.input "tokens" tokens(8)
  %e = spec.embedding %t to(4) weight("e")
  %c = spec.call @b(%e)
  spec.output "logits" %c
}
