#!/usr/bin/env python3
"""The bare retention op, through a spec with q, k and v as inputs, against its vectors: check_retention.py BUILD."""
import json
import os
import sys

import numpy

import programs
from programs import tensor_file

LIMIT = 1e-5
SCHEDULES = ["parallel", "recurrent", "chunkwise:1", "chunkwise:8", "chunkwise:64", "auto"]


def time_major(values):
    """[B, H, T, d] of the vectors to [B, T, H, d] of Rondo, in float32."""
    return numpy.ascontiguousarray(values.transpose(0, 2, 1, 3), dtype="f4")


def rows(case, packed):
    """Inputs, initial states and expected results with one sequence per batch row, and each row's length."""
    q, k, v, o = (time_major(case[name]) for name in "qkvo")
    bounds = case["cu_seqlens"] if packed else None
    if not packed:
        return q, k, v, o, numpy.full(len(q), q.shape[1], "i4")
    lengths = numpy.diff(bounds).astype("i4")
    time = lengths.max()

    def unpacked(values):
        # Padding is NaN: it must not spread.
        out = numpy.full((len(lengths), time, *values.shape[2:]), numpy.nan, "f4")
        for row, length in enumerate(lengths):
            out[row, :length] = values[0, bounds[row]:bounds[row + 1]]
        return out
    return unpacked(q), unpacked(k), unpacked(v), unpacked(o), lengths


def check_case(tools, score, name, case, description):
    q, k, v, o, lengths = rows(case, description["packed"])
    batch, time, heads, key_width = q.shape
    spec = os.path.join(programs.SPECS, "retention-extreme.mlir" if isinstance(description["gamma"], list) else "retention.mlir")
    hypers = {"heads": heads, "key_width": key_width, "value_width": v.shape[3]}
    inputs = {"q": q, "k": k, "v": v, "length": lengths}
    if "s_in" in case:
        inputs["state.retention"] = case["s_in"].astype("f4")
    for schedule in SCHEDULES:
        package = tools.compile(spec, [f"prefill:B={batch},T={time}"], schedule, **hypers)
        found = tools.run(package, "prefill", inputs)
        valid = (numpy.arange(time) < lengths[:, None])[:, :, None, None]
        score.compare(f"{name} {schedule} o", numpy.where(valid, found["o"], 0), numpy.where(valid, o, 0), LIMIT)
        score.compare(f"{name} {schedule} final state", found["state.retention"], case["s_out"], LIMIT)


def from_empty_states(case, gamma):
    """The packed case's results if every sequence but the first began with an empty state: retention is linear in its state."""
    o, s_out = case["o"].copy(), case["s_out"].copy()
    bounds = case["cu_seqlens"]
    for sequence in range(1, len(bounds) - 1):
        begin, end = bounds[sequence], bounds[sequence + 1]
        decay = gamma[:, None] ** numpy.arange(1, end - begin + 1)
        state = case["s_in"][sequence]
        o[0, :, begin:end] -= decay[:, :, None] * (case["q"][0, :, begin:end] @ state)
        s_out[sequence] -= decay[:, -1, None, None] * state
    return o, s_out


def check_packed(tools, score, name, case):
    """All sequences in one row, a reset where each but the first begins; the row's state is that of the last."""
    q, k, v = (time_major(case[tensor]) for tensor in "qkv")
    o, s_out = from_empty_states(case, case["gamma"])
    begins = numpy.zeros(q.shape[:2], "i1")
    begins[0, case["cu_seqlens"][1:-1]] = 1
    inputs = {"q": q, "k": k, "v": v, "begins": begins, "state.retention": case["s_in"][:1].astype("f4")}
    hypers = {"heads": q.shape[2], "key_width": q.shape[3], "value_width": v.shape[3]}
    for schedule in SCHEDULES:
        package = tools.compile(os.path.join(programs.SPECS, "retention-packed.mlir"), [f"prefill:B=1,T={q.shape[1]}"], schedule, **hypers)
        found = tools.run(package, "prefill", inputs)
        score.compare(f"{name} in one row {schedule} o", found["o"], time_major(o), LIMIT)
        score.compare(f"{name} in one row {schedule} final state", found["state.retention"], s_out[-1:], LIMIT)
    for dtype in ("u1", "i4", "i8"):
        same = tools.run(package, "prefill", dict(inputs, begins=begins.astype(dtype)))
        score.expect(f"{name}: flags as {dtype}", numpy.array_equal(same["o"], found["o"]))
    for flag in (2, 257):  # out of range, and one that a byte would cut to 1
        given = tools.path(".safetensors")
        tensor_file.write(given, dict(inputs, begins=begins.astype("i4") * flag))
        done = tools.attempt("rondo-run", package, "--entry", "prefill", "--inputs", given, "--outputs", tools.path(".safetensors"))
        score.expect(f"{name}: flag {flag} is refused", done.returncode == 3 and "[RND3405]" in done.stderr, done.stderr)


def main(build):
    tools, score = programs.Programs(build), programs.Score()
    vectors = tensor_file.read(os.path.join(programs.VECTORS, "retention_op.safetensors"))
    with open(os.path.join(programs.VECTORS, "retention_op.json"), encoding="utf-8") as file:
        cases = json.load(file)["cases"]
    for name, description in cases.items():
        case = {key[len(name) + 1:]: values for key, values in vectors.items() if key.startswith(name + ".")}
        check_case(tools, score, name, case, description)
        if description["packed"]:
            check_packed(tools, score, name, case)
    score.finish()


if __name__ == "__main__":
    main(sys.argv[1])
