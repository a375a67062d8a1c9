// The pass that replaces transcendental functions by arithmetic.
#ifndef RONDO_CODEGEN_LOWERING_EXPANDMATH_TD
#define RONDO_CODEGEN_LOWERING_EXPANDMATH_TD

include "mlir/Pass/PassBase.td"

def ExpandMath : Pass<"rondo-expand-math", "::mlir::func::FuncOp"> {
  let summary = "transcendental functions of f32 to polynomials";
  let description = [{
    Kernels call no library. exp, log, tanh, erf, rsqrt, sin and cos of f32 scalars and vectors become sequences of
    multiply-adds of at most 2 ulp (sin and cos: 2^-23 absolute up to |x| = 10^5), with the right values at NaN, zeros, infinities and in the subnormal range.
    Other math ops map to single instructions and stay.
  }];
  let options = [Option<"avx512", "avx512", "bool", "false", "use AVX-512 instructions on vectors of 16">];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::vector::VectorDialect"];
}

#endif
