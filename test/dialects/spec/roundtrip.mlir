// RUN: rondo-opt %s | rondo-opt | FileCheck %s
// The text of every op is read back as it is printed.

// CHECK-LABEL: spec.model @everything
spec.model @everything {
  // CHECK-NEXT: spec.hyper @width = 64 in [1, 65536]
  spec.hyper @width = 64 in [1, 65536]   spec.hyper @heads = 4
  // CHECK: spec.hyper @eps = 1e-06
  spec.hyper @eps = 1e-6
  // CHECK-NEXT: spec.hyper @large = 250000
  spec.hyper @large = 2.5e5
  // CHECK-NEXT: spec.hyper @also = 1000000
  spec.hyper @also = 1E+6
  // CHECK-NEXT: spec.require @width mod @heads == 0 and @width >= @heads * (2 + 1), "message"
  spec.require @width mod @heads == 0 and @width >= @heads * (2 + 1), "message"
  // CHECK-NEXT: spec.preset "1.3B" { width = 2048, heads = 8 }
  spec.preset "1.3B" { width = 2048, heads = 8 }
  // CHECK-NEXT: spec.block @layer(%[[X:.*]]) {
  spec.block @layer(%x) {
    // CHECK-NEXT: %[[Y:.*]] = spec.linear %[[X]] heads(@heads) weight("q.weight", xavier(gain = pow(2, -2.5)), decay) residual(%[[X]], -(1 - @eps) - (2 - 3))
    %y = spec.linear %x heads(@heads) weight("q.weight", xavier(gain = pow(2, -2.5)), decay) residual(%x, -(1 - @eps) - (2 - 3))
    // CHECK-NEXT: %[[R:.*]]:2 = spec.rotary %[[Y]], %[[Y]] theta(standard, base = 500) pairs(halves)
    %q, %k = spec.rotary %y, %y theta(standard, base = 500) pairs(halves)
    // CHECK-NEXT: spec.retention %[[R]]#0, %[[R]]#1, %[[Y]] decay([1, 0.9, 0.3, 0.01])
    %o = spec.retention %q, %k, %y decay([1.0, 0.9, 0.3, 0.01])
    spec.yield %o
  }
  // CHECK: %[[T:.*]] = spec.input "tokens" tokens(256) text
  %t = spec.input "tokens" tokens(256) text
  %e = spec.embedding %t to(@width) weight("embed.weight") alias("head.weight") scale(sqrt(@width))
  // CHECK: spec.repeat @layer(%{{.*}}) times(6) names("layers.{layer}.")
  %h = spec.repeat @layer(%e) times(6) names("layers.{layer}.")
  // CHECK-NEXT: spec.call @layer(%{{.*}}) names("last.")
  %c = spec.call @layer(%h) names("last.")
  // CHECK-NEXT: spec.unknown "mixture" %{{.*}} window(5)
  %u = spec.mixture %c window(5)
  // CHECK-NEXT: spec.output "logits"
  spec.output "logits" %u
}
