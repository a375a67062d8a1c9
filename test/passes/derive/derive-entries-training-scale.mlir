// A row scale knows no documents: retention under one carries its states through training, but is not cut by segment_ids.
// RUN: rondo-opt %s --rondo-derive-entries="entries=vjp:T=8;train:T=8" | FileCheck %s

// CHECK-LABEL: func.func @train
// CHECK: rondo.retention {{.*}} init(%{{[^ ]*}}) init_scale(%{{[^ ]*}})
// CHECK-NOT: reset(
// CHECK: return
rondo.weight @embed : tensor<97x4xf32> init #rondo.init<normal, 0.125>
func.func @model(%tokens: tensor<?x?xi32> {rondo.input = #rondo.input<"tokens", required, 0, 96>})
    -> (tensor<?x?x97xf32> {rondo.output = "logits"}) attributes {rondo.graph} {
  %w = rondo.get_weight @embed : tensor<97x4xf32>
  %x = rondo.embedding %tokens, %w : (tensor<?x?xi32>, tensor<97x4xf32>) -> tensor<?x?x4xf32>
  %h = rondo.reshape %x heads 1 : (tensor<?x?x4xf32>) -> tensor<?x?x1x4xf32>
  %o, %s, %a = rondo.retention %h, %h, %h decay [0.5] {row_scale = #rondo<row_scale torchscale_recurrent>}
      : (tensor<?x?x1x4xf32>, tensor<?x?x1x4xf32>, tensor<?x?x1x4xf32>) -> (tensor<?x?x1x4xf32>, tensor<?x1x4x4xf32>, tensor<?x1xf32>)
  %f = rondo.reshape %o : (tensor<?x?x1x4xf32>) -> tensor<?x?x4xf32>
  %l = rondo.linear %f, %w : (tensor<?x?x4xf32>, tensor<97x4xf32>) -> tensor<?x?x97xf32>
  return %l : tensor<?x?x97xf32>
}
