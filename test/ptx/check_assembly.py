#!/usr/bin/env python3
"""Every emitted kernel is taken by ptxas, without spills or serialised wgmma: check_assembly.py BUILD.

The tiny presets of all models for all targets, with products of f32 and of bf16; at night (RONDO_CASE_FACTOR above 1) all presets up to 1.3B. Without ptxas the kernels are counted and
the test is skipped (exit code 77).
"""
import collections
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
MODELS = {"retnet": ["125M", "350M", "1.3B"], "longnet": ["125M"], "longnet_encoder": [], "hybrid": [], "transformer": ["125M", "1.1B"]}
TARGETS = [("sm_80", "f32"), ("sm_90a", "f32"), ("sm_100", "f32"), ("sm_80", "bf16-products"), ("sm_90a", "bf16-products")]
MOST_REGISTERS = 255
SKIPPED = 77


def find_ptxas():
    named = os.environ.get("RONDO_PTXAS")
    if named is not None:
        return named or None
    home = os.environ.get("CUDA_HOME", "/usr/local/cuda")
    return shutil.which("ptxas") or shutil.which(os.path.join(home, "bin", "ptxas"))


def assemble(ptxas, path, target):
    """What is wrong with a kernel, and its registers."""
    done = subprocess.run([ptxas, f"-arch={target}", "-v", "-warn-spills", "-warn-lmem-usage", path, "-o", os.devnull],
                          capture_output=True, text=True)
    said = done.stdout + done.stderr
    problems = [line for line in said.splitlines() if re.search(r"error|warning|C75\d\d", line)]
    registers = re.search(r"Used (\d+) registers", said)
    if done.returncode != 0 or not registers:
        problems.append(said.strip())
    count = int(registers.group(1)) if registers else 0
    if count > MOST_REGISTERS:
        problems.append(f"{count} registers")
    return problems, count


def compile_kernels(build, folder, model, preset, target, precision):
    options = ["--preset", preset, "--precision", precision]
    if model == "longnet_encoder":
        options += ["--entry", "forward:B=1,T=100"]
    elif preset != "tiny":  # what runs a model of this size
        options += ["--entry", "prefill:B=1,T=512", "--entry", "decode:B=1"]
    subprocess.run([os.path.join(build, "bin", "rondo-compile"), os.path.join(ROOT, "models", f"{model}.mlir"), *options, "--target",
                    f"cuda:{target}", "-q", "-o", os.path.join(folder, "m.rondo"), "--emit-triton", folder],
                   check=True, env={**os.environ, "RONDO_PTXAS": ""})
    return [os.path.join(folder, name) for name in sorted(os.listdir(folder)) if name.endswith(".ptx")]


def main(build):
    ptxas, at_night = find_ptxas(), int(os.environ.get("RONDO_CASE_FACTOR", "1")) > 1
    failures, total, registers = [], 0, collections.Counter()
    for model, presets in MODELS.items():
        for preset in ["tiny"] + (presets if at_night else []):
            for target, precision in TARGETS:
                with tempfile.TemporaryDirectory() as folder:
                    paths = compile_kernels(build, folder, model, preset, target, precision)
                    total += len(paths)
                    if not ptxas:
                        continue
                    with ThreadPoolExecutor(2) as pool:
                        for path, (problems, count) in zip(paths, pool.map(lambda path: assemble(ptxas, path, target), paths)):
                            registers[count // 32 * 32] += 1
                            failures += [f"{model} {preset} {target} {precision} {os.path.basename(path)}: {problem}" for problem in problems]
    if not ptxas:
        print(f"unsupported: no ptxas for {total} kernels")
        sys.exit(SKIPPED)
    print(f"{total} kernels assembled; by registers, from: {dict(sorted(registers.items()))}")
    if failures:
        sys.exit("\n".join(failures[:50]))


if __name__ == "__main__":
    main(sys.argv[1])
