// What an entry request may say.
// RUN: not rondo-opt %s --rondo-derive-entries="entries=" 2>&1 | FileCheck %s --check-prefix=NONE
// RUN: not rondo-opt %s --rondo-derive-entries="entries=optimise:T=4" 2>&1 | FileCheck %s --check-prefix=KIND
// RUN: not rondo-opt %s --rondo-derive-entries="entries=forward:B=2" 2>&1 | FileCheck %s --check-prefix=TIME
// RUN: not rondo-opt %s --rondo-derive-entries="entries=decode:T=4" 2>&1 | FileCheck %s --check-prefix=DECODE
// RUN: not rondo-opt %s --rondo-derive-entries="entries=forward:B=0,T=4" 2>&1 | FileCheck %s --check-prefix=SIZE
// RUN: not rondo-opt %s --rondo-derive-entries="entries=prefill:T=99999999999999999999" 2>&1 | FileCheck %s --check-prefix=HUGE
// RUN: not rondo-opt %s --rondo-derive-entries="entries=prefill:B=3,T=4,slots=2" 2>&1 | FileCheck %s --check-prefix=SLOTS
// RUN: not rondo-opt %s --rondo-derive-entries="entries=prefill:T=4,logits=first" 2>&1 | FileCheck %s --check-prefix=LOGITS
// RUN: not rondo-opt %s --rondo-derive-entries="entries=decode:B=1;decode:B=2" 2>&1 | FileCheck %s --check-prefix=TWICE
// RUN: not rondo-opt %s --rondo-derive-entries="entries=score:T=4" 2>&1 | FileCheck %s --check-prefix=SCORE

// NONE: error: expected at least one entry, found none [RND2001]
// NONE: note: help: entries read NAME:B=b,T=t[,slots=s][,logits=last|all|none]
// KIND: error: expected an entry forward, score, prefill, decode, grad, vjp, accumulate, update or train, found 'optimise' [RND2001]
// TIME: error: expected a T in entry 'forward:B=2', found none [RND2001]
// DECODE: error: entry 'decode' takes no 'T' [RND2001]
// SIZE: error: expected B from 1 to {{[0-9]+}} in entry 'forward:B=0,T=4', found '0' [RND2001]
// HUGE: error: expected T from 1 to {{[0-9]+}} in entry {{.*}}, found '99999999999999999999' [RND2001]
// SLOTS: error: expected at least as many slots as batch rows in entry {{.*}}, found 2 for 3 [RND2001]
// LOGITS: error: expected logits last, all or none in entry {{.*}}, found 'first' [RND2001]
// TWICE: error: entry 'decode' is asked for twice [RND2001]
// SCORE: error: entry point 'score' needs logits made by 'rondo.linear', found 'rondo.scale' [RND2109]
func.func @model(%x: tensor<?x?x4xf32> {rondo.input = #rondo.input<"x", required>})
    -> (tensor<?x?x4xf32> {rondo.output = "logits"}) attributes {rondo.graph} {
  %y = rondo.scale %x by 2.0 : (tensor<?x?x4xf32>) -> tensor<?x?x4xf32>
  return %y : tensor<?x?x4xf32>
}
