// RUN: rondo-opt %s | rondo-opt | FileCheck %s

// CHECK-LABEL: @plain
func.func @plain(%q: tensor<1x8x2x4xf32>, %v: tensor<1x8x2x8xf32>) {
  // CHECK: rondo.retention %{{.*}}, %{{.*}}, %{{.*}} decay [9.687500e-01, 9.843750e-01] :
  %o, %s = rondo.retention %q, %q, %v decay [0.96875, 0.984375]
      : (tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>, tensor<1x8x2x8xf32>) -> (tensor<1x8x2x8xf32>, tensor<1x2x4x8xf32>)
  return
}

// One query head per key head's group; decay per token; the second document of a row starts anew.
// CHECK-LABEL: @gated
func.func @gated(%q: tensor<1x8x2x4xf32>, %k: tensor<1x8x1x4xf32>, %v: tensor<1x8x2x8xf32>, %g: tensor<1x8x2xf32>,
                 %s: tensor<1x2x8x4xf32>, %reset: tensor<1x8xi8>, %length: tensor<1xi32>) {
  // CHECK: rondo.retention {{.*}} log_decay(%{{.*}}) init(%{{.*}}) reset(%{{.*}}) length(%{{.*}}) schedule <chunkwise, 4>
  // CHECK-SAME: {direction = #rondo<direction adjoint>, transposed_state}
  %o, %f = rondo.retention %q, %k, %v log_decay(%g) init(%s) reset(%reset) length(%length) schedule <chunkwise, 4>
      {direction = #rondo<direction adjoint>, transposed_state}
      : (tensor<1x8x2x4xf32>, tensor<1x8x1x4xf32>, tensor<1x8x2x8xf32>, tensor<1x8x2xf32>, tensor<1x2x8x4xf32>,
         tensor<1x8xi8>, tensor<1xi32>) -> (tensor<1x8x2x8xf32>, tensor<1x2x8x4xf32>)
  return
}

// CHECK-LABEL: @scaled
func.func @scaled(%q: tensor<1x8x2x4xf32>, %a: tensor<1x2xf32>) {
  // CHECK: init_scale(%{{.*}}) schedule <recurrent> {row_scale = #rondo<row_scale torchscale_recurrent>}
  %o, %s, %b = rondo.retention %q, %q, %q decay [0.5, 1.0] init_scale(%a) schedule <recurrent>
      {row_scale = #rondo<row_scale torchscale_recurrent>}
      : (tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>, tensor<1x2xf32>)
      -> (tensor<1x8x2x4xf32>, tensor<1x2x4x4xf32>, tensor<1x2xf32>)
  return
}

// CHECK-LABEL: @derivative_parts
func.func @derivative_parts(%q: tensor<1x8x2x4xf32>, %k: tensor<1x8x1x4xf32>, %s: tensor<1x2x4x4xf32>,
                            %reset: tensor<1x8xi8>, %length: tensor<1xi32>, %a: tensor<1x2xf32>) {
  // CHECK: rondo.retention_grad_decay {{.*}} final(%{{.*}}, %{{.*}}) reset(%{{.*}}) length(%{{.*}}) :
  %d = rondo.retention_grad_decay %q, %q, %k, %q final(%s, %s) reset(%reset) length(%length)
      : (tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>, tensor<1x8x1x4xf32>, tensor<1x8x2x4xf32>, tensor<1x2x4x4xf32>,
         tensor<1x2x4x4xf32>, tensor<1x8xi8>, tensor<1xi32>) -> tensor<1x8x2xf32>
  // CHECK: rondo.retention_scale_rows %{{.*}} scores(%{{.*}}, %{{.*}}) decay [5.000000e-01, 1.000000e+00] by torchscale_parallel
  %x = rondo.retention_scale_rows %q scores(%q, %k) decay [0.5, 1.0] by torchscale_parallel
      : (tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>, tensor<1x8x1x4xf32>) -> tensor<1x8x2x4xf32>
  // CHECK: rondo.retention_scale_rows %{{.*}} init_scale(%{{.*}}) length(%{{.*}}) decay {{.*}} by torchscale_recurrent
  %y = rondo.retention_scale_rows %q init_scale(%a) length(%length) decay [0.5, 1.0] by torchscale_recurrent
      : (tensor<1x8x2x4xf32>, tensor<1x2xf32>, tensor<1xi32>) -> tensor<1x8x2x4xf32>
  return
}
