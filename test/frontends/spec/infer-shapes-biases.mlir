// RUN: rondo-opt %s --rondo-check-spec --rondo-specialise-spec --rondo-infer-shapes --split-input-file --verify-diagnostics | FileCheck %s

// A bias stands before act and residual, and before heads are split. It begins as torch's Linear does, or as stated; the fans are its
// weight's. Blocks name it like a weight.
// CHECK-LABEL: module attributes {{.*}}rondo.model = "biases"
// CHECK: rondo.weight @layers.0.fc1.weight : tensor<4x16xf32> init <uniform, 2.500000e-01 : f64>
// CHECK: rondo.weight @layers.0.fc1.bias : tensor<4xf32> init <uniform, 2.500000e-01 : f64>
// CHECK: rondo.weight @q.bias : tensor<8xf32> init <constant, 0.000000e+00 : f64>
// CHECK: rondo.weight @out.bias : tensor<16xf32> init <uniform, 1.250000e+00 : f64> {weight_decay}
// CHECK: %[[B:.*]] = rondo.get_weight @layers.0.fc1.bias
// CHECK: %[[Y:.*]] = rondo.add_bias %{{.*}}, %[[B]] : (tensor<?x?x4xf32>, tensor<4xf32>) -> tensor<?x?x4xf32>
// CHECK-NEXT: rondo.activation gelu %[[Y]]
// CHECK: rondo.get_weight @q.bias
// CHECK-NEXT: %[[Q:.*]] = rondo.add_bias
// CHECK-NEXT: rondo.reshape %[[Q]] heads 2
// CHECK: %[[O:.*]] = rondo.add_bias
// CHECK-NEXT: rondo.add %{{.*}}, %[[O]]
spec.model @biases {
  spec.block @ffn(%x) {
    %y = spec.linear %x to(4) weight("fc1.weight") bias("fc1.bias") act(gelu)
    spec.yield %y
  }
  %x = spec.input "x" width(16)
  %h = spec.call @ffn(%x) names("layers.0.")
  %q = spec.linear %h to(8) heads(2) weight("q.weight") bias("q.bias", zeros)
  %o = spec.linear %q to(16) weight("out.weight") bias("out.bias", xavier(gain = 2.5), decay) residual(%x)
  spec.output "o" %o
}

// -----

// CHECK-LABEL: module attributes {{.*}}rondo.model = "norms"
// CHECK: rondo.weight @ln.weight : tensor<16xf32> init <constant, 1.000000e+00 : f64> {aliases = ["old.weight"]}
// CHECK: rondo.weight @ln.bias : tensor<16xf32> init <constant, 0.000000e+00 : f64>
// CHECK-NOT: aliases
// CHECK: rondo.weight @head.bias : tensor<8xf32>
// CHECK: %[[N:.*]] = rondo.layer_norm %{{.*}}, %{{.*}} eps {{.*}}E-7
// CHECK: %[[B:.*]] = rondo.add_bias %[[N]], %{{.*}}
// CHECK-NEXT: rondo.scale %[[B]] by 5.000000e-01
// CHECK: %[[H:.*]] = rondo.layer_norm %{{.*}} eps 1.000000e-05 : {{.*}} -> tensor<?x?x2x8xf32>
// CHECK: rondo.add_bias %[[H]], %{{.*}} : (tensor<?x?x2x8xf32>, tensor<8xf32>)
spec.model @norms {
  %x = spec.input "x" width(16)
  %n = spec.layer_norm %x eps(1e-6) weight("ln.weight") bias("ln.bias") alias("old.weight") scale(0.5)
  %q = spec.linear %n heads(2) weight("q.weight")
  %h = spec.layer_norm %q bias("head.bias")
  spec.output "o" %h
}

// -----

spec.model @refused {
  // expected-note@+1 {{the value tokens [B, T] comes from here}}
  %t = spec.input "tokens" tokens(256)
  %x = spec.embedding %t to(8) weight("e")
  // expected-error@+2 {{bias: expected initial values or a group, found 'zero' [RND2104]}}
  // expected-note@+1 {{help: did you mean 'zeros'?}}
  %a = spec.linear %x weight("a") bias("a.bias", zero)
  // expected-error@+2 {{bias: expected the parameter's name as a string, found an expression [RND2104]}}
  // expected-note@+1 {{help: write bias("NAME"}}
  %b = spec.linear %a weight("b") bias(1)
  // expected-error@+2 {{rms_norm: expected one of its clauses, found 'bias' [RND2103]}}
  // expected-note@+1 {{rms_norm takes eps(NUMBER), joined, weight}}
  %c = spec.rms_norm %b bias("c")
  // expected-error@+2 {{expected eps >= 0, found -1 [RND2104]}}
  // expected-note@+1 {{help: eps keeps rows of zeros finite; 1e-05 is usual}}
  %d = spec.layer_norm %c eps(-1)
  // expected-note@+1 {{first used here as [8]}}
  %e = spec.layer_norm %d bias("shared")
  // expected-error@+2 {{expected 'shared' to be [8], found a use as [4] [RND2105]}}
  // expected-note@+1 {{help: two uses of one name are one parameter}}
  %f = spec.linear %e to(4) weight("f") bias("shared")
  // expected-error@+2 {{layer_norm: expected numbers [B, T, ...], found tokens [B, T] [RND2105]}}
  // expected-note@+1 {{help: embed tokens first}}
  %g = spec.layer_norm %t
  spec.output "o" %f
}
