// RUN: rondo-opt %s -split-input-file -verify-diagnostics

func.func @no_unknown_state(%slot: tensor<2xi32>) {
  // expected-error@+1 {{S1: expected the name of a rondo.state, found @state.position}}
  %p = rondo.read_state @state.position[%slot] : (tensor<2xi32>) -> tensor<2xi64>
  return
}

// -----

// expected-note@+1 {{the state is declared here}}
rondo.state @state.position carried : tensor<i64>
func.func @no_value_of_other_type(%slot: tensor<2xi32>, %p: tensor<3xi64>) {
  // expected-error@+1 {{S1: expected a value of type 'tensor<2xi64>', found 'tensor<3xi64>'}}
  rondo.write_state %p, @state.position[%slot] : tensor<3xi64>, tensor<2xi32>
  return
}

// -----

rondo.state @state.position carried : tensor<i64>
func.func @no_wide_slot(%slot: tensor<2xi64>) {
  // expected-error@+1 {{S2: expected slot to be [B] of i32, found 'tensor<2xi64>'}}
  %p = rondo.read_state @state.position[%slot] : (tensor<2xi64>) -> tensor<2xi64>
  return
}
