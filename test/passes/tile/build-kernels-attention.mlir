// RUN: rondo-opt %s --rondo-build-kernels=target=cpu:znver4 | FileCheck %s

// Patterns are a loop at run time over a table of number, segment length, ratio, heads per residue and capacity, in the order of their ratios:
// one set of products serves all. Where one tile holds a segment's queries, only the diagonal is left, computed as triangles.
// CHECK: rondo.table @[[T:.*]] dense<{{\[}}[1, 64, 1, 2, 64], [0, 256, 3, 1, 86]]>
// CHECK-LABEL: tile.kernel @dilated_attention_0
// CHECK: memref.load %{{.*}} : memref<2x5xi64>
// CHECK: tile.load %{{.*}} stride %{{.*}} rows %{{.*}} -> tensor<86x16xf32>
// CHECK: tile.dot {{.*}} {transpose_b, triangle = #tile.triangle<lower_result>} : {{.*}} -> tensor<86x86xf32>
// CHECK: tile.dot {{.*}} {triangle = #tile.triangle<lower_lhs>}
// CHECK-NOT: tile.dot
// CHECK: tile.store {{.*}} stride %{{.*}} rows
// CHECK: tile.kernel @dilated_attention_1
module {
  func.func @entry(%q: tensor<1x256x2x16xf32>, %k: tensor<1x256x2x16xf32>, %v: tensor<1x256x2x16xf32>) -> (tensor<1x256x2x16xf32>, tensor<1x256x2x16xf32>) attributes {rondo.entry = #rondo.entry<forward, B = 1, T = 256, slots = 0>} {
    %o:2 = rondo.group(%q, %k, %v) slices [-1, 0] : (tensor<1x256x2x16xf32>, tensor<1x256x2x16xf32>, tensor<1x256x2x16xf32>) -> (tensor<1x256x2x16xf32>, tensor<1x256x2xf32>) {
    ^bb0(%a: tensor<1x256x2x16xf32>, %b: tensor<1x256x2x16xf32>, %c: tensor<1x256x2x16xf32>):
      %r, %lse = rondo.dilated_attention %a, %b, %c dilation <[256, 64], [3, 1], blocks> scale 2.5e-1 : (tensor<1x256x2x16xf32>, tensor<1x256x2x16xf32>, tensor<1x256x2x16xf32>) -> (tensor<1x256x2x16xf32>, tensor<1x256x2xf32>)
      rondo.yield %r, %lse : tensor<1x256x2x16xf32>, tensor<1x256x2xf32>
    }
    %p:2 = rondo.group(%q, %k, %v) slices [-1, 2048] : (tensor<1x256x2x16xf32>, tensor<1x256x2x16xf32>, tensor<1x256x2x16xf32>) -> (tensor<1x256x2x16xf32>, tensor<1x256x2xf32>) {
    ^bb0(%a: tensor<1x256x2x16xf32>, %b: tensor<1x256x2x16xf32>, %c: tensor<1x256x2x16xf32>):
      %r, %lse = rondo.dilated_attention %a, %b, %c dilation <[256], [1], blocks> scale 2.5e-1 : (tensor<1x256x2x16xf32>, tensor<1x256x2x16xf32>, tensor<1x256x2x16xf32>) -> (tensor<1x256x2x16xf32>, tensor<1x256x2xf32>)
      rondo.yield %r, %lse : tensor<1x256x2x16xf32>, tensor<1x256x2xf32>
    }
    return %o#0, %p#0 : tensor<1x256x2x16xf32>, tensor<1x256x2x16xf32>
  }
}

// A single pattern is known: no table, and rows side by side. Tiles of 128 keys stand before the diagonal's.
// CHECK-NOT: stride
// CHECK: scf.for {{.*}} iter_args
// CHECK: tile.dot {{.*}} {transpose_b} : tensor<128x16xf32>, tensor<128x16xf32>
// CHECK: tile.dot {{.*}} : tensor<128x128xf32>, tensor<128x16xf32>, tensor<128x16xf32>
// CHECK: scf.yield
// CHECK: tile.dot {{.*}} {transpose_b, triangle = #tile.triangle<lower_result>}
