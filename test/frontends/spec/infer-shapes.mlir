// RUN: rondo-opt %s --rondo-infer-shapes --split-input-file | FileCheck %s

// CHECK-LABEL: module attributes {rondo.hypers = {eps = 5.000000e-01 : f64, width = 8 : i64}, rondo.model = "tied", rondo.text, rondo.vocab = 256 : i64}
// CHECK: rondo.weight @embed.weight : tensor<256x8xf32> init <normal, 1.000000e+00 : f64> {aliases = ["head.weight"]}
// CHECK: func.func @model(%[[T:.*]]: tensor<?x?xi32> {rondo.input = #rondo.input<"tokens", required, 0, 255>})
// CHECK-SAME: -> (tensor<?x?x256xf32> {rondo.output = "logits"}) attributes {rondo.graph}
// CHECK: rondo.embedding
// CHECK-NEXT: rondo.scale %{{.*}} by 2.000000e+00
// CHECK: rondo.get_weight @embed.weight
// CHECK: rondo.linear
spec.model @tied {
  spec.hyper @width = 8
  spec.hyper @eps = 0.5
  %t = spec.input "tokens" tokens(256) text
  %e = spec.embedding %t to(8) weight("embed.weight", normal(1), no_decay) alias("head.weight") scale(2)
  %y = spec.linear %e to(256) weight("embed.weight")
  spec.output "logits" %y
}

// -----

// Bare inputs, shared heads of keys and values, documents, a decay per token: the state is named after the instance.
// CHECK-LABEL: rondo.model = "gated"
// CHECK: func.func @model(%[[Q:.*]]: tensor<?x?x4x16xf32> {rondo.input = #rondo.input<"q", required>}, %[[K:.*]]: tensor<?x?x2x16xf32>
// CHECK-SAME: tensor<?x?x4xf32> {rondo.input = #rondo.input<"g", required>}, %[[DOC:.*]]: tensor<?x?xi8> {rondo.input = #rondo.input<"doc", zeros, 0, 1>})
// CHECK: %[[P:.*]], %{{.*}} = rondo.positions %[[Q]] reset(%[[DOC]]) {rondo.layer = "blocks.0"}
// CHECK: rondo.rotary_table %[[P]] theta [1.000000e+00, {{.*}}] pairs halves
// CHECK: rondo.retention %{{.*}}, %{{.*}}, %[[K]] log_decay(%{{.*}}) reset(%[[DOC]]) {rondo.layer = "blocks.0"}
// CHECK-SAME: -> (tensor<?x?x4x16xf32>, tensor<?x4x16x16xf32>)
spec.model @gated {
  %q = spec.input "q" heads(4) width(16)
  %k = spec.input "k" heads(2) width(16)
  %g = spec.input "g" heads(4)
  %doc = spec.input "doc" flags
  %p = spec.positions %q reset(%doc) {instance = "blocks.0"}
  %qr, %kr = spec.rotary %q, %k at(%p) theta(standard) pairs(halves) {instance = "blocks.0"}
  %o = spec.retention %qr, %kr, %k log_decay(%g) reset(%doc) {instance = "blocks.0"}
  spec.output "o" %o
}
