#!/usr/bin/env python3
"""A training step of models/retnet.mlir beside PyTorch with torchscale: training.py BIN [--preset P] [--batch B] [--time T] [--threads N].

Needs PyTorch and torchscale in the Python that runs it (the build needs neither). Both train the same configuration from the same weights
on the same tokens with AdamW and clipping, f32, one after the other in processes of their own. Printed: seconds per step (the best of
all but the first), peak resident memory less what an idle process of its kind has, and the first losses, which must agree. torchscale
runs its parallel form, the one that its documentation trains with; its row scaling differs by eps only.
"""
import argparse
import json
import os
import re
import resource
import struct
import subprocess
import sys
import tempfile
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
PRESETS = {  # vocabulary, width, heads, layers; value and feed-forward widths are twice the width
    "tiny": (256, 64, 4, 2),
    "125M": (50304, 768, 3, 12),
    "350M": (50304, 1024, 4, 24),
}


def tokens(vocabulary, count):
    """A token file's worth of pseudo-random text."""
    state, text = 1, []
    for _ in range(count):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        text.append((state >> 33) % vocabulary)
    return text


def read_weights(path):
    import torch

    with open(path, "rb") as file:
        data = file.read()
    (length,) = struct.unpack_from("<Q", data)
    for name, entry in json.loads(data[8 : 8 + length]).items():
        if name != "__metadata__":
            begin, end = (8 + length + offset for offset in entry["data_offsets"])
            yield name, torch.frombuffer(bytearray(data[begin:end]), dtype=torch.float32).reshape(entry["shape"])


def peer(options, weights):
    import torch
    from torchscale.architecture.config import RetNetConfig
    from torchscale.architecture.retnet import RetNetDecoder

    vocabulary, width, heads, layers = PRESETS[options.preset]
    torch.set_num_threads(options.threads)
    idle = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    config = RetNetConfig(decoder_embed_dim=width, decoder_value_embed_dim=2 * width, decoder_retention_heads=heads, vocab_size=vocabulary,
                          decoder_ffn_embed_dim=2 * width, decoder_layers=layers, activation_fn="swish", no_scale_embedding=True)
    embedding = torch.nn.Embedding(vocabulary, width)
    model = RetNetDecoder(config, embed_tokens=embedding)
    missing, unexpected = model.load_state_dict(dict(read_weights(weights)), strict=False)
    assert not unexpected and all(name.startswith("retnet_rel_pos") for name in missing), (missing, unexpected)
    decayed = [p for n, p in model.named_parameters() if "norm" not in n and not n.startswith("embed")]
    others = [p for n, p in model.named_parameters() if "norm" in n or n.startswith("embed")]
    optimizer = torch.optim.AdamW([{"params": decayed, "weight_decay": 0.05}, {"params": others, "weight_decay": 0.0}],
                                  lr=options.rate, betas=(0.9, 0.98))
    batch = torch.tensor(tokens(vocabulary, options.batch * options.time)).reshape(options.batch, options.time)
    losses, seconds = [], []
    for _ in range(options.steps):
        start = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        logits, _ = model(batch)
        loss = torch.nn.functional.cross_entropy(logits[:, :-1].flatten(0, 1), batch[:, 1:].flatten())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        seconds.append(time.perf_counter() - start)
        losses.append(loss.item())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": min(seconds[1:]), "peak": peak - idle, "losses": losses[:2]}))


def ours(options, work, weights, package):
    """One process per entry point run, so that peaks are those of training alone."""
    bench = subprocess.run([os.path.join(options.programs, "rondo-bench"), package, "--entry", "train", "--threads", str(options.threads),
                            "--seconds", "10", "-q", "--format=json"], check=True, capture_output=True, text=True)
    milliseconds = min(row["best ms"] for row in json.loads(bench.stdout)["entries"])
    sys.path.insert(0, os.path.join(ROOT, "tools", "python"))
    import numpy
    import tensor_file

    vocabulary = PRESETS[options.preset][0]
    inputs, outputs = os.path.join(work, "in.safetensors"), os.path.join(work, "out.safetensors")
    batch = numpy.array(tokens(vocabulary, options.batch * options.time), "i4").reshape(options.batch, options.time)
    tensor_file.write(inputs, {"tokens": batch})
    run = subprocess.Popen([os.path.join(options.programs, "rondo-run"), package, "--entry", "train", "--weights", weights, "--inputs", inputs,
                            "--outputs", outputs, "-q", "-t", str(options.threads)])
    _, status, usage = os.wait4(run.pid, 0)
    assert status == 0
    return {"seconds": milliseconds / 1000, "peak": usage.ru_maxrss * 1024, "losses": [float(tensor_file.read(outputs)["loss"])]}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("programs")
    parser.add_argument("--preset", choices=PRESETS, default="125M")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--time", type=int, default=512)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--peer", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peer:
        return peer(options, options.peer)
    with tempfile.TemporaryDirectory() as work:
        package, weights = os.path.join(work, "m.rondo"), os.path.join(work, "w.safetensors")
        subprocess.run([os.path.join(options.programs, "rondo-compile"), os.path.join(ROOT, "models", "retnet.mlir"), "--preset", options.preset,
                        "--entry", f"train:B={options.batch},T={options.time}", "-q", "-o", package], check=True)
        subprocess.run([os.path.join(options.programs, "rondo-run"), package, "--init-seed", "1", "--save-weights", weights, "-q"], check=True)
        theirs = json.loads(subprocess.run([sys.executable, *sys.argv, "--peer", weights], check=True, capture_output=True, text=True).stdout)
        mine = ours(options, work, weights, package)
    count = options.batch * options.time
    print(f"{options.preset} B {options.batch} T {options.time}, {options.threads} threads, f32")
    print(f"{'':22} {'s/step':>8} {'tokens/s':>9} {'peak MiB':>9} {'first loss':>10}")
    for name, result in (("rondo", mine), ("PyTorch + torchscale", theirs)):
        print(f"{name:22} {result['seconds']:8.3f} {count / result['seconds']:9.0f} {result['peak'] / 2**20:9.0f} {result['losses'][0]:10.5f}")
    print(f"{'ratio':22} {theirs['seconds'] / mine['seconds']:8.2f} {'':9} {mine['peak'] / theirs['peak']:9.2f}")
    if abs(mine["losses"][0] - theirs["losses"][0]) > 2e-3 * theirs["losses"][0]:
        sys.exit("error: the first losses differ")


if __name__ == "__main__":
    main()
