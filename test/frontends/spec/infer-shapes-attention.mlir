// RUN: rondo-opt %s --rondo-check-spec --rondo-specialise-spec --rondo-infer-shapes --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: module attributes {{.*}}rondo.model = "decoder"
// CHECK: %[[P:.*]], %{{.*}} = rondo.positions %{{.*}} reset(%{{.*}})
// CHECK: %[[O:.*]], %[[LSE:.*]] = rondo.dilated_attention %{{.*}}, %[[K:.*]], %[[K]] positions(%[[P]])
// CHECK-SAME: dilation <[64, 128, 256], [1, 2, 4], modulo> scale 5.000000e-01
// CHECK-SAME: {frozen_mixture} : (tensor<?x?x4x4xf32>, tensor<?x?x2x4xf32>, tensor<?x?x2x4xf32>, tensor<?x?xi64>)
// CHECK-SAME: -> (tensor<?x?x4x4xf32>, tensor<?x?x4xf32>)
// CHECK: return %[[O]], %[[LSE]]
spec.model @decoder {
  %x = spec.input "x" width(16)
  %r = spec.input "r" flags
  %p = spec.positions %x reset(%r)
  %q = spec.linear %x to(16) heads(4) weight("q.weight")
  %k = spec.linear %x to(8) heads(2) weight("k.weight")
  %o, %lse = spec.dilated_attention %q, %k, %k segments(64 * pow(2, pattern)) ratios(pow(2, pattern)) patterns(3)
      offsets(modulo) at(%p) scale(0.5) frozen_mixture
  spec.output "o" %o
  spec.output "lse" %lse
}

// -----

// Both lanes of a pair have its factor; nothing needs positions.
// CHECK-LABEL: module attributes {{.*}}rondo.model = "encoder"
// CHECK-NOT: rondo.positions
// CHECK: rondo.dilated_attention %[[Q:.*]], %[[Q]], %[[Q]] dilation <[8], [1], blocks> scale 1.000000e+00
// CHECK-SAME: lane_log_decay [-6.931472e-01, -6.931472e-01, 0.000000e+00, 0.000000e+00]
// CHECK-SAME: {bidirectional} :
spec.model @encoder {
  %x = spec.input "x" width(8)
  %q = spec.linear %x heads(2) weight("q.weight")
  %o = spec.dilated_attention %q, %q, %q segments([8]) ratios([1]) lane_decay(pow(0.5, 1 - pair)) bidirectional
  spec.output "o" %o
}

// -----

// Positions that no one gave are those of the row.
// CHECK-LABEL: module attributes {{.*}}rondo.model = "plain"
// CHECK: rondo.positions
// CHECK: rondo.dilated_attention {{.*}} positions(%{{.*}}) dilation <[8, 16], [1, 2], blocks>
spec.model @plain {
  %x = spec.input "x" width(8)
  %q = spec.linear %x heads(2) weight("q.weight")
  %o = spec.dilated_attention %q, %q, %q segments([8, 16]) ratios([1, 2])
  spec.output "o" %o
}

// -----

spec.model @refused {
  // expected-note@+1 {{the value [B, T, 16] comes from here}}
  %x = spec.input "x" width(16)
  %q = spec.linear %x heads(4) weight("q")
  // expected-note@+1 {{the value [B, T, 3, 4] comes from here}}
  %n = spec.linear %x to(12) heads(3) weight("n")
  // expected-note@+1 {{the value [B, T, 4, 8] comes from here}}
  %w = spec.linear %x to(32) heads(4) weight("w")
  // expected-error@+2 {{dilated_attention: expected k and v of one head count that divides 4, found [B, T, 3, 4] [RND2105]}}
  // expected-note@+1 {{help: heads of k and v may be shared only evenly}}
  %a = spec.dilated_attention %q, %n, %n segments([8]) ratios([1])
  // expected-error@+2 {{dilated_attention: expected k of q's head width 4, found [B, T, 4, 8] [RND2105]}}
  // expected-note@+1 {{help: give both linears the same 'to' and 'heads'}}
  %b = spec.dilated_attention %q, %w, %w segments([8]) ratios([1])
  // expected-error@+2 {{dilated_attention: expected q, k and v as [B, T, H, d], found [B, T, 16] [RND2105]}}
  // expected-note@+1 {{help: split the width with heads(COUNT) where the value is made}}
  %c = spec.dilated_attention %x, %q, %q segments([8]) ratios([1])
  // expected-error@+2 {{dilated_attention: expected positions in 'at', found [B, T, 16] [RND2105]}}
  // expected-note@+1 {{help: spec.positions makes them}}
  %d = spec.dilated_attention %q, %q, %q segments([8]) ratios([1]) at(%x)
  // expected-error@+2 {{expected a positive factor per token, found 0 for pair 0 [RND2104]}}
  // expected-note@+1 {{help: xPos's is pow((2 * pair + 0.4 * dim) / (1.4 * dim), 1 / 512)}}
  %e = spec.dilated_attention %q, %q, %q segments([8]) ratios([1]) lane_decay(pair)
  // expected-error@+2 {{expected whole numbers from 1 to 2147483647 in 'segments', found 8.5 [RND2104]}}
  // expected-note@+1 {{help: segments([2048, 4096, 8192]) ratios([1, 2, 4]), say}}
  %f = spec.dilated_attention %q, %q, %q segments([8.5]) ratios([1])
  // expected-error@+2 {{expected whole numbers from 1 to 2147483647 in 'ratios', found 0 [RND2104]}}
  // expected-note@+1 {{help: segments([2048, 4096, 8192]) ratios([1, 2, 4]), say}}
  %g = spec.dilated_attention %q, %q, %q segments([8]) ratios([0])
  // expected-error@+2 {{expected a ratio of at most its segment's 8 tokens, found 9 [RND2104]}}
  // expected-note@+1 {{help: a head sees every ratio-th token of a segment}}
  %h = spec.dilated_attention %q, %q, %q segments([8]) ratios([9])
  // expected-error@+2 {{dilated_attention: expected 1 to 64 patterns, found no number of them [RND2103]}}
  // expected-note@+1 {{help: give a list, as in segments([2048, 4096]), or patterns(COUNT)}}
  %i = spec.dilated_attention %q, %q, %q segments(8) ratios(1)
  // expected-error@+2 {{expected 2 values in 'ratios', one per pattern, found 1 [RND2105]}}
  // expected-note@+1 {{help: give one value per pattern, or an expression in 'pattern'}}
  %j = spec.dilated_attention %q, %q, %q segments([8, 16]) ratios([1])
  // expected-error@+2 {{expected a whole number from 1 to 64 in 'patterns', found 65 [RND2104]}}
  // expected-note@+1 {{help: change the expression or the hyper-parameters in it}}
  %k = spec.dilated_attention %q, %q, %q segments(8) ratios(1) patterns(65)
  // expected-error@+2 {{dilated_attention: expected a clause 'segments', found none [RND2103]}}
  // expected-note@+1 {{help: add segments([NUMBER, ...]|E)}}
  %l = spec.dilated_attention %q, %q, %q ratios([1])
  // expected-error@+2 {{dilated_attention: expected 3 operands, found 2 [RND2111]}}
  // expected-note@+1 {{help: values that are not operands stand in clauses}}
  %m = spec.dilated_attention %q, %q segments([8]) ratios([1])
  // expected-error@+2 {{dilated_attention: expected 1 or 2 results, found 3 [RND2111]}}
  // expected-note@+1 {{help: name as many values on the left as the op gives}}
  %o, %lse, %more = spec.dilated_attention %q, %q, %q segments([8]) ratios([1])
  // expected-error@+2 {{offsets: expected one of blocks, modulo, found 'block' [RND2104]}}
  // expected-note@+1 {{help: did you mean 'blocks'?}}
  %s = spec.dilated_attention %q, %q, %q segments([8]) ratios([1]) offsets(block)
  spec.output "o" %a
}
