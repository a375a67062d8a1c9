#!/usr/bin/env python3
"""Rotations against their vectors: check_rotary.py BUILD. RetNet's and flash-linear-attention's as they are. Of LongNet's xPos the products
q.k: Rondo applies its length scale between a query and a key, zeta^((i - j) / 512), so that no power of a position is ever formed, and rotated rows
by themselves, whose scale depends on torchscale's choice of a centre, do not exist."""
import json
import os
import sys

import numpy

import programs
from programs import tensor_file

LIMIT = 1e-5
# A value row of its own for every key makes the output the weights of the softmax, and log(weight) + lse the products.
XPOS = """spec.model @xpos {
  %q = spec.input "q" heads(2) width(8)
  %k = spec.input "k" heads(2) width(8)
  %v = spec.input "v" heads(2) width(9)
  %qr, %kr = spec.rotary %q, %k theta(standard) pairs(interleaved)
  %o, %lse = spec.dilated_attention %qr, %kr, %v segments([9]) ratios([1]) scale(1) lane_decay(pow((2 * pair + 0.4 * dim) / (1.4 * dim), 1 / 512))
  spec.output "o" %o
  spec.output "lse" %lse
}
"""


def time_major(values):
    return numpy.ascontiguousarray(values.transpose(0, 2, 1, 3), dtype="f4")


def products(found):
    """[B, T, H, 9]: log(weight) + lse, -inf for keys that are not seen."""
    with numpy.errstate(divide="ignore"):
        return numpy.log(found["o"].astype("f8")) + found["lse"].astype("f8")[..., None]


def check_products(score, what, found, expected):
    seen = numpy.isfinite(expected)
    score.expect(f"{what}: every key up to the query's and no other", bool((numpy.isfinite(found) == seen).all()))
    score.compare(what, numpy.where(seen, found, 0), numpy.where(seen, expected, 0), LIMIT)


def check_xpos(tools, score, vectors):
    package = tools.compile(tools.file(XPOS, ".mlir"), ["prefill:B=1,T=9", "decode:B=1"], "auto")
    q, k = (time_major(vectors[f"xpos_{kind}.x"]) for kind in ("query", "key"))
    v = numpy.ascontiguousarray(numpy.broadcast_to(numpy.eye(9, dtype="f4")[None, :, None], (1, 9, 2, 9)))
    expected = numpy.einsum("bhid,bhjd->bihj", vectors["xpos_query.y"], vectors["xpos_key.y"])
    future = numpy.arange(9) > numpy.arange(9)[:, None]
    expected = numpy.where(future[None, :, None], -numpy.inf, expected)
    whole = tools.run(package, "prefill", {"q": q, "k": k, "v": v})
    check_products(score, "xpos: products of queries and keys", products(whole), expected)
    first = tools.run(package, "prefill", {"q": q, "k": k, "v": v, "length": numpy.full(1, 8, "i4")})
    states = {name: values for name, values in first.items() if name.startswith("state.")}
    last = {"q": time_major(vectors["xpos_query_decode.x"]), "k": k[:, 8:], "v": v[:, 8:]}
    expected = numpy.einsum("bhid,bhjd->bihj", vectors["xpos_query_decode.y"], vectors["xpos_key.y"])
    check_products(score, "xpos: products of a query at position 8 and cached keys", products(tools.run(package, "decode", {**last, **states})), expected)


def main(build):
    tools, score = programs.Programs(build), programs.Score()
    vectors = tensor_file.read(os.path.join(programs.VECTORS, "rotary_op.safetensors"))
    with open(os.path.join(programs.VECTORS, "rotary_op.json"), encoding="utf-8") as file:
        cases = json.load(file)["cases"]
    for name, case in cases.items():
        if case["kind"] == "xpos":
            continue
        x, y = (vectors[f"{name}.{key}"].transpose(0, 2, 1, 3) for key in "xy")
        spec = os.path.join(programs.SPECS, f"rotary-{case['kind']}.mlir")
        package = tools.compile(spec, [f"prefill:B={case['B']},T={case['T']}"], "auto")
        inputs = {"x": numpy.ascontiguousarray(x, dtype="f4"),
                  "state.position": numpy.full(case["B"], case["offset"], "i8")}
        score.compare(f"{name} from position {case['offset']}", tools.run(package, "prefill", inputs)["y"], y, LIMIT)
    check_xpos(tools, score, vectors)
    score.finish()


if __name__ == "__main__":
    main(sys.argv[1])
