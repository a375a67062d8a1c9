// RUN: rondo-opt %s --rondo-plan-memory | FileCheck %s
// RUN: rondo-opt %s --rondo-plan-memory=report=true 2>&1 >/dev/null | FileCheck %s --check-prefix=REPORT

// Four results in a chain need two places; the last one is the output. 1 x 3 x 5 floats take 64 bytes.
module {
  // REPORT: remark: arena of 128 bytes, 128 in use at once, 192 without reuse
  // CHECK-LABEL: func.func @chain
  // CHECK-SAME: rondo.arena_bytes = 128
  func.func @chain(%x: tensor<1x3x5xf32>) -> tensor<1x3x5xf32>
      attributes {rondo.entry = #rondo.entry<forward, B = 1, T = 3, slots = 0>} {
    // CHECK: slices [0]
    %a = rondo.group(%x) : (tensor<1x3x5xf32>) -> tensor<1x3x5xf32> {
    ^bb0(%i: tensor<1x3x5xf32>):
      %y = rondo.scale %i by 2.0 : (tensor<1x3x5xf32>) -> tensor<1x3x5xf32>
      rondo.yield %y : tensor<1x3x5xf32>
    }
    // CHECK: slices [64]
    %b = rondo.group(%a) : (tensor<1x3x5xf32>) -> tensor<1x3x5xf32> {
    ^bb0(%i: tensor<1x3x5xf32>):
      %y = rondo.scale %i by 3.0 : (tensor<1x3x5xf32>) -> tensor<1x3x5xf32>
      rondo.yield %y : tensor<1x3x5xf32>
    }
    // CHECK: slices [0]
    %c = rondo.group(%b) : (tensor<1x3x5xf32>) -> tensor<1x3x5xf32> {
    ^bb0(%i: tensor<1x3x5xf32>):
      %y = rondo.scale %i by 4.0 : (tensor<1x3x5xf32>) -> tensor<1x3x5xf32>
      rondo.yield %y : tensor<1x3x5xf32>
    }
    // CHECK: slices [-1]
    %d = rondo.group(%c) : (tensor<1x3x5xf32>) -> tensor<1x3x5xf32> {
    ^bb0(%i: tensor<1x3x5xf32>):
      %y = rondo.scale %i by 5.0 : (tensor<1x3x5xf32>) -> tensor<1x3x5xf32>
      rondo.yield %y : tensor<1x3x5xf32>
    }
    return %d : tensor<1x3x5xf32>
  }

  // The result of 64 bytes takes the gap of 64 bytes, not the one of 128 that lies before it.
  // CHECK-LABEL: func.func @best_fit
  func.func @best_fit(%x: tensor<1x4x4xf32>, %w: tensor<1x4x8xf32>) -> tensor<1x4x4xf32>
      attributes {rondo.entry = #rondo.entry<forward, B = 1, T = 4, slots = 0>} {
    // CHECK: slices [0, 128, 192, 256]
    %a:4 = rondo.group(%x, %w) : (tensor<1x4x4xf32>, tensor<1x4x8xf32>)
        -> (tensor<1x4x8xf32>, tensor<1x4x4xf32>, tensor<1x4x4xf32>, tensor<1x4x4xf32>) {
    ^bb0(%i: tensor<1x4x4xf32>, %j: tensor<1x4x8xf32>):
      rondo.yield %j, %i, %i, %i : tensor<1x4x8xf32>, tensor<1x4x4xf32>, tensor<1x4x4xf32>, tensor<1x4x4xf32>
    }
    // CHECK: slices [192]
    %b = rondo.group(%a#1, %a#3) : (tensor<1x4x4xf32>, tensor<1x4x4xf32>) -> tensor<1x4x4xf32> {
    ^bb0(%i: tensor<1x4x4xf32>, %j: tensor<1x4x4xf32>):
      %y = rondo.add %i, %j : (tensor<1x4x4xf32>, tensor<1x4x4xf32>) -> tensor<1x4x4xf32>
      rondo.yield %y : tensor<1x4x4xf32>
    }
    // CHECK: slices [-1]
    %c = rondo.group(%a#1, %a#3, %b) : (tensor<1x4x4xf32>, tensor<1x4x4xf32>, tensor<1x4x4xf32>) -> tensor<1x4x4xf32> {
    ^bb0(%i: tensor<1x4x4xf32>, %j: tensor<1x4x4xf32>, %k: tensor<1x4x4xf32>):
      %y = rondo.add %i, %k : (tensor<1x4x4xf32>, tensor<1x4x4xf32>) -> tensor<1x4x4xf32>
      %z = rondo.add %y, %j : (tensor<1x4x4xf32>, tensor<1x4x4xf32>) -> tensor<1x4x4xf32>
      rondo.yield %z : tensor<1x4x4xf32>
    }
    return %c : tensor<1x4x4xf32>
  }
}
