// RUN: not rondo-opt %s --rondo-choose-schedule="target=cpu:znver4 schedule=recurrent" 2>&1 | FileCheck %s --check-prefix=SCALE
// RUN: not rondo-opt %s --rondo-choose-schedule="target=cpu:znver4 schedule=chunkwise:4096" 2>&1 | FileCheck %s --check-prefix=CHUNK
// RUN: not rondo-opt %s --rondo-choose-schedule="target=cpu:znver4 schedule=fast" 2>&1 | FileCheck %s --check-prefix=NAME
// RUN: not rondo-opt %s --rondo-choose-schedule="target=cpu:znver4 schedule=parallel:8" 2>&1 | FileCheck %s --check-prefix=NAME
// RUN: not rondo-opt %s --rondo-choose-schedule="target=z80" 2>&1 | FileCheck %s --check-prefix=TARGET

// SCALE: error: 'rondo.retention' cannot run under schedule recurrent: row_scale torchscale_parallel is defined for the parallel schedule only [RND2110]
// SCALE: note: help: leave --schedule out to let the cost model choose
// CHUNK: error: expected a chunk up to 128 on cpu:znver4, found 4096 [RND2110]
// NAME: error: expected schedule auto, parallel, recurrent, chunkwise or chunkwise:C, found '{{fast|parallel:8}}' [RND2001]
// TARGET: error: unknown target 'z80' [RND2001]
// TARGET: note: help: targets are cpu
!long = tensor<1x2048x8x64xf32>
!long_v = tensor<1x2048x8x128xf32>
!state = tensor<1x8x64x128xf32>
func.func @scaled(%q: !long, %v: !long_v) -> !long_v {
  %o, %s = rondo.retention %q, %q, %v decay [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]
      {row_scale = #rondo<row_scale torchscale_parallel>} : (!long, !long, !long_v) -> (!long_v, !state)
  return %o : !long_v
}
