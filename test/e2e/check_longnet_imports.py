#!/usr/bin/env python3
"""torchscale's LongNets as rondo-import reads them, against float64: encoders, norms behind the sums, DeepNorm: check_longnet_imports.py BUILD.
The decoder with norms before its layers has vectors of its own in test/conformance."""
import json
import os
import sys

import numpy

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "conformance"))
import programs  # noqa: E402
from float64_layers import attention, cross_entropy, gelu, linear, norm, rotate, visible  # noqa: E402
from programs import tensor_file  # noqa: E402

BATCH, TIME, VOCAB, WIDTH, HEADS, LAYERS = 2, 37, 41, 32, 4, 3
SEGMENTS, RATIOS = [8, 32], [1, 4]  # TIME ends inside both

# What the configuration says beside the sizes, and what torchscale makes of it: (causal, norms before, sub-layer norms, DeepNorm).
VARIANTS = {
    "encoder": ({}, (False, True, True, False)),
    "encoder with xPos": ({"xpos_rel_pos": True}, (False, True, True, False)),
    "encoder with DeepNorm": ({"deepnorm": True}, (False, False, False, True)),
    "encoder, norms behind": ({"subln": False, "encoder_normalize_before": False}, (False, False, False, False)),
    "encoder, sub-layer norms win": ({"encoder_normalize_before": False}, (False, True, True, False)),
    "decoder with DeepNorm": ({"deepnorm": True, "decoder_normalize_before": False}, (True, False, False, True)),
    "decoder with DeepNorm, norms left before": ({"deepnorm": True}, (True, True, False, True)),
    "decoder, norms behind": ({"decoder_normalize_before": False, "encoder_normalize_before": True}, (True, False, True, False)),
}


class Model:
    def __init__(self, causal, before, inner, deep, xpos):
        self.before, self.inner, self.xpos = before, inner, xpos
        self.residual = (2 * LAYERS) ** 0.25 if deep else 1
        self.counts = visible(TIME, HEADS, SEGMENTS, RATIOS, causal)

    def scaled(self, x, sign):
        """With xPos rotated and scaled by zeta^(position / 512), as torchscale does up to the centre; without it nothing tells positions."""
        if not self.xpos:
            return x
        turned = rotate(x)
        width = x.shape[-1]
        zeta = numpy.repeat((numpy.arange(0, width, 2) + 0.4 * width) / (1.4 * width), 2)
        return turned * zeta ** (sign * numpy.arange(TIME)[:, None] / 512)[:, None]

    def attend(self, x, weights, name):
        q, k, v = (linear(x, weights, f"{name}self_attn.{part}_proj").reshape(BATCH, TIME, HEADS, -1) for part in "qkv")
        o = attention(self.scaled(q, 1), self.scaled(k, -1), v, self.counts).reshape(x.shape)
        o = norm(o, weights, f"{name}self_attn.inner_attn_ln") if self.inner else o
        return linear(o, weights, f"{name}self_attn.out_proj")

    def feed(self, x, weights, name):
        h = gelu(linear(x, weights, f"{name}ffn.fc1"))
        h = norm(h, weights, f"{name}ffn.ffn_layernorm") if self.inner else h
        return linear(h, weights, f"{name}ffn.fc2")

    def logits(self, weights, tokens):
        x = weights["embed_tokens.weight"][tokens]
        for i in range(LAYERS):
            for part, name in ((self.attend, "self_attn_layer_norm"), (self.feed, "final_layer_norm")):
                layer = f"layers.{i}."
                n = norm(x, weights, layer + name) if self.before else x
                x = part(n, weights, layer) + self.residual * x
                x = x if self.before else norm(x, weights, layer + name)
        x = norm(x, weights, "layer_norm") if self.before else x
        return x @ weights["output_projection.weight"].T


def check_gradient(score, what, model, found, weights, tokens, targets):
    random, step = numpy.random.default_rng(5), 1e-6
    for name in ("layers.0.self_attn.v_proj.weight", "layers.1.ffn.fc2.bias", "layers.2.self_attn_layer_norm.weight"):
        gradient = found[f"grad.{name}"].astype("f8")
        chance = random.standard_normal(gradient.shape)
        # Along the gradient, with a little of chance, so that the slope is far from 0.
        direction = gradient / numpy.linalg.norm(gradient) + 0.5 * chance / numpy.linalg.norm(chance)
        sides = [cross_entropy(model.logits({**weights, name: weights[name] + sign * step * direction}, tokens), targets) for sign in (1, -1)]
        score.compare(f"{what}: gradient by {name}", numpy.asarray((gradient * direction).sum()), numpy.asarray((sides[0] - sides[1]) / (2 * step)), 1e-3)


def check_initial(score, what, weights, inner, deep):
    """torch's uniform values up to 1 / sqrt(fan-in), on paths into the residual stream times MAGNETO's or DeepNorm's factor; biases too."""
    factor = numpy.sqrt(numpy.log(2 * LAYERS)) if inner else (8 * LAYERS) ** -0.25 if deep else 1
    for name, scale in (("self_attn.q_proj", 1), ("self_attn.v_proj", factor), ("self_attn.out_proj", factor), ("ffn.fc1", factor)):
        for kind in ("weight", "bias"):
            largest = max(numpy.abs(weights[f"layers.{i}.{name}.{kind}"]).max() for i in range(LAYERS))
            bound = scale / numpy.sqrt(WIDTH)
            score.expect(f"{what}: {name}.{kind} begins up to {bound:.3f}", 0.9 * bound < largest <= bound * (1 + 1e-6), str(largest))


def check_variant(tools, score, what, flags, form):
    side = what.split()[0].rstrip(",")
    configuration = {"vocab_size": VOCAB, f"{side}_embed_dim": WIDTH, f"{side}_attention_heads": HEADS, f"{side}_ffn_embed_dim": 48,
                     f"{side}_layers": LAYERS, "segment_length": str(SEGMENTS), "dilated_ratio": str(RATIOS), **flags}
    path = tools.file(json.dumps(configuration), ".json")
    package = tools.compile(tools.importer("torchscale-longnet", path), [f"forward:B={BATCH},T={TIME}", f"grad:B={BATCH},T={TIME}"], "auto")
    weight_file = tools.path(".safetensors")
    tools.call("rondo-run", package, "--init-seed", "3", "--save-weights", weight_file)
    weights = {name: values.astype("f8") for name, values in tensor_file.read(weight_file).items()}
    check_initial(score, what, weights, *form[2:])
    model = Model(*form, xpos="xpos_rel_pos" in flags)
    random = numpy.random.default_rng(4)
    tokens, targets = (random.integers(0, VOCAB, (BATCH, TIME)).astype("i4") for _ in range(2))
    found = tools.run(package, "forward", {"tokens": tokens}, "--weights", weight_file)
    score.compare(f"{what}: logits", found["logits"], model.logits(weights, tokens), 1e-4)
    found = tools.run(package, "grad", {"tokens": tokens, "targets": targets}, "--weights", weight_file)
    check_gradient(score, what, model, found, weights, tokens, targets)


def main(build):
    tools, score = programs.Programs(build), programs.Score()
    for what, (flags, form) in VARIANTS.items():
        check_variant(tools, score, what, flags, form)
    score.finish()


if __name__ == "__main__":
    main(sys.argv[1])
