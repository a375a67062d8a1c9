#!/usr/bin/env python3
"""Trains models/retnet.mlir's tiny preset in PyTorch and prints the loss of each step: make_pytorch_curve.py WEIGHTS >pytorch_curve.txt

WEIGHTS are the initial values: rondo-run tiny.rondo --init-seed 1 --save-weights WEIGHTS. Made outside of the build, since the build needs
no PyTorch; run again only if the model or its initialisation changes. Everything is float64 and written plainly: the parallel form of
retention, AdamW with decoupled decay on the parameters that the spec decays, clipping by the global norm.
"""
import json
import struct
import sys

import torch

BATCH, TIME, STEPS = 4, 128, 200
WIDTH, HEADS, LAYERS, EPS = 64, 4, 2, 1e-6
RATE, DECAY, CLIP, BETAS, EPSILON = 1e-3, 0.05, 1.0, (0.9, 0.98), 1e-8


def load(path):
    with open(path, "rb") as file:
        data = file.read()
    (length,) = struct.unpack_from("<Q", data)
    weights = {}
    for name, entry in json.loads(data[8 : 8 + length]).items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            raw = bytearray(data[8 + length + begin : 8 + length + end])
            values = torch.frombuffer(raw, dtype=torch.float32).to(torch.float64)
            weights[name] = values.reshape(entry["shape"]).clone().requires_grad_()
    return weights


class Text:
    """Pseudo-text over 64 symbols; test/e2e/training/CurveTest.cpp has the same."""

    def __init__(self):
        self.state, self.symbol = 1, 0

    def next(self):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        self.symbol = (5 * self.symbol + 17 + (self.state >> 33) % 3) % 64
        return self.symbol

    def batch(self):
        return torch.tensor([[self.next() for _ in range(TIME)] for _ in range(BATCH)])


def rms_norm(x, weight=None):
    y = x / torch.sqrt((x * x).mean(-1, keepdim=True) + EPS)
    return y if weight is None else y * weight


def rotate(x):
    pairs = x.shape[-1] // 2
    theta = 10000.0 ** (-torch.arange(pairs, dtype=torch.float64) / (pairs - 1))
    angle = torch.arange(TIME, dtype=torch.float64)[:, None] * theta
    cos, sin = angle.cos()[None, :, None], angle.sin()[None, :, None]
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack((even * cos - odd * sin, odd * cos + even * sin), -1).flatten(-2)


def retention(q, k, v):
    distance = torch.arange(TIME)[:, None] - torch.arange(TIME)[None, :]
    gamma = 1 - 2.0 ** (-5 - torch.arange(HEADS, dtype=torch.float64))
    decay = torch.where(distance >= 0, gamma[:, None, None] ** distance.clamp(min=0), 0.0)
    scores = torch.einsum("bthd,bshd->bhts", q, k) * decay
    return torch.einsum("bhts,bshd->bthd", scores, v)


def loss_of(weights, tokens):
    heads = lambda y: y.unflatten(-1, (HEADS, -1))
    x = weights["embed_tokens.weight"][tokens]
    for layer in range(LAYERS):
        w = lambda name: weights[f"layers.{layer}.{name}.weight"]
        n = rms_norm(x, w("retention_layer_norm"))
        q, k, v = (heads(n @ w(f"retention.{name}_proj").T) for name in "qkv")
        gate = torch.nn.functional.silu(n @ w("retention.g_proj").T)
        o = rms_norm(retention(rotate(q), rotate(k) * (WIDTH / HEADS) ** -0.5, v))
        x = x + (o.flatten(-2) * gate) @ w("retention.out_proj").T
        f = rms_norm(x, w("final_layer_norm"))
        hidden = torch.nn.functional.silu(f @ w("ffn.fc1").T) * (f @ w("ffn.gate").T)
        x = x + hidden @ w("ffn.fc2").T
    logits = rms_norm(x, weights["layer_norm.weight"]) @ weights["output_projection.weight"].T
    return torch.nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten())


def main(path):
    weights = load(path)
    decayed = lambda name: "norm" not in name and not name.startswith("embed")
    groups = [
        {"params": [w for name, w in weights.items() if decayed(name) == decay], "weight_decay": DECAY * decay}
        for decay in (True, False)
    ]
    optimizer = torch.optim.AdamW(groups, lr=RATE, betas=BETAS, eps=EPSILON)
    text = Text()
    print("# loss of each step, by make_pytorch_curve.py with PyTorch", torch.__version__)
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = loss_of(weights, text.batch())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights.values(), CLIP)
        optimizer.step()
        print(f"{loss.item():.9f}")


if __name__ == "__main__":
    main(sys.argv[1])
