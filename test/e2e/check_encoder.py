#!/usr/bin/env python3
"""The encoder form of LongNet against float64, at a length that ends inside segments: check_encoder.py BUILD."""
import math
import os
import sys

import numpy

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "conformance"))
import programs  # noqa: E402
from programs import tensor_file  # noqa: E402

MODEL = os.path.join(programs.ROOT, "models", "longnet_encoder.mlir")
BATCH, TIME, HEADS, LAYERS, SEGMENT = 2, 75, 4, 2, 32  # the preset "tiny"
RATIOS = (1, 2, 4, 6, 12)


def norm(x, weights, name):
    centred = x - x.mean(-1, keepdims=True)
    return centred / numpy.sqrt((centred ** 2).mean(-1, keepdims=True) + 1e-5) * weights[f"{name}.weight"] + weights[f"{name}.bias"]


def linear(x, weights, name):
    return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]


def rotate(x):
    half = x.shape[-1] // 2
    angles = numpy.arange(x.shape[1])[:, None] * 10000.0 ** (-numpy.arange(half) / half)
    turned = (x[..., 0::2] + 1j * x[..., 1::2]) * numpy.exp(1j * angles)[:, None]
    return numpy.stack([turned.real, turned.imag], -1).reshape(x.shape)


def visible():
    """How many patterns show key s to query t, for each head: [H, T, T]."""
    counts = numpy.zeros((HEADS, TIME, TIME))
    position = numpy.arange(TIME)
    for pattern, ratio in enumerate(RATIOS):
        segment = SEGMENT << pattern
        together = position[:, None] // segment == position // segment
        for head in range(HEADS):
            takes_part = position % segment % ratio == head // math.ceil(HEADS / ratio)
            counts[head] += together & takes_part[:, None] & takes_part
    return counts


def attention(q, k, v):
    scores = numpy.einsum("bthd,bshd->bhts", rotate(q), rotate(k)) / math.sqrt(q.shape[-1])
    shares = visible() * numpy.exp(scores)
    return numpy.einsum("bhts,bshd->bthd", shares / shares.sum(-1, keepdims=True), v)


def layer(x, weights, name):
    n = norm(x, weights, f"{name}self_attn_layer_norm")
    q, k, v = (linear(n, weights, f"{name}self_attn.{part}_proj").reshape(BATCH, TIME, HEADS, -1) for part in "qkv")
    o = norm(attention(q, k, v).reshape(x.shape), weights, f"{name}self_attn.inner_attn_ln")
    y = linear(o, weights, f"{name}self_attn.out_proj") + x
    f = linear(norm(y, weights, f"{name}final_layer_norm"), weights, f"{name}ffn.fc1")
    gelu = f * (1 + numpy.vectorize(math.erf)(f / math.sqrt(2))) / 2
    return linear(norm(gelu, weights, f"{name}ffn.ffn_layernorm"), weights, f"{name}ffn.fc2") + y


def model(weights, tokens):
    x = weights["embed_tokens.weight"][tokens]
    for i in range(LAYERS):
        x = layer(x, weights, f"layers.{i}.")
    return norm(x, weights, "layer_norm") @ weights["output_projection.weight"].T


def loss(weights, tokens, targets):
    logits = model(weights, tokens)
    picked = numpy.take_along_axis(logits, numpy.maximum(targets, 0)[..., None], -1)[..., 0]
    return (numpy.log(numpy.exp(logits).sum(-1)) - picked)[targets >= 0].mean()


def check_gradients(score, run, weights, tokens, targets):
    found = run("grad", {"tokens": tokens, "targets": targets})
    score.compare("loss of masked tokens", found["loss"], numpy.asarray(loss(weights, tokens, targets)), 1e-5)
    random, step = numpy.random.default_rng(5), 1e-6
    for name in ("embed_tokens.weight", "layers.0.self_attn.q_proj.weight", "layers.0.self_attn.k_proj.weight",
                 "layers.1.self_attn.v_proj.weight", "layers.0.self_attn.inner_attn_ln.weight", "layers.1.ffn.fc1.bias"):
        gradient = found[f"grad.{name}"].astype("f8")
        # Along the gradient, with a little of chance, so that the slope is far from 0.
        direction = gradient / numpy.linalg.norm(gradient)
        chance = random.standard_normal(gradient.shape)
        direction = direction + 0.5 * chance / numpy.linalg.norm(chance)
        sides = [loss({**weights, name: weights[name] + sign * step * direction}, tokens, targets) for sign in (1, -1)]
        slope = (sides[0] - sides[1]) / (2 * step)
        score.compare(f"gradient by {name}", numpy.asarray((gradient * direction).sum()), numpy.asarray(slope), 1e-3)


def main(build):
    tools, score = programs.Programs(build), programs.Score()
    package, weight_file = tools.path(".rondo"), tools.path(".safetensors")
    tools.call("rondo-compile", MODEL, "--preset", "tiny", "--entry", f"forward:B={BATCH},T={TIME}", "--entry", f"grad:B={BATCH},T={TIME}", "-o", package)
    tools.call("rondo-run", package, "--init-seed", "3", "--save-weights", weight_file)
    weights = {name: values.astype("f8") for name, values in tensor_file.read(weight_file).items()}
    random = numpy.random.default_rng(4)
    tokens = random.integers(0, 256, (BATCH, TIME)).astype("i4")
    targets = numpy.where(random.random((BATCH, TIME)) < 0.3, tokens, -1).astype("i4")

    def run(entry, inputs):
        return tools.run(package, entry, inputs, "--weights", weight_file)

    masked = numpy.where(targets >= 0, 0, tokens).astype("i4")
    score.compare("logits", run("forward", {"tokens": masked})["logits"], model(weights, masked), 1e-4)
    check_gradients(score, run, weights, masked, targets)
    score.finish()


if __name__ == "__main__":
    main(sys.argv[1])
