// RUN: rondo-opt %s --rondo-form-groups --rondo-assign-layouts --rondo-plan-memory --rondo-build-kernels | FileCheck %s

rondo.weight @a : tensor<64x48xf32> init #rondo.init<normal, 0.1>
rondo.optimizer_state @m.a first_moment of @a : tensor<64x48xf32>
rondo.optimizer_state @v.a second_moment of @a : tensor<64x48xf32>
rondo.optimizer_state @g.a gradient of @a : tensor<64x48xf32>
rondo.weight @b : tensor<48x64xf32> init #rondo.init<normal, 0.1>
rondo.optimizer_state @m.b first_moment of @b : tensor<48x64xf32>
rondo.optimizer_state @v.b second_moment of @b : tensor<48x64xf32>
rondo.optimizer_state @g.b gradient of @b : tensor<48x64xf32>
rondo.weight @c : tensor<48xf32> init #rondo.init<constant, 1.0>
rondo.optimizer_state @m.c first_moment of @c : tensor<48xf32>
rondo.optimizer_state @v.c second_moment of @c : tensor<48xf32>
rondo.optimizer_state @g.c gradient of @c : tensor<48xf32>

// Parameters of equal storage share a kernel, whose arguments are bound to the symbols.
// CHECK-LABEL: func.func @one_kernel_per_size
// CHECK: rondo.dispatch @[[K:adamw_[0-9]+]](%{{.*}}) bindings [0, @a, @m.a, @v.a, 1]
// CHECK: rondo.dispatch @[[K]](%{{.*}}) bindings [0, @b, @m.b, @v.b, 1]
// CHECK: rondo.dispatch @[[OTHER:adamw_[0-9]+]](%{{.*}}) bindings [0, @c, @m.c, @v.c, 1]
// CHECK: rondo.dispatch @[[CLEAR:clear_optimizer_state_[0-9]+]]() bindings [@g.a]
// CHECK: rondo.dispatch @[[CLEAR]]() bindings [@g.b]
// CHECK: tile.kernel @[[K]](%{{.*}}: memref<3072xf32>, %{{.*}}: memref<3072xf32>, %{{.*}}: memref<3072xf32>, %{{.*}}: memref<3072xf32>, %{{.*}}: memref<8xf32>) writes [false, true, true, true, false]
func.func @one_kernel_per_size(%rates: tensor<8xf32>) attributes {rondo.entry = #rondo.entry<update, B = 0, T = 0, slots = 0>} {
  %a = rondo.read_optimizer_state @g.a : tensor<64x48xf32>
  %b = rondo.read_optimizer_state @g.b : tensor<48x64xf32>
  %c = rondo.read_optimizer_state @g.c : tensor<48xf32>
  rondo.adamw %a, %rates @a m @m.a v @v.a decay : tensor<64x48xf32>, tensor<8xf32>
  rondo.adamw %b, %rates @b m @m.b v @v.b decay : tensor<48x64xf32>, tensor<8xf32>
  rondo.adamw %c, %rates @c m @m.c v @v.c decay : tensor<48xf32>, tensor<8xf32>
  rondo.clear_optimizer_state @g.a
  rondo.clear_optimizer_state @g.b
  return
}
