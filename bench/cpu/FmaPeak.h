// The rate of fused multiply-adds that this core reaches, the yardstick of the CPU benchmarks.
#pragma once

namespace rondo::bench {

/// Runs independent chains of f32 multiply-adds in the widest registers for about `seconds`; FLOP/s of the
/// best slice.
double measureFmaPeak(double seconds);
/// CPU time of the calling thread, in seconds: a shared machine disturbs it less than the wall clock.
double threadSeconds();

} // namespace rondo::bench
