#!/usr/bin/env python3
"""The encoder form of LongNet against float64, at a length that ends inside segments: check_encoder.py BUILD."""
import os
import sys

import numpy

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "conformance"))
import programs  # noqa: E402
from float64_layers import attention, cross_entropy, gelu, linear, norm, rotate, visible  # noqa: E402
from float64_models import check_gradients  # noqa: E402
from programs import tensor_file  # noqa: E402

MODEL = os.path.join(programs.ROOT, "models", "longnet_encoder.mlir")
BATCH, TIME, HEADS, LAYERS, SEGMENT = 2, 75, 4, 2, 32  # the preset "tiny"
RATIOS = (1, 2, 4, 6, 12)
PROBED = ("embed_tokens.weight", "layers.0.self_attn.q_proj.weight", "layers.0.self_attn.k_proj.weight",
          "layers.1.self_attn.v_proj.weight", "layers.0.self_attn.inner_attn_ln.weight", "layers.1.ffn.fc1.bias")


def layer(x, weights, name):
    n = norm(x, weights, f"{name}self_attn_layer_norm")
    q, k, v = (linear(n, weights, f"{name}self_attn.{part}_proj").reshape(BATCH, TIME, HEADS, -1) for part in "qkv")
    counts = visible(TIME, HEADS, [SEGMENT << pattern for pattern in range(len(RATIOS))], RATIOS)
    o = norm(attention(rotate(q), rotate(k), v, counts).reshape(x.shape), weights, f"{name}self_attn.inner_attn_ln")
    y = linear(o, weights, f"{name}self_attn.out_proj") + x
    f = linear(norm(y, weights, f"{name}final_layer_norm"), weights, f"{name}ffn.fc1")
    return linear(norm(gelu(f), weights, f"{name}ffn.ffn_layernorm"), weights, f"{name}ffn.fc2") + y


def model(weights, tokens):
    x = weights["embed_tokens.weight"][tokens]
    for i in range(LAYERS):
        x = layer(x, weights, f"layers.{i}.")
    return norm(x, weights, "layer_norm") @ weights["output_projection.weight"].T


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
    found = run("grad", {"tokens": masked, "targets": targets})
    check_gradients(score, found, lambda values: cross_entropy(model(values, masked), targets), weights, PROBED)
    score.finish()


if __name__ == "__main__":
    main(sys.argv[1])
