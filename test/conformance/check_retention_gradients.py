#!/usr/bin/env python3
"""Gradients of bare retention, through vjp of specs with q, k, v as inputs: check_retention_gradients.py BUILD."""
import json
import os
import sys

import numpy

import programs
from check_retention import time_major
from programs import tensor_file

LIMIT = 1e-5
SCHEDULES = ["parallel", "recurrent", "chunkwise:1", "chunkwise:8", "chunkwise:64", "auto"]


def sequences(case, description):
    """The case as inputs and expected results; of a packed row, each sequence by itself (vjp takes no length)."""
    whole = {"inputs": {"q": time_major(case["q"]), "k": time_major(case["k"]), "v": time_major(case["v"]),
                        "cotangent.o": time_major(case["d_o"]), "cotangent.state.retention": case["d_s_out"].astype("f4")},
             "expected": {"o": time_major(case["o"]), "state.retention": case["s_out"], "grad.q": time_major(case["dq"]),
                          "grad.k": time_major(case["dk"]), "grad.v": time_major(case["dv"])}}
    if "s_in" in case:
        whole["inputs"]["state.retention"] = case["s_in"].astype("f4")
        whole["expected"]["grad.state.retention"] = case["ds_in"]
    if not description["packed"]:
        yield whole
        return
    bounds = case["cu_seqlens"]
    for row in range(len(bounds) - 1):
        def part(name, values):
            if "state" in name:
                return values[row:row + 1]
            return values[:, bounds[row]:bounds[row + 1]]
        yield {kind: {name: numpy.ascontiguousarray(part(name, values)) for name, values in tensors.items()}
               for kind, tensors in whole.items()}


def run(tools, spec, inputs, schedule):
    batch, time, heads, key_width = inputs["q"].shape
    hypers = {"heads": heads, "key_width": key_width, "value_width": inputs["v"].shape[3]}
    package = tools.compile(os.path.join(programs.SPECS, spec), [f"vjp:B={batch},T={time}"], schedule, **hypers)
    return tools.run(package, "vjp", inputs)


def check_sequence(tools, score, title, sequence, spec):
    for schedule in SCHEDULES:
        found = run(tools, spec, sequence["inputs"], schedule)
        for name, expected in sequence["expected"].items():
            score.compare(f"{title} {schedule} {name}", found[name], expected, LIMIT)


def check_decay_gradient(tools, score, title, case, parts):
    """The decay of a head, fed to every token as its log decay: d/d gamma = sum over B and T of d/d log decay / gamma."""
    gamma, expected = case["gamma"], case["dgamma"]
    # Of one token without a state nothing decays: what is summed up, q.dq - k.dk + <d_s_out, s_out>, cancels, and its largest term is the scale.
    terms = 0 if expected.any() else numpy.abs(case["k"] * case["dk"]).sum((0, 2, 3)) / gamma
    for schedule in SCHEDULES:
        found = numpy.zeros(gamma.shape)
        for number, part in enumerate(parts):
            log_decay = numpy.broadcast_to(numpy.log(gamma), (*part["inputs"]["q"].shape[:2], len(gamma))).astype("f4")
            outputs = run(tools, "retention-gated.mlir", dict(part["inputs"], log_decay=log_decay), schedule)
            found += outputs["grad.log_decay"].astype("f8").sum((0, 1)) / gamma
            for name, values in part["expected"].items():
                score.compare(f"{title}[{number}] {schedule} {name}, decay as an input", outputs[name], values, LIMIT)
        score.compare(f"{title} {schedule} dgamma", found + terms, expected + terms, LIMIT)


def scaled_rows(sequence, gamma):
    """The sequence under torchscale's recurrent row scale, from a random initial scale. A row's factor is a constant, so the outputs
    are the factor times the plain ones, and cotangents divided by it give the plain gradients."""
    scale = numpy.random.default_rng(1).uniform(0, 3, (len(sequence["inputs"]["q"]), len(gamma)))
    inputs = dict(sequence["inputs"], **{"state.retention_scale": scale.astype("f4")})
    factors = numpy.empty(inputs["q"].shape[:3])
    for token in range(factors.shape[1]):
        scale = gamma * scale + 1
        factors[:, token] = 1 / numpy.sqrt(scale)
    inputs["cotangent.o"] = (inputs["cotangent.o"] / factors[..., None]).astype("f4")
    expected = dict(sequence["expected"], **{"o": sequence["expected"]["o"] * factors[..., None], "state.retention_scale": scale})
    return {"inputs": inputs, "expected": expected}


def main(build):
    tools, score = programs.Programs(build), programs.Score()
    vectors = tensor_file.read(os.path.join(programs.VECTORS, "retention_op.safetensors"))
    with open(os.path.join(programs.VECTORS, "retention_op.json"), encoding="utf-8") as file:
        cases = json.load(file)["cases"]
    for name, description in cases.items():
        case = {key[len(name) + 1:]: values for key, values in vectors.items() if key.startswith(name + ".")}
        spec = "retention-extreme.mlir" if isinstance(description["gamma"], list) else "retention.mlir"
        for number, sequence in enumerate(sequences(case, description)):
            title = f"{name}[{number}]" if description["packed"] else name
            check_sequence(tools, score, title, sequence, spec)
            if spec == "retention.mlir":
                check_sequence(tools, score, f"{title} torchscale_recurrent", scaled_rows(sequence, case["gamma"]), "retention-scaled.mlir")
        check_decay_gradient(tools, score, name, case, list(sequences(case, description)))
    score.finish()


if __name__ == "__main__":
    main(sys.argv[1])
