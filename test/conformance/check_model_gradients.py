#!/usr/bin/env python3
"""Losses and gradients of a whole RetNet or LongNet, through grad, against its vectors: check_model_gradients.py BUILD NAME."""
import sys

import check_model
import programs

LOSS_LIMIT, GRADIENT_LIMIT = 1e-4, 1e-3  # of a float32 program
# What the importer is asked for, what the vectors' names begin with then, and the schedules to try.
RETNETS = [(["--row-scale", "none"], "ref.plain.", ["parallel", "recurrent", "chunkwise:16", "auto"]),
           (["--row-scale", "torchscale_parallel"], "ref.torchscale.parallel.", ["parallel"])]
FLA_RETNETS = [([], "ref.", ["parallel", "recurrent", "chunkwise:16", "auto"])]
LONGNETS = [([], "ref.", ["auto"]), (["--frozen-mixture"], "ref.frozen_weights.", ["auto"])]


def check_time(tools, score, spec, vectors, weights, tied, time, prefix, schedule):
    tokens = vectors[f"input.tokens_t{time}"]
    package = tools.compile(spec, [f"grad:B={len(tokens)},T={time}"], schedule)
    found = tools.run(package, "grad", {"tokens": tokens}, *weights)
    title = f"t{time} {prefix} {schedule}"
    if f"{prefix}loss_t{time}" in vectors:
        score.compare(f"{title} loss", found["loss"], vectors[f"{prefix}loss_t{time}"], LOSS_LIMIT)
    expected = {name: values for name, values in vectors.items() if name.startswith(f"{prefix}grad_t{time}.")}
    # Some gradients are zero by nature, such as that of a bias of keys, which moves all scores of a query alike.
    floor = 1e-4 * max((abs(values).max() for values in expected.values()), default=1)
    for name, values in expected.items():
        parameter = name[len(f"{prefix}grad_t{time}."):]
        # A tied head has no gradient of its own: the embedding's is the sum.
        if not (tied and parameter == "output_projection.weight"):
            score.compare(f"{title} {parameter}", found[f"grad.{parameter}"], values, GRADIENT_LIMIT, floor)


def variants(name, vectors):
    if name.startswith("longnet"):
        return LONGNETS
    if name.endswith("_fla"):
        return FLA_RETNETS
    return [variant for variant in RETNETS if any(key.startswith(variant[1] + "grad") for key in vectors)]


def check_variant(tools, score, name, vectors, configuration, weights, tied, flags, prefix, schedules):
    spec = tools.path(".mlir")
    tools.call("rondo-import", check_model.importer_kind(name), configuration, *flags, "-o", spec)
    for time in check_model.lengths(vectors):
        for schedule in schedules:
            check_time(tools, score, spec, vectors, weights, tied, time, prefix, schedule)


def main(build, name):
    tools, score = programs.Programs(build), programs.Score()
    vectors, model, configuration, weights = check_model.open_model(tools, name)
    tied = model.get("share_decoder_input_output_embed", False)
    for flags, prefix, schedules in variants(name, vectors):
        check_variant(tools, score, name, vectors, configuration, weights, tied, flags, prefix, schedules)
        score.expect(f"{prefix} has gradients", any(key.startswith(f"{prefix}grad_t") for key in vectors))
    score.finish()


if __name__ == "__main__":
    main(*sys.argv[1:])
