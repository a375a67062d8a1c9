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

// -----

// Every step has 2^16 streams; 5 * 13107 + 1 of them are in use when the last op comes.
spec.model @no_stream_left {
  spec.block @layer(%x) {
    %a = spec.dropout %x rate(0.5)
    %b = spec.dropout %a rate(0.5)
    %c = spec.dropout %b rate(0.5)
    %d = spec.dropout %c rate(0.5)
    %e = spec.dropout %d rate(0.5)
    spec.yield %e
  }
  %x = spec.input "x" width(8)
  %h = spec.repeat @layer(%x) times(13107) names("layers.{layer}.")
  %n = spec.dropout %h rate(0)
  %y = spec.dropout %n rate(0.5)
  // expected-error@+2 {{expected at most 65536 dropouts with a rate above 0 in a model, found more [RND2104]}}
  // expected-note@+1 {{help: leave some out, or repeat the block less often}}
  %z = spec.dropout %y rate(0.5)
  spec.output "o" %z
}
