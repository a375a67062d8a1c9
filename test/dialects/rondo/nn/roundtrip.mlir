// The examples of the layer ops' pages print as they were written.
// RUN: rondo-opt %s | rondo-opt | FileCheck %s

// CHECK-LABEL: @lookups
func.func @lookups(%tokens: tensor<2x8xi32>, %table: tensor<97x64xf32>, %reset: tensor<2x8xi8>, %start: tensor<2xi64>,
                   %length: tensor<2xi32>) {
  // CHECK: rondo.embedding %{{.*}}, %{{.*}} : (tensor<2x8xi32>, tensor<97x64xf32>) -> tensor<2x8x64xf32>
  %x = rondo.embedding %tokens, %table : (tensor<2x8xi32>, tensor<97x64xf32>) -> tensor<2x8x64xf32>
  // CHECK: rondo.positions %{{.*}} : (tensor<2x8xi32>) -> (tensor<2x8xi64>, tensor<2xi64>)
  %p, %next = rondo.positions %tokens : (tensor<2x8xi32>) -> (tensor<2x8xi64>, tensor<2xi64>)
  // CHECK: rondo.positions %{{.*}} start(%{{.*}}) reset(%{{.*}}) length(%{{.*}})
  %p1, %next1 = rondo.positions %tokens start(%start) reset(%reset) length(%length)
      : (tensor<2x8xi32>, tensor<2xi64>, tensor<2x8xi8>, tensor<2xi32>) -> (tensor<2x8xi64>, tensor<2xi64>)
  // CHECK: rondo.rotary_table %{{.*}} theta [1.000000e+00, 1.000000e-04] pairs interleaved
  %cos, %sin = rondo.rotary_table %p theta [1.0, 1.0e-4] pairs interleaved
      : (tensor<2x8xi64>) -> (tensor<2x8x4xf32>, tensor<2x8x4xf32>)
  // CHECK: rondo.last_row %{{.*}}, %{{.*}} : (tensor<2x8x64xf32>, tensor<2xi32>) -> tensor<2x1x64xf32>
  %y = rondo.last_row %x, %length : (tensor<2x8x64xf32>, tensor<2xi32>) -> tensor<2x1x64xf32>
  return
}

// CHECK-LABEL: @arithmetic
func.func @arithmetic(%x: tensor<2x8x64xf32>, %w: tensor<128x64xf32>, %scale: tensor<64xf32>, %heads: tensor<2x8x4x16xf32>,
                      %cos: tensor<2x8x16xf32>) {
  // CHECK: rondo.linear %{{.*}}, %{{.*}} : (tensor<2x8x64xf32>, tensor<128x64xf32>) -> tensor<2x8x128xf32>
  %0 = rondo.linear %x, %w : (tensor<2x8x64xf32>, tensor<128x64xf32>) -> tensor<2x8x128xf32>
  // A product takes heads as the width they are.
  // CHECK: rondo.linear %{{.*}} : (tensor<2x8x4x16xf32>, tensor<128x64xf32>) -> tensor<2x8x128xf32>
  %1 = rondo.linear %heads, %w : (tensor<2x8x4x16xf32>, tensor<128x64xf32>) -> tensor<2x8x128xf32>
  // CHECK: rondo.rms_norm %{{.*}}, %{{.*}} eps 9.9{{.*}}E-7
  %2 = rondo.rms_norm %x, %scale eps 1.0e-6 : (tensor<2x8x64xf32>, tensor<64xf32>) -> tensor<2x8x64xf32>
  // CHECK: rondo.rms_norm %{{.*}} eps 0.000000e+00 : (tensor<2x8x4x16xf32>) -> tensor<2x8x4x16xf32>
  %3 = rondo.rms_norm %heads eps 0.0 : (tensor<2x8x4x16xf32>) -> tensor<2x8x4x16xf32>
  // CHECK: rondo.rotate %{{.*}}, %{{.*}}, %{{.*}} pairs halves
  %4 = rondo.rotate %heads, %cos, %cos pairs halves
      : (tensor<2x8x4x16xf32>, tensor<2x8x16xf32>, tensor<2x8x16xf32>) -> tensor<2x8x4x16xf32>
  // CHECK: rondo.add
  %5 = rondo.add %x, %2 : (tensor<2x8x64xf32>, tensor<2x8x64xf32>) -> tensor<2x8x64xf32>
  // CHECK: rondo.mul
  %6 = rondo.mul %x, %5 : (tensor<2x8x64xf32>, tensor<2x8x64xf32>) -> tensor<2x8x64xf32>
  // CHECK: rondo.scale %{{.*}} by 1.250000e-01
  %7 = rondo.scale %6 by 0.125 : (tensor<2x8x64xf32>) -> tensor<2x8x64xf32>
  // CHECK: rondo.activation silu
  %8 = rondo.activation silu %7 : (tensor<2x8x64xf32>) -> tensor<2x8x64xf32>
  // CHECK: rondo.reshape %{{.*}} heads 4 : (tensor<2x8x64xf32>) -> tensor<2x8x4x16xf32>
  %9 = rondo.reshape %8 heads 4 : (tensor<2x8x64xf32>) -> tensor<2x8x4x16xf32>
  // CHECK: rondo.reshape %{{.*}} : (tensor<2x8x4x16xf32>) -> tensor<2x8x64xf32>
  %10 = rondo.reshape %9 : (tensor<2x8x4x16xf32>) -> tensor<2x8x64xf32>
  return
}

// CHECK-LABEL: @centred
func.func @centred(%x: tensor<2x8x64xf32>, %w: tensor<64xf32>, %heads: tensor<2x8x4x16xf32>, %b: tensor<16xf32>) {
  // CHECK: rondo.layer_norm %{{.*}}, %{{.*}} eps 1.000000e-05 : (tensor<2x8x64xf32>, tensor<64xf32>) -> tensor<2x8x64xf32>
  %0 = rondo.layer_norm %x, %w eps 1.0e-5 : (tensor<2x8x64xf32>, tensor<64xf32>) -> tensor<2x8x64xf32>
  // CHECK: rondo.layer_norm %{{.*}} eps 0.000000e+00 : (tensor<2x8x4x16xf32>) -> tensor<2x8x4x16xf32>
  %1 = rondo.layer_norm %heads eps 0.0 : (tensor<2x8x4x16xf32>) -> tensor<2x8x4x16xf32>
  // CHECK: rondo.add_bias %{{.*}}, %{{.*}} : (tensor<2x8x64xf32>, tensor<64xf32>) -> tensor<2x8x64xf32>
  %2 = rondo.add_bias %0, %w : (tensor<2x8x64xf32>, tensor<64xf32>) -> tensor<2x8x64xf32>
  // A bias of a head serves all heads.
  // CHECK: rondo.add_bias %{{.*}}, %{{.*}} : (tensor<2x8x4x16xf32>, tensor<16xf32>) -> tensor<2x8x4x16xf32>
  %3 = rondo.add_bias %1, %b : (tensor<2x8x4x16xf32>, tensor<16xf32>) -> tensor<2x8x4x16xf32>
  return
}

// Before derive batch and time are dynamic; a result knows what any operand knows.
// CHECK-LABEL: @dynamic
func.func @dynamic(%x: tensor<?x?x64xf32>, %y: tensor<2x?x64xf32>) {
  // CHECK: -> tensor<2x?x64xf32>
  %0 = rondo.add %x, %y : (tensor<?x?x64xf32>, tensor<2x?x64xf32>) -> tensor<2x?x64xf32>
  return
}
