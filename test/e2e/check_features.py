#!/usr/bin/env python3
"""A model that takes features instead of tokens, through every entry point: check_features.py BUILD."""
import os
import sys

import numpy

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "conformance"))
import programs  # noqa: E402
from float64_layers import cross_entropy, linear, norm, rotate  # noqa: E402
from programs import tensor_file  # noqa: E402

BATCH, TIME, WIDTH, CLASSES = 2, 12, 16, 11
SPEC = f"""
spec.model @features {{
  spec.block @layer(%x) {{
    %n = spec.layer_norm %x weight("norm.weight") bias("norm.bias")
    %q = spec.linear %n heads(4) weight("q.weight") bias("q.bias")
    %k = spec.linear %n heads(4) weight("k.weight") bias("k.bias")
    %v = spec.linear %n heads(4) weight("v.weight") bias("v.bias")
    %qr, %kr = spec.rotary %q, %k theta(standard) pairs(interleaved)
    %o = spec.retention %qr, %kr, %v decay(1 - pow(2, -5 - head))
    %y = spec.linear %o weight("out.weight") bias("out.bias") residual(%x)
    %f = spec.linear %y to(48) weight("fc1.weight") bias("fc1.bias") act(relu)
    %g = spec.layer_norm %f weight("sub.weight") bias("sub.bias")
    %z = spec.linear %g to(32) weight("fc2.weight") bias("fc2.bias") residual(%y)
    spec.yield %z
  }}
  %features = spec.input "features" width({WIDTH})
  %x = spec.linear %features to(32) weight("in.weight") bias("in.bias")
  %h = spec.repeat @layer(%x) times(2) names("layers.{{layer}}.")
  %n = spec.layer_norm %h weight("norm.weight") bias("norm.bias")
  %logits = spec.linear %n to({CLASSES}) weight("head.weight")
  spec.output "logits" %logits
}}
"""
ENTRIES = [f"{kind}:B={BATCH},T={TIME}" for kind in ("forward", "prefill", "grad", "train", "vjp")] + [f"decode:B={BATCH}"]


def layer(x, weights, name):
    n = norm(x, weights, f"{name}norm")
    q, k, v = (linear(n, weights, name + part).reshape(BATCH, -1, 4, 8) for part in "qkv")
    distance = numpy.subtract.outer(numpy.arange(x.shape[1]), numpy.arange(x.shape[1]))
    gamma = 1 - 2.0 ** (-5 - numpy.arange(4))
    decay = numpy.where(distance >= 0, gamma[:, None, None] ** numpy.maximum(distance, 0), 0)
    o = numpy.einsum("bthd,bshd,hts,bshe->bthe", rotate(q), rotate(k), decay, v)
    y = linear(o.reshape(x.shape), weights, f"{name}out") + x
    f = norm(numpy.maximum(linear(y, weights, f"{name}fc1"), 0), weights, f"{name}sub")
    return linear(f, weights, f"{name}fc2") + y


def model(weights, features):
    """The logits in float64, written down anew."""
    x = linear(features, weights, "in")
    for i in range(2):
        x = layer(x, weights, f"layers.{i}.")
    return norm(x, weights, "norm") @ weights["head.weight"].T


def loss(weights, features, targets):
    return cross_entropy(model(weights, features), targets)


def check_inference(score, run, weights, features):
    expected = model(weights, features)
    score.compare("forward", run("forward", {"features": features})["logits"], expected, 1e-5)
    padded = features.copy()
    padded[:, 7:] = numpy.nan
    found = run("prefill", {"features": padded, "length": numpy.full(BATCH, 7, "i4")})
    score.compare("prefill of 7 positions", found["logits"][:, 0], expected[:, 6], 1e-5)
    for position in range(7, TIME):
        states = {name: values for name, values in found.items() if name.startswith("state.")}
        found = run("decode", {"features": features[:, position:position + 1], **states})
        score.compare(f"decode of position {position}", found["logits"][:, 0], expected[:, position], 1e-5)


def check_gradients(score, run, weights, features, targets):
    found = run("grad", {"features": features, "targets": targets})
    score.compare("loss", found["loss"], numpy.asarray(loss(weights, features, targets)), 1e-5)
    stepped = run("train", {"features": features, "targets": targets})
    size = numpy.sqrt(sum((found[f"grad.{name}"].astype("f8") ** 2).sum() for name in weights))
    score.compare("loss of a step of training", stepped["loss"], found["loss"], 0)
    score.compare("length of the gradient of a step", stepped["grad_norm"], numpy.asarray(size), 1e-5)
    random, step = numpy.random.default_rng(5), 1e-6
    for name, values in weights.items():
        direction = random.standard_normal(values.shape)
        sides = [loss({**weights, name: values + sign * step * direction}, features, targets) for sign in (1, -1)]
        slope, along = (sides[0] - sides[1]) / (2 * step), (found[f"grad.{name}"] * direction).sum()
        # A direction may happen to lie across the gradient: its slope is then measured by the lengths.
        scale = max(abs(slope), numpy.linalg.norm(found[f"grad.{name}"]) * numpy.linalg.norm(direction) * 0.01, 1e-6)
        score.expect(f"gradient by {name}", abs(slope - along) <= 1e-3 * scale, f"{along}, expected {slope}")


def check_vjp(score, run, weights, features):
    random, step = numpy.random.default_rng(6), 1e-6
    cotangent, direction = random.standard_normal((BATCH, TIME, CLASSES)), random.standard_normal(features.shape)
    found = run("vjp", {"features": features, "cotangent.logits": cotangent.astype("f4")})["grad.features"]
    sides = [(model(weights, features + sign * step * direction) * cotangent).sum() for sign in (1, -1)]
    slope, along = (sides[0] - sides[1]) / (2 * step), (found * direction).sum()
    score.expect("gradient by features", abs(slope - along) <= 1e-3 * abs(slope), f"{along}, expected {slope}")


def main(build):
    tools, score = programs.Programs(build), programs.Score()
    spec, weight_file = tools.file(SPEC, ".mlir"), tools.path(".safetensors")
    package = tools.compile(spec, ENTRIES, "auto")
    tools.call("rondo-run", package, "--init-seed", "3", "--save-weights", weight_file)
    weights = {name: values.astype("f8") for name, values in tensor_file.read(weight_file).items()}
    random = numpy.random.default_rng(4)
    features = random.standard_normal((BATCH, TIME, WIDTH)).astype("f4")
    targets = random.integers(0, CLASSES, (BATCH, TIME)).astype("i4")

    def run(entry, inputs):
        return tools.run(package, entry, inputs, "--weights", weight_file)

    check_inference(score, run, weights, features)
    check_gradients(score, run, weights, features, targets)
    check_vjp(score, run, weights, features)
    lonely = tools.tensors({"features": features})
    done = tools.attempt("rondo-run", package, "--entry", "grad", "--inputs", lonely, "--weights", weight_file,
                         "--outputs", tools.path(".safetensors"))
    score.expect("targets are needed", done.returncode != 0 and "targets" in done.stderr, done.stderr)
    done = tools.attempt("rondo-train", package, "--data", spec, "--steps", "1", "--out", tools.path(".run"))
    score.expect("rondo-train, which reads tokens, refuses", done.returncode == 4 and "trains on tokens" in done.stderr, done.stderr)
    score.finish()


if __name__ == "__main__":
    main(sys.argv[1])
