// RUN: rondo-opt %s --pass-pipeline="builtin.module(rondo-specialise-spec{preset=two hypers=eps=1e-5,vocab=300})" | FileCheck %s
// RUN: not rondo-opt %s --pass-pipeline="builtin.module(rondo-specialise-spec{preset=twoo hypers=witdh=9})" 2>&1 | FileCheck %s --check-prefix=ERROR

// ERROR: error: expected a hyper-parameter of the spec, found '-D witdh=9' [RND2108]
// ERROR: note: help: did you mean 'width'?
// ERROR: error: expected a preset of the spec, found 'twoo' [RND2108]
// ERROR: note: help: did you mean 'two'?

// CHECK: spec.model @stack attributes {preset = "two"} {
// CHECK-NEXT: spec.hyper @vocab = 300
// CHECK-NEXT: spec.hyper @width = 16
// CHECK-NEXT: spec.hyper @layers = 2
// CHECK-NEXT: spec.hyper @eps = 1e-05
// CHECK-NEXT: %[[T:.*]] = spec.input "tokens" tokens(300)
// CHECK-NEXT: %[[E:.*]] = spec.embedding %[[T]] to(16) weight("embed.weight")
// CHECK-NEXT: %[[A:.*]] = spec.rms_norm %[[E]] eps(1e-05) weight("layers.0.norm.weight") {instance = "layers.0"}
// CHECK-NEXT: %[[B:.*]] = spec.linear %[[A]] weight("layers.0.ffn.fc.weight") scale(1) {instance = "layers.0.ffn"}
// CHECK-NEXT: %[[C:.*]] = spec.rms_norm %[[B]] eps(1e-05) weight("layers.1.norm.weight") {instance = "layers.1"}
// CHECK-NEXT: %[[D:.*]] = spec.linear %[[C]] weight("layers.1.ffn.fc.weight") scale(2) {instance = "layers.1.ffn"}
// CHECK-NEXT: spec.output "x" %[[D]]
spec.model @stack {
  spec.hyper @vocab = 256
  spec.hyper @width = 8
  spec.hyper @layers = 1
  spec.hyper @eps = 1e-6
  spec.preset "two" { width = 16, layers = 2 }
  spec.block @ffn(%x) {
    %y = spec.linear %x weight("fc.weight") scale(layer + 1)
    spec.yield %y
  }
  spec.block @layer(%x) {
    %n = spec.rms_norm %x eps(@eps) weight("norm.weight")
    %y = spec.call @ffn(%n) names("ffn.")
    spec.yield %y
  }
  %t = spec.input "tokens" tokens(@vocab)
  %e = spec.embedding %t to(@width) weight("embed.weight")
  %h = spec.repeat @layer(%e) times(@layers) names("layers.{layer}.")
  spec.output "x" %h
}
