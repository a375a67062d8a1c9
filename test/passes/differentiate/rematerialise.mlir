// RUN: rondo-opt %s -split-input-file --rondo-rematerialise | FileCheck %s
// RUN: rondo-opt %s -split-input-file --rondo-rematerialise=budget=none | FileCheck %s --check-prefix=NONE
// RUN: rondo-opt %s -split-input-file --rondo-rematerialise=budget=2048 | FileCheck %s --check-prefix=BLOCK
// RUN: not rondo-opt %s -split-input-file --rondo-rematerialise=budget=some 2>&1 | FileCheck %s --check-prefix=ERROR

// ERROR: error: expected --remat auto, none or a number of bytes, found 'some' [RND2001]

// The activation's operand is kept for its own derivative, so the activation is computed again; both products stay.
// CHECK-LABEL: func.func @train
// CHECK-SAME: rondo.remat = {all_bytes = 6144 : i64, choice = "pointwise", kept_bytes = 4096 : i64}
// CHECK: %[[A:.*]] = rondo.linear %[[X:arg[0-9]+]], %[[W:.*]] :
// CHECK: %[[S:.*]] = rondo.activation silu %[[A]] :
// CHECK: %[[B:.*]] = rondo.linear %[[S]], %[[W]] :
// CHECK: rondo.linear_grad_weight %[[B]], %[[B]] {rondo.backward}
// CHECK: %[[AGAIN:.*]] = rondo.activation silu %[[A]] {rondo.backward}
// CHECK: rondo.linear_grad_weight %[[D:.*]], %[[AGAIN]] {rondo.backward}
// CHECK: rondo.activation_grad silu %[[A]], %[[D]] {rondo.backward}

// NONE: rondo.remat = {all_bytes = 6144 : i64, choice = "none", kept_bytes = 6144 : i64}
// NONE: %[[S:.*]] = rondo.activation
// NONE-NOT: rondo.activation silu
// NONE: rondo.linear_grad_weight %{{.*}}, %[[S]]

// The first product belongs to a block: only its input, which is the entry's, is kept.
// BLOCK: rondo.remat = {all_bytes = 6144 : i64, choice = "pointwise + 1 of 1 blocks", kept_bytes = 2048 : i64}
// BLOCK: rondo.linear_grad_weight
// BLOCK: %[[A:.*]] = rondo.linear %{{.*}} {rondo.backward}
// BLOCK: rondo.activation silu %[[A]] {rondo.backward}
// BLOCK: rondo.activation_grad silu %[[A]]
rondo.weight @w : tensor<64x64xf32> init #rondo.init<normal, 0.125>
func.func @train(%x: tensor<1x8x64xf32> {rondo.input = #rondo.input<"x", required>},
                 %d: tensor<1x8x64xf32> {rondo.input = #rondo.input<"d", required>})
    -> (tensor<64x64xf32> {rondo.output = "g"}, tensor<64x64xf32> {rondo.output = "h"}, tensor<1x8x64xf32> {rondo.output = "dx"})
    attributes {rondo.entry = #rondo.entry<train, B = 1, T = 8, slots = 1>} {
  %w = rondo.get_weight @w : tensor<64x64xf32>
  %a = rondo.linear %x, %w : (tensor<1x8x64xf32>, tensor<64x64xf32>) -> tensor<1x8x64xf32> loc("layers.0"("m.mlir":1:1))
  %s = rondo.activation silu %a : (tensor<1x8x64xf32>) -> tensor<1x8x64xf32> loc("layers.0"("m.mlir":2:1))
  %b = rondo.linear %s, %w : (tensor<1x8x64xf32>, tensor<64x64xf32>) -> tensor<1x8x64xf32>
  %g = rondo.linear_grad_weight %b, %b {rondo.backward} : (tensor<1x8x64xf32>, tensor<1x8x64xf32>) -> tensor<64x64xf32>
  %h = rondo.linear_grad_weight %d, %s {rondo.backward} : (tensor<1x8x64xf32>, tensor<1x8x64xf32>) -> tensor<64x64xf32>
  %dx = rondo.activation_grad silu %a, %d {rondo.backward} : (tensor<1x8x64xf32>, tensor<1x8x64xf32>) -> tensor<1x8x64xf32>
  return %g, %h, %dx : tensor<64x64xf32>, tensor<64x64xf32>, tensor<1x8x64xf32>
}

// -----

// A reshape is a view: what stands behind it is kept. A sum of two kept by nobody is not taken apart.
// CHECK-LABEL: func.func @no_recomputation_that_keeps_more
// CHECK-SAME: rondo.remat = {all_bytes = 2048 : i64, choice = "pointwise", kept_bytes = 2048 : i64}
// CHECK: %[[Y:.*]] = rondo.add
// CHECK-NOT: rondo.add
// CHECK: %[[V:.*]] = rondo.reshape %[[Y]] heads 4 {rondo.backward}
// CHECK: rondo.rms_norm_grad %[[V]]
func.func @no_recomputation_that_keeps_more(%x: tensor<1x8x64xf32> {rondo.input = #rondo.input<"x", required>},
                 %d: tensor<1x8x4x16xf32> {rondo.input = #rondo.input<"d", required>})
    -> (tensor<1x8x4x16xf32> {rondo.output = "dx"}, tensor<1x8x4x16xf32> {rondo.output = "n"})
    attributes {rondo.entry = #rondo.entry<train, B = 1, T = 8, slots = 1>} {
  %w = rondo.get_weight @w : tensor<64x64xf32>
  %a = rondo.linear %x, %w : (tensor<1x8x64xf32>, tensor<64x64xf32>) -> tensor<1x8x64xf32>
  %y = rondo.add %a, %x : (tensor<1x8x64xf32>, tensor<1x8x64xf32>) -> tensor<1x8x64xf32>
  %v = rondo.reshape %y heads 4 : (tensor<1x8x64xf32>) -> tensor<1x8x4x16xf32>
  %n = rondo.rms_norm %v eps 1.0e-6 : (tensor<1x8x4x16xf32>) -> tensor<1x8x4x16xf32>
  %dx = rondo.rms_norm_grad %v, %d eps 1.0e-6 {rondo.backward} : (tensor<1x8x4x16xf32>, tensor<1x8x4x16xf32>) -> tensor<1x8x4x16xf32>
  return %dx, %n : tensor<1x8x4x16xf32>, tensor<1x8x4x16xf32>
}
rondo.weight @w : tensor<64x64xf32> init #rondo.init<normal, 0.125>
