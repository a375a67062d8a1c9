// Which rows of logits prefill computes.
// RUN: rondo-opt %s --rondo-derive-entries="entries=prefill:T=16" | FileCheck %s
// RUN: rondo-opt %s --rondo-derive-entries="entries=prefill:T=16,logits=all" | FileCheck %s --check-prefix=ALL
// RUN: rondo-opt %s --rondo-derive-entries="entries=prefill:T=16,logits=none" | FileCheck %s --check-prefix=NONE

// What stands between the product and the output is done on the one row as well.
// CHECK: %[[ROW:.*]] = rondo.last_row %{{.*}} : (tensor<1x16x8xf32>, tensor<1xi32>) -> tensor<1x1x8xf32>
// CHECK: %[[L:.*]] = rondo.linear %[[ROW]], {{.*}} -> tensor<1x1x97xf32>
// CHECK: %[[Y:.*]] = rondo.scale %[[L]] by 2.0{{.*}} -> tensor<1x1x97xf32>
// CHECK: return %[[Y]]

// ALL-NOT: rondo.last_row
// ALL: return %{{.*}} : tensor<1x16x97xf32>

// The state advances, and nothing but what it needs is left.
// NONE: rondo.write_state
// NONE-NOT: rondo.linear
// NONE: return{{$}}

rondo.weight @embed : tensor<97x8xf32> init #rondo.init<normal, 0.125>

func.func @model(%tokens: tensor<?x?xi32> {rondo.input = #rondo.input<"tokens", required, 0, 96>})
    -> (tensor<?x?x97xf32> {rondo.output = "logits"}) attributes {rondo.graph} {
  %w = rondo.get_weight @embed : tensor<97x8xf32>
  %x = rondo.embedding %tokens, %w : (tensor<?x?xi32>, tensor<97x8xf32>) -> tensor<?x?x8xf32>
  %p, %n = rondo.positions %tokens : (tensor<?x?xi32>) -> (tensor<?x?xi64>, tensor<?xi64>)
  %h = rondo.reshape %x heads 2 : (tensor<?x?x8xf32>) -> tensor<?x?x2x4xf32>
  %o, %s = rondo.retention %h, %h, %h decay [0.5, 1.0] {rondo.layer = "layers.0"}
      : (tensor<?x?x2x4xf32>, tensor<?x?x2x4xf32>, tensor<?x?x2x4xf32>) -> (tensor<?x?x2x4xf32>, tensor<?x2x4x4xf32>)
  %f = rondo.reshape %o : (tensor<?x?x2x4xf32>) -> tensor<?x?x8xf32>
  %l = rondo.linear %f, %w : (tensor<?x?x8xf32>, tensor<97x8xf32>) -> tensor<?x?x97xf32>
  %y = rondo.scale %l by 2.0 : (tensor<?x?x97xf32>) -> tensor<?x?x97xf32>
  return %y : tensor<?x?x97xf32>
}
