// RUN: rondo-opt %s --rondo-build-kernels=target=cpu:znver4 --split-input-file --verify-diagnostics

module {
  func.func @no_slices(%x: tensor<1x8x16xf32>) -> tensor<1x8x16xf32>
      attributes {rondo.entry = #rondo.entry<forward, B = 1, T = 8, slots = 0>} {
    // expected-error@+1 {{expected one slice per result: run rondo-plan-memory first}}
    %y = rondo.group(%x) : (tensor<1x8x16xf32>) -> tensor<1x8x16xf32> {
    ^bb0(%a: tensor<1x8x16xf32>):
      %s = rondo.scale %a by 2.0 : (tensor<1x8x16xf32>) -> tensor<1x8x16xf32>
      rondo.yield %s : tensor<1x8x16xf32>
    }
    return %y : tensor<1x8x16xf32>
  }
}

// -----

module {
  func.func @no_common_columns(%x: tensor<1x8x16xf32>, %z: tensor<1x8x32xf32>) -> (tensor<1x8x16xf32>, tensor<1x8x32xf32>)
      attributes {rondo.entry = #rondo.entry<forward, B = 1, T = 8, slots = 0>} {
    %y:2 = rondo.group(%x, %z) slices [-1, -1]
        : (tensor<1x8x16xf32>, tensor<1x8x32xf32>) -> (tensor<1x8x16xf32>, tensor<1x8x32xf32>) {
    ^bb0(%a: tensor<1x8x16xf32>, %b: tensor<1x8x32xf32>):
      %s = rondo.scale %a by 2.0 : (tensor<1x8x16xf32>) -> tensor<1x8x16xf32>
      // expected-error@+1 {{expected a result of 8 rows x 16 columns like the other ops of its group}}
      %t = rondo.scale %b by 2.0 : (tensor<1x8x32xf32>) -> tensor<1x8x32xf32>
      rondo.yield %s, %t : tensor<1x8x16xf32>, tensor<1x8x32xf32>
    }
    return %y#0, %y#1 : tensor<1x8x16xf32>, tensor<1x8x32xf32>
  }
}

// -----

module {
  func.func @no_computed_operand(%x: tensor<1x8x16xf32>, %w: tensor<16x16xf32>) -> tensor<1x8x16xf32>
      attributes {rondo.entry = #rondo.entry<forward, B = 1, T = 8, slots = 0>} {
    %y = rondo.group(%x, %w) slices [-1] : (tensor<1x8x16xf32>, tensor<16x16xf32>) -> tensor<1x8x16xf32> {
    ^bb0(%a: tensor<1x8x16xf32>, %b: tensor<16x16xf32>):
      %s = rondo.scale %a by 2.0 : (tensor<1x8x16xf32>) -> tensor<1x8x16xf32>
      // expected-error@+1 {{is the root of its group, but an operand is computed in the group by 'rondo.scale'}}
      %l = rondo.linear %s, %b : (tensor<1x8x16xf32>, tensor<16x16xf32>) -> tensor<1x8x16xf32>
      rondo.yield %l : tensor<1x8x16xf32>
    }
    return %y : tensor<1x8x16xf32>
  }
}

// -----

module {
  func.func @no_outside_op(%x: tensor<1x8x16xf32>) -> tensor<1x8x16xf32>
      attributes {rondo.entry = #rondo.entry<forward, B = 1, T = 8, slots = 0>} {
    %y = rondo.group(%x) slices [-1] : (tensor<1x8x16xf32>) -> tensor<1x8x16xf32> {
    ^bb0(%a: tensor<1x8x16xf32>):
      // expected-error@+1 {{cannot become part of a kernel: it is neither a root nor pointwise}}
      %s = arith.addf %a, %a : tensor<1x8x16xf32>
      rondo.yield %s : tensor<1x8x16xf32>
    }
    return %y : tensor<1x8x16xf32>
  }
}

// -----

module {
  func.func @no_second_result(%q: tensor<1x8x2x4xf32>) -> tensor<1x2x4x4xf32>
      attributes {rondo.entry = #rondo.entry<forward, B = 1, T = 8, slots = 0>} {
    %y = rondo.group(%q) slices [-1] : (tensor<1x8x2x4xf32>) -> tensor<1x2x4x4xf32> {
    ^bb0(%a: tensor<1x8x2x4xf32>):
      %o, %f = rondo.retention %a, %a, %a decay [0.5, 0.75]
          : (tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>, tensor<1x8x2x4xf32>) -> (tensor<1x8x2x4xf32>, tensor<1x2x4x4xf32>)
      // expected-error@+1 {{expected a result of 8 rows x 8 columns like the other ops of its group}}
      %s = rondo.scale %f by 2.0 : (tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
      rondo.yield %s : tensor<1x2x4x4xf32>
    }
    return %y : tensor<1x2x4x4xf32>
  }
}

// -----

module {
  func.func @no_empty_group() attributes {rondo.entry = #rondo.entry<forward, B = 1, T = 8, slots = 0>} {
    // expected-error@+1 {{expected a group without root to yield a value}}
    rondo.group() slices [] : () -> () {
      rondo.yield
    }
    return
  }
}
