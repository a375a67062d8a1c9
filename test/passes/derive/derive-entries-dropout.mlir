// Dropout exists where a loss is differentiated: there it draws from the stream of its id, elsewhere it is gone.
// RUN: rondo-opt %s --rondo-derive-entries="entries=grad:B=2,T=16;accumulate:B=2,T=16;train:B=2,T=16" | FileCheck %s
// RUN: rondo-opt %s --rondo-derive-entries="entries=forward:T=16;score:T=16;prefill:T=16;decode;vjp:T=16" | FileCheck %s --check-prefix=INFERENCE

// Equal ops stay two, and an op that nothing needs leaves the others their streams.
// CHECK-LABEL: func.func @grad
// CHECK-SAME: %[[SEED:[a-z0-9]+]]: tensor<i64> {rondo.input = #rondo.input<"seed", zeros>}
// CHECK-SAME: %[[STEP:[a-z0-9]+]]: tensor<i64> {rondo.input = #rondo.input<"step", zeros>}
// CHECK: %[[S:.*]]:3 = rondo.random_streams %[[SEED]], %[[STEP]]
// CHECK: %[[X:.*]] = rondo.embedding
// CHECK: %[[A:.*]] = rondo.dropout %[[X]], %[[S]]#0 rate 2.500000e-01
// CHECK-NOT: rondo.dropout
// CHECK: %[[B:.*]] = rondo.dropout %[[X]], %[[S]]#2 rate 2.500000e-01
// CHECK: rondo.add %[[A]], %[[B]]
// CHECK-LABEL: func.func @accumulate
// CHECK: %[[S:.*]]:3 = rondo.random_streams
// CHECK: rondo.dropout %{{.*}}, %[[S]]#0
// CHECK: rondo.dropout %{{.*}}, %[[S]]#2
// CHECK-LABEL: func.func @train
// CHECK: %[[S:.*]]:3 = rondo.random_streams
// CHECK: rondo.dropout %{{.*}}, %[[S]]#0
// CHECK: rondo.dropout %{{.*}}, %[[S]]#2

// INFERENCE-NOT: rondo.dropout
// INFERENCE-NOT: rondo.random_streams
// INFERENCE-LABEL: func.func @forward
// INFERENCE: %[[X:.*]] = rondo.embedding
// INFERENCE: rondo.add %[[X]], %[[X]]
// INFERENCE-LABEL: func.func @score
// INFERENCE-NOT: rondo.dropout
// INFERENCE-NOT: rondo.random_streams
// INFERENCE-LABEL: func.func @prefill
// INFERENCE-NOT: rondo.dropout
// INFERENCE-NOT: rondo.random_streams
// INFERENCE-LABEL: func.func @decode
// INFERENCE-NOT: rondo.dropout
// INFERENCE-NOT: rondo.random_streams
// INFERENCE-LABEL: func.func @vjp
// INFERENCE-NOT: rondo.dropout
// INFERENCE-NOT: rondo.random_streams

rondo.weight @embed : tensor<97x8xf32> init #rondo.init<normal, 0.125>

func.func @model(%tokens: tensor<?x?xi32> {rondo.input = #rondo.input<"tokens", required, 0, 96>})
    -> (tensor<?x?x97xf32> {rondo.output = "logits"}) attributes {rondo.graph} {
  %w = rondo.get_weight @embed : tensor<97x8xf32>
  %x = rondo.embedding %tokens, %w : (tensor<?x?xi32>, tensor<97x8xf32>) -> tensor<?x?x8xf32>
  %a = rondo.dropout %x rate 0.25 id 0 : (tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  %unused = rondo.dropout %x rate 0.25 id 1 : (tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  %b = rondo.dropout %x rate 0.25 id 2 : (tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  %y = rondo.add %a, %b : (tensor<?x?x8xf32>, tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  %l = rondo.linear %y, %w : (tensor<?x?x8xf32>, tensor<97x8xf32>) -> tensor<?x?x97xf32>
  return %l : tensor<?x?x97xf32>
}
