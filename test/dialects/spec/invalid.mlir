// RUN: rondo-opt %s --split-input-file --verify-diagnostics
// Only what is no text of the language stops the parser; the rest is left to rondo-check-spec.

// expected-error@+1 {{expected ')'}}
spec.model @m { %x = spec.linear %x to(5 6) }

// -----

spec.model @operator_without_operands {
// expected-error@+1 {{expected an expression, found the operator 'or'}}
  spec.hyper @a = or(1)
}

// -----

// expected-error@+1 {{expected digits after the exponent sign}}
spec.model @m { spec.hyper @eps = 1e- }

// -----

// expected-error@+1 {{expected an expression}}
spec.model @m { spec.hyper @eps = }

// -----

// expected-error@+1 {{expected a number that a double can hold}}
spec.model @m { spec.hyper @eps = 1e999 }

// -----

// expected-error@+1 {{expected name = value}}
spec.model @m { spec.preset "p" { 5 } }

// -----

// expected-error@+1 {{expected an expression nested at most 64 deep [RND1001]}}
spec.model @m { spec.hyper @a = - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - - 1 }

// -----

// expected-error@+1 {{expected at most 64 terms in one chain}}
spec.model @m { spec.hyper @a = 1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1 }
