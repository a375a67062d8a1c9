// RUN: rondo-opt %s --rondo-check-spec --rondo-specialise-spec --rondo-infer-shapes --split-input-file --verify-diagnostics | FileCheck %s

// Every dropout of the unrolled model has a number of its own. At rate 0 there is none.
// CHECK-LABEL: func.func @model
// CHECK: %[[E:.*]] = rondo.embedding
// CHECK: %[[A:.*]] = rondo.dropout %[[E]] rate 1.000000e-01 id 0
// CHECK: rondo.add %[[E]], %[[A]]
// CHECK: rondo.dropout %{{.*}} rate 1.000000e-01 id 1
// CHECK: rondo.add
// CHECK-NOT: rondo.dropout
// CHECK: rondo.add
// CHECK-NOT: rondo.dropout
// CHECK: return
spec.model @numbers {
  spec.hyper @rate = 0.1 in [0, 1]
  spec.block @layer(%x) {
    %y = spec.dropout %x rate(@rate) residual(%x)
    spec.yield %y
  }
  %t = spec.input "tokens" tokens(256)
  %e = spec.embedding %t to(8) weight("embed.weight")
  %h = spec.repeat @layer(%e) times(2) names("layers.{layer}.")
  %n = spec.dropout %h rate(0) residual(%h)
  spec.output "o" %n
}

// -----

spec.model @rates {
  // expected-note@+1 {{the value tokens [B, T] comes from here}}
  %t = spec.input "tokens" tokens(256)
  %e = spec.embedding %t to(8) weight("embed.weight")
  // expected-error@+2 {{expected 0 <= rate < 1, found 1 [RND2104]}}
  // expected-note@+1 {{help: the rate is the share of elements that become 0; 0.1 is usual}}
  %a = spec.dropout %e rate(1)
  // expected-error@+2 {{expected 0 <= rate < 1, found -0.5 [RND2104]}}
  // expected-note@+1 {{help: the rate is the share of elements that become 0; 0.1 is usual}}
  %b = spec.dropout %a rate(-0.5)
  // expected-error@+2 {{dropout: expected numbers [B, T, ...], found tokens [B, T] [RND2105]}}
  // expected-note@+1 {{help: embed tokens first}}
  %c = spec.dropout %t rate(0.1)
  // expected-error@+2 {{dropout: expected a clause 'rate', found none [RND2103]}}
  // expected-note@+1 {{help: add rate(NUMBER)}}
  %d = spec.dropout %b
  spec.output "o" %d
}
