// RUN: rondo-opt %s --rondo-check-spec --rondo-specialise-spec --rondo-infer-shapes --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: module attributes {{.*}}rondo.model = "decoder"
// CHECK: %[[P:.*]], %{{.*}} = rondo.positions
// CHECK: %[[O:.*]], %[[LSE:.*]] = rondo.attention %{{.*}}, %[[K:.*]], %[[K]] positions(%[[P]]) scale 5.000000e-01 capacity 64
// CHECK-SAME: (tensor<?x?x4x4xf32>, tensor<?x?x2x4xf32>, tensor<?x?x2x4xf32>, tensor<?x?xi64>) -> (tensor<?x?x4x4xf32>, tensor<?x?x4xf32>)
// CHECK: return %[[O]], %[[LSE]]
spec.model @decoder {
  %x = spec.input "x" width(16)
  %q = spec.linear %x to(16) heads(4) weight("q.weight")
  %k = spec.linear %x to(8) heads(2) weight("k.weight")
  %o, %lse = spec.attention %q, %k, %k capacity(8 * 8) scale(0.5)
  spec.output "o" %o
  spec.output "lse" %lse
}

// -----

// CHECK-LABEL: module attributes {{.*}}rondo.model = "encoder"
// CHECK-NOT: rondo.positions
// CHECK: rondo.attention %[[Q:.*]], %[[Q]], %[[Q]] scale 1.000000e+00 {bidirectional
spec.model @encoder {
  %x = spec.input "x" width(8)
  %q = spec.linear %x heads(2) weight("q.weight")
  %o = spec.attention %q, %q, %q bidirectional
  spec.output "o" %o
}

// -----

spec.model @wrong {
  %x = spec.input "x" width(8)
  %q = spec.linear %x heads(2) weight("q.weight")
  // expected-error@+2 {{attention: expected 'capacity(COUNT)', found none [RND2103]}}
  // expected-note@+1 {{help: capacity(4096) holds the keys and values of sequences of up to 4096 tokens}}
  %a = spec.attention %q, %q, %q
  // expected-error@+2 {{attention: expected no 'capacity' beside 'bidirectional', found one [RND2103]}}
  // expected-note@+1 {{help: what looks both ways has no prefill or decode, so no cache}}
  %b = spec.attention %q, %q, %q bidirectional capacity(8)
  // expected-error@+2 {{expected a whole number from 1 to 2147483647 in 'capacity', found 0 [RND2104]}}
  // expected-note@+1 {{help: change the expression or the hyper-parameters in it}}
  %c = spec.attention %q, %q, %q capacity(0)
  spec.output "o" %a
}
