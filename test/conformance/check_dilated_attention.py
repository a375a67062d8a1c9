#!/usr/bin/env python3
"""The bare dilated attention op against its vectors: check_dilated_attention.py BUILD. Outputs of the whole sequence, in stretches
and token by token; gradients with the mixture's weights differentiated and held constant."""
import json
import os
import sys

import numpy

import programs
from programs import tensor_file

LIMIT = 1e-5
OFFSETS = {"block": "blocks", "mod": "modulo"}

SPEC = """spec.model @dilated_attention {{
  %q = spec.input "q" heads({heads}) width({width})
  %k = spec.input "k" heads({heads}) width({width})
  %v = spec.input "v" heads({heads}) width({width})
  %o, %lse = spec.dilated_attention %q, %k, %v segments({segments}) ratios({ratios}) offsets({offsets}) scale(rsqrt({width})){flags}
  spec.output "o" %o
  spec.output "lse" %lse
}}
"""


def time_major(values):
    """[B, H, T, d] of the vectors to [B, T, H, d] of Rondo (and [B, H, T] to [B, T, H]), in float32."""
    return numpy.ascontiguousarray(numpy.moveaxis(values, 1, 2), dtype="f4")


def write_spec(tools, description, frozen=False):
    path = tools.path(".mlir")
    flags = ("" if description["causal"] else " bidirectional") + (" frozen_mixture" if frozen else "")
    with open(path, "w") as file:
        file.write(SPEC.format(heads=description["H"], width=description["head_dim"], segments=description["segment_lengths"],
                               ratios=description["ratios"], offsets=OFFSETS[description["head_offset_rule"]], flags=flags))
    return path


def compare_lse(score, what, found, expected):
    """Where no key is visible both are -inf; elsewhere the difference counts."""
    none = numpy.isneginf(expected)
    score.expect(f"{what} is -inf exactly where no key is visible", bool((numpy.isneginf(found) == none).all()))
    score.compare(what, numpy.where(none, 0, found), numpy.where(none, 0, expected), LIMIT)


def check_forward(tools, score, name, case, description):
    inputs = {tensor: time_major(case[tensor]) for tensor in "qkv"}
    batch, time = inputs["q"].shape[:2]
    package = tools.compile(write_spec(tools, description), [f"forward:B={batch},T={time}"], "auto")
    found = tools.run(package, "forward", inputs)
    score.compare(f"{name} o", found["o"], time_major(case["o"]), LIMIT)
    compare_lse(score, f"{name} lse", found["lse"], time_major(case["lse"]))


def walk(tools, package, entry, inputs, stretch):
    """The outputs of all stretches, one after the other; the states go from each to the next. Padding is NaN."""
    time = inputs["q"].shape[1]
    states, outputs = {}, []
    for begin in range(0, time, stretch):
        count = min(stretch, time - begin)
        given = dict(states)
        for tensor, values in inputs.items():
            given[tensor] = numpy.full((len(values), stretch, *values.shape[2:]), numpy.nan, "f4")
            given[tensor][:, :count] = values[:, begin:begin + count]
        if entry == "prefill":
            given["length"] = numpy.full(len(inputs["q"]), count, "i4")
        found = tools.run(package, entry, given)
        states = {state: values for state, values in found.items() if state.startswith("state.")}
        outputs.append({tensor: found[tensor][:, :count] for tensor in ("o", "lse")})
    return {tensor: numpy.concatenate([each[tensor] for each in outputs], axis=1) for tensor in ("o", "lse")}


def check_stretches(tools, score, name, case, description):
    inputs = {tensor: time_major(case[tensor]) for tensor in "qkv"}
    batch, time = inputs["q"].shape[:2]
    spec = write_spec(tools, description)
    for stretch in {time, time + 3, 13, 7}:
        package = tools.compile(spec, [f"prefill:B={batch},T={stretch}"], "auto")
        found = walk(tools, package, "prefill", inputs, stretch)
        score.compare(f"{name} in stretches of {stretch} o", found["o"], time_major(case["o"]), LIMIT)
        compare_lse(score, f"{name} in stretches of {stretch} lse", found["lse"], time_major(case["lse"]))
    package = tools.compile(spec, [f"decode:B={batch}"], "auto")
    found = walk(tools, package, "decode", inputs, 1)
    score.compare(f"{name} token by token o", found["o"], time_major(case["o"]), LIMIT)
    compare_lse(score, f"{name} token by token lse", found["lse"], time_major(case["lse"]))


def check_gradients(tools, score, name, case, description):
    inputs = {tensor: time_major(case[tensor]) for tensor in "qkv"}
    batch, time = inputs["q"].shape[:2]
    inputs["cotangent.o"] = time_major(case["d_o"])
    for frozen, suffix in ((False, ""), (True, "_frozen_weights")):
        package = tools.compile(write_spec(tools, description, frozen), [f"vjp:B={batch},T={time}"], "auto")
        found = tools.run(package, "vjp", inputs)
        for tensor in "qkv":
            expected = case.get(f"d{tensor}{suffix}", case[f"d{tensor}"])
            score.compare(f"{name} d{tensor}{suffix}", found[f"grad.{tensor}"], time_major(expected), LIMIT)


def main():
    tools, score = programs.Programs(sys.argv[1]), programs.Score()
    with open(os.path.join(programs.VECTORS, "dilated_attention_op.json")) as file:
        description = json.load(file)
    tensors = tensor_file.read(os.path.join(programs.VECTORS, "dilated_attention_op.safetensors"))
    for name, case_description in description["cases"].items():
        case = {tensor.partition(".")[2]: values for tensor, values in tensors.items() if tensor.startswith(name + ".")}
        check_forward(tools, score, name, case, case_description)
        check_gradients(tools, score, name, case, case_description)
        if case_description["causal"]:
            check_stretches(tools, score, name, case, case_description)
    score.finish()


if __name__ == "__main__":
    main()
