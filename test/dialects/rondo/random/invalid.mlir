// Each constraint of the random ops is refused by its number.
// RUN: rondo-opt %s -split-input-file -verify-diagnostics

func.func @no_small_seed(%seed: tensor<i32>, %step: tensor<i64>) {
  // expected-error@+1 {{Q1: expected seed to be [] of i64, found 'tensor<i32>'}}
  %s = rondo.random_streams %seed, %step : (tensor<i32>, tensor<i64>) -> tensor<2xi64>
  return
}

// -----

func.func @no_step_per_row(%seed: tensor<i64>, %step: tensor<2xi64>) {
  // expected-error@+1 {{Q1: expected step to be [] of i64, found 'tensor<2xi64>'}}
  %s = rondo.random_streams %seed, %step : (tensor<i64>, tensor<2xi64>) -> tensor<2xi64>
  return
}

// -----

func.func @no_streams_at_all(%seed: tensor<i64>, %step: tensor<i64>) {
  // expected-error@+1 {{Q2: expected 1 to 65536 results, found 0}}
  rondo.random_streams %seed, %step : (tensor<i64>, tensor<i64>) -> ()
  return
}

// -----

func.func @no_stream_of_three(%seed: tensor<i64>, %step: tensor<i64>) {
  // expected-error@+1 {{Q2: expected a stream to be [pair = 2] of i64, found 'tensor<3xi64>'}}
  %s = rondo.random_streams %seed, %step : (tensor<i64>, tensor<i64>) -> tensor<3xi64>
  return
}

// -----

func.func @no_vector(%x: tensor<64xf32>) {
  // expected-error@+2 {{D1: expected x to be a sequence tensor}}
  // expected-error@+1 {{failed to infer returned types}}
  %y = rondo.dropout %x rate 0.1 id 0 : (tensor<64xf32>) -> tensor<64xf32>
  return
}

// -----

func.func @no_scalar_stream(%x: tensor<2x8x64xf32>, %s: tensor<i64>) {
  // expected-error@+2 {{D1: expected stream to be [pair = 2] of i64, found 'tensor<i64>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %y = rondo.dropout %x, %s rate 0.1 : (tensor<2x8x64xf32>, tensor<i64>) -> tensor<2x8x64xf32>
  return
}

// -----

func.func @no_rate_of_one(%x: tensor<2x8x64xf32>) {
  // expected-error@+1 {{D2: expected 0 <= rate < 1, found 1.000000e+00 : f64}}
  %y = rondo.dropout %x rate 1.0 id 0 : (tensor<2x8x64xf32>) -> tensor<2x8x64xf32>
  return
}

// -----

func.func @no_stream_and_id(%x: tensor<2x8x64xf32>, %s: tensor<2xi64>) {
  // expected-error@+1 {{D3: expected either a stream or an id, found both}}
  %y = rondo.dropout %x, %s rate 0.1 id 0 : (tensor<2x8x64xf32>, tensor<2xi64>) -> tensor<2x8x64xf32>
  return
}

// -----

func.func @no_op_without_stream_and_id(%x: tensor<2x8x64xf32>) {
  // expected-error@+1 {{D3: expected either a stream or an id, found neither}}
  %y = rondo.dropout %x rate 0.1 : (tensor<2x8x64xf32>) -> tensor<2x8x64xf32>
  return
}

// -----

func.func @no_id_of_17_bits(%x: tensor<2x8x64xf32>) {
  // expected-error@+1 {{D3: expected an id from 0 to 65535, found 65536}}
  %y = rondo.dropout %x rate 0.1 id 65536 : (tensor<2x8x64xf32>) -> tensor<2x8x64xf32>
  return
}
