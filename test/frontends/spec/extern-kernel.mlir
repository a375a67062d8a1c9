// RUN: rondo-opt %s --rondo-check-spec --rondo-specialise-spec --rondo-infer-shapes --split-input-file --verify-diagnostics | FileCheck %s

// Layers share the code of one file. Integers and the grid follow rows, batch and time.
// CHECK-DAG: #[[$SIZE:.*]] = affine_map<(d0, d1, d2) -> (d0 * 8)>
// CHECK-DAG: #[[$BLOCKS:.*]] = affine_map<(d0, d1, d2) -> ((d0 * 8 + 511) floordiv 512)>
// CHECK-DAG: #[[$TIME:.*]] = affine_map<(d0, d1, d2) -> (d2)>
// CHECK-DAG: #[[$BATCH:.*]] = affine_map<(d0, d1, d2) -> (d1, 3)>
// CHECK: tile.extern_code @gate entry "gate" architecture "sm_80" parameters [i64, i64, i64, i32] trailing 2 threads 128 shared 0 scratch 0
// CHECK-NOT: tile.extern_code
// CHECK: %[[E:.*]] = rondo.embedding
// CHECK: %[[G:.*]] = rondo.linear
// CHECK: %[[A:.*]] = rondo.extern_kernel @gate(%[[E]], %[[G]])
// CHECK-SAME: arguments [0 : index, 1 : index, 2 : index, #[[$SIZE]]] grid #[[$BLOCKS]] dims [8]
// CHECK: rondo.extern_kernel @gate({{.*}}) arguments [0 : index, 1 : index, 2 : index, #[[$TIME]]]
// CHECK-SAME: grid #[[$BATCH]] dims [2, 4]
spec.model @shared {
  spec.hyper @width = 8
  %t = spec.input "tokens" tokens(256)
  %e = spec.embedding %t to(@width) weight("e")
  %g = spec.linear %e to(@width) weight("g")
  %a = spec.extern_kernel file("Inputs/triton/gate.json") args(%e, %g, result, rows * @width) grid((rows * @width + 511) floordiv 512)
  %b = spec.extern_kernel file("Inputs/triton/gate.json") args(%a, %e, result, time) grid(batch, 3) heads(2)
  spec.output "o" %b
}

// -----

spec.model @files {
  %t = spec.input "tokens" tokens(256)
  %e = spec.embedding %t to(8) weight("e")
  // expected-error@+2 {{Inputs/triton/none.json': No such file or directory [RND2104]}}
  // expected-note@+1 {{help: Triton leaves NAME.json and NAME.ptx in the folder TRITON_CACHE_DIR}}
  %a = spec.extern_kernel file("Inputs/triton/none.json") args(%e, %e, result, rows) grid(rows)
  // expected-error@+2 {{extern_kernel: expected a path below the spec's folder in 'file', found 'Inputs/../../gate.json' [RND2104]}}
  // expected-note@+1 {{help: args}}
  %b = spec.extern_kernel file("Inputs/../../gate.json") args(%e, %e, result, rows) grid(rows)
  // expected-error@+2 {{expected a file, found something else at}}
  // expected-note@+1 {{help: Triton leaves}}
  %c = spec.extern_kernel file("Inputs/triton") args(%e, %e, result, rows) grid(rows)
  spec.output "o" %c
}

// -----

spec.model @arguments {
  %t = spec.input "tokens" tokens(256)
  %e = spec.embedding %t to(8) weight("e")
  // expected-error@+2 {{extern_kernel: expected the 4 arguments of kernel 'gate', found 3 [RND2104]}}
  // expected-note@+1 {{help: args(%x, result, rows * 64) are the kernel's arguments in order, without its constants}}
  %a = spec.extern_kernel file("Inputs/triton/gate.json") args(%e, %e, result) grid(rows)
  // expected-error@+3 {{extern_kernel: expected a value or 'result' for a parameter that is an address, found 'rows' [RND2104]}}
  // expected-error@+2 {{extern_kernel: expected a number for a parameter of 32 bits, found 'result' [RND2104]}}
  // expected-note@+1 {{help: args}}
  %b = spec.extern_kernel file("Inputs/triton/gate.json") args(%e, rows, %e, result) grid(rows)
  // expected-error@+2 {{extern_kernel: expected a whole number, or sums and multiples of rows, batch and time, found 'rows * time' [RND2104]}}
  // expected-note@+1 {{help: args}}
  %c = spec.extern_kernel file("Inputs/triton/gate.json") args(%e, %e, result, rows * time) grid(rows)
  // expected-error@+2 {{extern_kernel: expected 'result' among the arguments, found it nowhere [RND2104]}}
  // expected-note@+1 {{help: args}}
  %d = spec.extern_kernel file("Inputs/triton/gate.json") args(%e, %e, %e, rows) grid(rows)
  // expected-error@+2 {{expected a number, found the word 'width' [RND2102]}}
  // expected-note@+1 {{help: words here: rows, batch, time}}
  %f = spec.extern_kernel file("Inputs/triton/gate.json") args(%e, %e, result, width) grid(rows)
  spec.output "o" %f
}

// -----

spec.model @grids {
  %t = spec.input "tokens" tokens(256)
  %e = spec.embedding %t to(8) weight("e")
  // expected-error@+2 {{extern_kernel: expected 1 to 3 extents of a grid, found 4 [RND2104]}}
  // expected-note@+1 {{help: args}}
  %a = spec.extern_kernel file("Inputs/triton/gate.json") args(%e, %e, result, rows) grid(1, 1, 1, 1)
  // expected-error@+2 {{extern_kernel: expected a whole number or sums and multiples of rows, batch and time, found 'rows / 2' [RND2104]}}
  // expected-note@+1 {{help: args}}
  %b = spec.extern_kernel file("Inputs/triton/gate.json") args(%e, %e, result, rows) grid(rows / 2)
  // expected-error@+2 {{extern_kernel: expected heads that divide the width 8, found 3 [RND2105]}}
  // expected-note@+1 {{help: change 'to' or 'heads'}}
  %c = spec.extern_kernel file("Inputs/triton/gate.json") args(%e, %e, result, rows) grid(rows) heads(3)
  // expected-error@+2 {{extern_kernel: expected a value among the arguments, found none [RND2103]}}
  // expected-note@+1 {{help: the first value says how many rows there are}}
  %d = spec.extern_kernel file("Inputs/triton/gate.json") args(result, result, result, 1) grid(rows)
  spec.output "o" %d
}
