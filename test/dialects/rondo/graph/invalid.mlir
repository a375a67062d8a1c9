// RUN: rondo-opt %s -split-input-file -verify-diagnostics

func.func @no_unknown_weight() {
  // expected-error@+1 {{K1: expected the name of a rondo.weight, found @w}}
  %w = rondo.get_weight @w : tensor<8x8xf32>
  return
}

// -----

// expected-note@+1 {{the parameter is declared here}}
rondo.weight @w : tensor<8x4xf32> init #rondo.init<constant, 1.0>
func.func @no_weight_of_other_type() {
  // expected-error@+1 {{K1: expected type 'tensor<8x4xf32>', found 'tensor<8x8xf32>'}}
  %w = rondo.get_weight @w : tensor<8x8xf32>
  return
}

// -----

func.func @no_region_of_other_operands(%x: tensor<2x8x64xf32>) {
  // expected-error@+1 {{U1: expected region arguments of the operands' types}}
  rondo.group(%x) : (tensor<2x8x64xf32>) -> () {
  ^bb0:
    rondo.yield
  }
  return
}

// -----

func.func @no_result_that_is_not_yielded(%x: tensor<2x8x64xf32>) {
  // expected-error@+1 {{U2: expected the region to yield the results' types}}
  %y = rondo.group(%x) : (tensor<2x8x64xf32>) -> tensor<2x8x64xf32> {
  ^bb0(%a: tensor<2x8x64xf32>):
    rondo.yield
  }
  return
}

// -----

func.func @no_slice_too_few(%x: tensor<2x8x64xf32>) {
  // expected-error@+1 {{U4: expected one slice for each of 1 results, found 0}}
  %y = rondo.group(%x) slices [] : (tensor<2x8x64xf32>) -> tensor<2x8x64xf32> {
  ^bb0(%a: tensor<2x8x64xf32>):
    rondo.yield %a : tensor<2x8x64xf32>
  }
  return
}
