"""A gate, y = x g / (1 + e^-g), as an op of a spec (docs/gpu.md). This made gate.json and gate.ptx, with Triton 3.9: TRITON_DISABLE_LINE_INFO=1 TRITON_CACHE_DIR=. python3 gate.py. Building and testing
need neither Triton nor this file."""
import triton
import triton.language as tl
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource


@triton.jit
def gate(x, g, y, n, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = at < n
    value = tl.load(x + at, inside)
    logit = tl.load(g + at, inside)
    tl.store(y + at, value * logit / (1 + tl.exp(-logit)), inside)


source = ASTSource(fn=gate, signature={"x": "*fp32", "g": "*fp32", "y": "*fp32", "n": "i32", "BLOCK": "constexpr"}, constexprs={"BLOCK": 512})
triton.compile(source, target=GPUTarget("cuda", 80, 32), options={"num_warps": 4})
