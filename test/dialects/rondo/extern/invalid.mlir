// RUN: rondo-opt %s --split-input-file --verify-diagnostics

#n = affine_map<(r, b, t) -> (r)>
tile.extern_code @c entry "c" architecture "sm_80" parameters [i64, i64, i32] trailing 0 threads 32 shared 0 scratch 0 ptx ""
func.func @batches(%x: tensor<2x4x8xf32>, %y: tensor<1x4x8xf32>) {
  // expected-error @+2 {{EK1: expected inputs of one batch size and length, found others}}
  // expected-error @+1 {{failed to infer returned types}}
  %z = rondo.extern_kernel @c(%x, %y) arguments [0 : index, 1 : index, 2 : index] grid #n dims [8] : (tensor<2x4x8xf32>, tensor<1x4x8xf32>) -> tensor<2x4x8xf32>
  return
}

// -----

#n = affine_map<(r, b, t) -> (r)>
func.func @vector(%x: tensor<8xf32>) {
  // expected-error @+2 {{EK1: expected inputs [B, T, ...], found one of 1 dimensions}}
  // expected-error @+1 {{failed to infer returned types}}
  %z = rondo.extern_kernel @c(%x) arguments [0 : index, 1 : index] grid #n dims [8] : (tensor<8xf32>) -> tensor<8x8xf32>
  return
}

// -----

#n = affine_map<(r, b, t) -> (r)>
func.func @unused(%x: tensor<2x4x8xf32>) {
  // expected-error @+1 {{EK2: expected the result among the arguments, found it nowhere}}
  %z = rondo.extern_kernel @c(%x) arguments [0 : index, #n] grid #n dims [8] : (tensor<2x4x8xf32>) -> tensor<2x4x8xf32>
  return
}

// -----

#n = affine_map<(r, b, t) -> (r)>
func.func @beyond(%x: tensor<2x4x8xf32>) {
  // expected-error @+1 {{EK2: expected the number of an input or of the result, up to 1, found 2}}
  %z = rondo.extern_kernel @c(%x) arguments [0 : index, 2 : index] grid #n dims [8] : (tensor<2x4x8xf32>) -> tensor<2x4x8xf32>
  return
}

// -----

#n = affine_map<(r, b, t) -> (r)>
func.func @text(%x: tensor<2x4x8xf32>) {
  // expected-error @+1 {{EK3: expected a buffer's number, an affine map or an f64, found "r"}}
  %z = rondo.extern_kernel @c(%x) arguments [0 : index, 1 : index, "r"] grid #n dims [8] : (tensor<2x4x8xf32>) -> tensor<2x4x8xf32>
  return
}

// -----

func.func @grid(%x: tensor<2x4x8xf32>) {
  // expected-error @+1 {{expected a grid of 1 to 3 extents in rows, batch and time}}
  %z = rondo.extern_kernel @c(%x) arguments [0 : index, 1 : index] grid affine_map<(r) -> (r)> dims [8] : (tensor<2x4x8xf32>) -> tensor<2x4x8xf32>
  return
}

// -----

#n = affine_map<(r, b, t) -> (r)>
func.func @nothing(%x: tensor<2x4x8xf32>) {
  // expected-error @+1 {{expected the code of a kernel, found 'c'}}
  %z = rondo.extern_kernel @c(%x) arguments [0 : index, 1 : index] grid #n dims [8] : (tensor<2x4x8xf32>) -> tensor<2x4x8xf32>
  return
}

// -----

#n = affine_map<(r, b, t) -> (r)>
tile.extern_code @c entry "c" architecture "sm_80" parameters [i64, i64, f32] trailing 0 threads 32 shared 0 scratch 0 ptx ""
func.func @real(%x: tensor<2x4x8xf32>) {
  // expected-error @+1 {{EK3: expected argument 2 to fit a parameter of type 'f32', found affine_map<(d0, d1, d2) -> (d0)>}}
  %z = rondo.extern_kernel @c(%x) arguments [0 : index, 1 : index, #n] grid #n dims [8] : (tensor<2x4x8xf32>) -> tensor<2x4x8xf32>
  return
}
