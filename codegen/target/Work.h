// What an op needs, as counts that no machine enters: the input of reports and of the cost model. Free of
// LLVM.
#pragma once

namespace rondo::target {

// matmulFlops run on the target's dot units, vectorFlops elsewhere (a multiply-add is 2). `bytes` are those
// of operands and results, once each.
struct Work {
  double matmulFlops = 0;
  double vectorFlops = 0;
  double bytes = 0;
  double workingSetBytes = 0; // what one worker touches again and again: a state, the keys of a head
  double reuseBytes = 0;      // moved between that working set and the registers, all workers together

  double flops() const { return matmulFlops + vectorFlops; }
};

} // namespace rondo::target
