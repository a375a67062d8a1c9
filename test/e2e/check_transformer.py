#!/usr/bin/env python3
"""Plain attention, heads of keys and values shared, against float64: check_transformer.py BUILD."""
import os
import sys

import numpy

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "conformance"))
import programs  # noqa: E402
from float64_layers import attention, cross_entropy  # noqa: E402
from float64_models import check_gradients  # noqa: E402
from programs import tensor_file  # noqa: E402

MODEL = os.path.join(programs.ROOT, "models", "transformer.mlir")
BATCH, TIME, HEADS, SHARED, LAYERS, EPS = 2, 75, 4, 2, 2, 1e-5  # the preset "tiny"
PROBED = ("tok_embeddings.weight", "layers.0.attention.wq.weight", "layers.0.attention.wk.weight", "layers.1.attention.wv.weight",
          "layers.0.attention_norm.weight", "layers.1.feed_forward.w2.weight")


def norm(x, gain):
    return x / numpy.sqrt((x ** 2).mean(-1, keepdims=True) + EPS) * gain


def rotate(x):
    """Lanes i and i + D / 2 are a pair: [B, T, H, D]."""
    half = x.shape[-1] // 2
    angles = numpy.arange(x.shape[1])[:, None] * 10000.0 ** (-numpy.arange(half) / half)
    turned = (x[..., :half] + 1j * x[..., half:]) * numpy.exp(1j * angles)[:, None]
    return numpy.concatenate([turned.real, turned.imag], -1)


def silu(x):
    return x / (1 + numpy.exp(-x))


def layer(x, weights, name):
    n = norm(x, weights[f"{name}attention_norm.weight"])
    q, k, v = ((n @ weights[f"{name}attention.w{part}.weight"].T).reshape(BATCH, TIME, -1, x.shape[-1] // HEADS) for part in "qkv")
    k, v = (numpy.repeat(part, HEADS // SHARED, 2) for part in (k, v))
    seen = numpy.tril(numpy.ones((HEADS, TIME, TIME)))
    y = x + attention(rotate(q), rotate(k), v, seen).reshape(x.shape) @ weights[f"{name}attention.wo.weight"].T
    f = norm(y, weights[f"{name}ffn_norm.weight"])
    gate, value = (f @ weights[f"{name}feed_forward.w{number}.weight"].T for number in "13")
    return y + (silu(gate) * value) @ weights[f"{name}feed_forward.w2.weight"].T


def model(weights, tokens):
    x = weights["tok_embeddings.weight"][tokens]
    for i in range(LAYERS):
        x = layer(x, weights, f"layers.{i}.")
    return norm(x, weights["norm.weight"]) @ weights["output.weight"].T


def check_capacity(tools, weight_file):
    """The command line says which sequence is too long, with exit code 4."""
    package = tools.path(".rondo")
    tools.call("rondo-compile", MODEL, "--preset", "tiny", "-D", "context=20", "-o", package)
    done = tools.attempt("rondo-run", package, "--weights", weight_file, "-p", "0123456789", "-n", "30")
    expected = "error: expected at most 20 positions in slot 0, found 21 [RND4009]"
    if done.returncode != 4 or expected not in done.stderr:
        sys.exit(f"expected exit code 4 and {expected!r}, found {done.returncode} and {done.stderr!r}")


def main(build):
    tools, score = programs.Programs(build), programs.Score()
    package, weight_file = tools.path(".rondo"), tools.path(".safetensors")
    tools.call("rondo-compile", MODEL, "--preset", "tiny", "--entry", f"forward:B={BATCH},T={TIME}", "--entry", f"grad:B={BATCH},T={TIME}", "-o", package)
    tools.call("rondo-run", package, "--init-seed", "3", "--save-weights", weight_file)
    weights = {name: values.astype("f8") for name, values in tensor_file.read(weight_file).items()}
    random = numpy.random.default_rng(4)
    tokens = random.integers(0, 256, (BATCH, TIME)).astype("i4")
    targets = numpy.concatenate([tokens[:, 1:], numpy.full((BATCH, 1), -1)], 1).astype("i4")

    def run(entry, inputs):
        return tools.run(package, entry, inputs, "--weights", weight_file)

    score.compare("logits", run("forward", {"tokens": tokens})["logits"], model(weights, tokens), 1e-4)
    found = run("grad", {"tokens": tokens, "targets": targets})
    check_gradients(score, found, lambda values: cross_entropy(model(values, tokens), targets), weights, PROBED)
    check_capacity(tools, weight_file)
    score.finish()


if __name__ == "__main__":
    main(sys.argv[1])
