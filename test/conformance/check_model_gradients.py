#!/usr/bin/env python3
"""Losses and gradients of a whole RetNet, through grad, against its vectors: check_model_gradients.py BUILD NAME."""
import json
import os
import sys

import check_model
import programs
from programs import tensor_file

LOSS_LIMIT, GRADIENT_LIMIT = 1e-4, 1e-3  # of a float32 program
SCHEDULES = {"none": ["parallel", "recurrent", "chunkwise:16", "auto"], "torchscale_parallel": ["parallel"]}


def check_time(tools, score, spec, vectors, weights, tied, time, row_scale, schedule):
    prefix = "ref.torchscale.parallel." if row_scale == "torchscale_parallel" else "ref.plain."
    if f"{prefix}loss_t{time}" not in vectors:
        prefix = "ref."
    tokens = vectors[f"input.tokens_t{time}"]
    package = tools.compile(spec, [f"grad:B={len(tokens)},T={time}"], schedule)
    found = tools.run(package, "grad", {"tokens": tokens}, *weights)
    title = f"t{time} {row_scale} {schedule}"
    score.compare(f"{title} loss", found["loss"], vectors[f"{prefix}loss_t{time}"], LOSS_LIMIT)
    expected = {name: values for name, values in vectors.items() if name.startswith(f"{prefix}grad_t{time}.")}
    for name, values in expected.items():
        parameter = name[len(f"{prefix}grad_t{time}."):]
        # A tied head has no gradient of its own: the embedding's is the sum.
        if not (tied and parameter == "output_projection.weight"):
            score.compare(f"{title} {parameter}", found[f"grad.{parameter}"], values, GRADIENT_LIMIT)


def check_row_scale(tools, score, name, vectors, configuration, weights, tied, row_scale):
    kind = "fla-retnet" if name.endswith("_fla") else "torchscale-retnet"
    spec = tools.path(".mlir")
    tools.call("rondo-import", kind, configuration, "--row-scale", row_scale, "-o", spec)
    for time in check_model.lengths(vectors):
        for schedule in SCHEDULES[row_scale]:
            check_time(tools, score, spec, vectors, weights, tied, time, row_scale, schedule)


def main(build, name):
    tools, score = programs.Programs(build), programs.Score()
    path = os.path.join(programs.VECTORS, f"{name}.safetensors")
    vectors = tensor_file.read(path)
    with open(path.replace(".safetensors", ".json"), encoding="utf-8") as file:
        description = json.load(file)
    configuration = tools.path(".json")
    with open(configuration, "w", encoding="utf-8") as file:
        json.dump(description["config"], file)
    tied = description["config"].get("share_decoder_input_output_embed", False)
    weights = ["--weights", path]
    for glob in ("input.*", "ref.*", "retnet_rel_pos.*"):
        weights += ["--ignore", glob]
    for row_scale in SCHEDULES:
        if row_scale == "none" or any(key.startswith("ref.torchscale.parallel.grad") for key in vectors):
            check_row_scale(tools, score, name, vectors, configuration, weights, tied, row_scale)
    score.finish()


if __name__ == "__main__":
    main(*sys.argv[1:])
