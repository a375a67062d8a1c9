// RUN: rondo-opt %s --split-input-file --rondo-derive-entries="entries=forward:B=2,T=48;decode:B=1" | FileCheck %s

// Plain attention becomes dilated attention of one pattern: all of its capacity, or of the row where that is longer and nothing is carried. Its
// caches grow.
// CHECK-DAG: rondo.state @state.layers.0.attention_keys growing : tensor<1x32x4xf32>
// CHECK-DAG: rondo.state @state.layers.0.attention_values growing : tensor<1x32x6xf32>
// CHECK-LABEL: func.func @forward(
// CHECK: rondo.dilated_attention {{.*}} dilation <[48], [1], blocks> scale 5.000000e-01
// CHECK-NOT: rondo.append_cache
// CHECK-LABEL: func.func @decode(
// CHECK: %[[KEYS:.*]] = rondo.read_state @state.layers.0.attention_keys
// CHECK: %[[VALUES:.*]] = rondo.read_state @state.layers.0.attention_values
// CHECK: rondo.dilated_attention {{.*}} caches(%[[KEYS]], %[[VALUES]]) dilation <[32], [1], blocks> scale 5.000000e-01
// CHECK: rondo.append_cache %[[KEYS]], {{.*}} pattern 0 heads 2
// CHECK: rondo.append_cache %[[VALUES]], {{.*}} pattern 0 heads 2
!q = tensor<?x?x2x4xf32>
!k = tensor<?x?x1x4xf32>
!v = tensor<?x?x1x6xf32>
!o = tensor<?x?x2x6xf32>
func.func @model(%q: !q {rondo.input = #rondo.input<"q", required>}, %k: !k {rondo.input = #rondo.input<"k", required>},
                 %v: !v {rondo.input = #rondo.input<"v", required>}) -> (!o {rondo.output = "o"}) attributes {rondo.graph} {
  %p, %next = rondo.positions %q : (!q) -> (tensor<?x?xi64>, tensor<?xi64>)
  %o, %lse = rondo.attention %q, %k, %v positions(%p) scale 0.5 capacity 32 {rondo.layer = "layers.0"}
      : (!q, !k, !v, tensor<?x?xi64>) -> (!o, tensor<?x?x2xf32>)
  return %o : !o
}
