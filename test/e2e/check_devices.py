#!/usr/bin/env python3
"""Programs on the CPU and on a GPU, whose driver is a stand-in: check_devices.py BUILD."""
import json
import os
import shutil
import subprocess
import sys

import numpy

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "conformance"))
import programs  # noqa: E402
from programs import tensor_file  # noqa: E402


def expect(done, code, text, what):
    if done.returncode != code or text not in done.stdout + done.stderr:
        sys.exit(f"{what}: expected exit code {code} and {text!r}, found {done.returncode}:\n{done.stdout}{done.stderr}")
    print(f"ok   {what}")


def outputs(tools, package, entry, inputs, *more):
    path = tools.path(".safetensors")
    tools.call("rondo-run", package, "--init-seed", "1", "--entry", entry, "--inputs", inputs, "--outputs", path, *more)
    return tensor_file.read(path)


def same(a, b, what):
    if a.keys() != b.keys() or not all(numpy.array_equal(a[name], b[name]) for name in a):
        sys.exit(f"{what}: the two differ")
    print(f"ok   {what}")


def main(build):
    tools = programs.Programs(build)
    cpu, gpu = (os.path.join(build, "test", name) for name in ("sample.rondo", "sample-cuda.rondo"))
    os.environ["RONDO_CUDA_DRIVER"] = "/nowhere/libcuda.so"
    expect(tools.attempt("rondo-run", "--list-devices"), 0, "cpu: ", "devices without a GPU")
    for program, flags in (("rondo-run", ["-p", "a"]), ("rondo-bench", [])):
        done = tools.attempt(program, gpu, "--init-seed", "1", *flags) if program == "rondo-run" else tools.attempt(program, gpu)
        expect(done, 4, "/nowhere/libcuda.so cannot be opened [RND4010]", f"{program} without a GPU")
    expect(tools.attempt("rondo-run", gpu, "--init-seed", "1", "-p", "a", "--device", "cpu"), 4, "--device cuda", "a GPU's package on the CPU")
    expect(tools.attempt("rondo-run", cpu, "--init-seed", "1", "-p", "a", "--device", "tpu"), 2, "expected --device cpu, cuda or cuda:N, found 'tpu'",
           "an unknown device")

    os.environ["RONDO_CUDA_DRIVER"] = os.path.join(build, "test", "bin", "libfake-driver.so")
    expect(tools.attempt("rondo-run", "--list-devices"), 0, "cuda:0: Fake GPU, sm_90", "devices with a GPU")
    expect(tools.attempt("rondo-run", gpu, "--init-seed", "1", "-p", "a", "--device", "cuda:7"), 4, "expected one of 1 GPUs, found cuda:7 [RND4010]",
           "a GPU that is not there")
    expect(tools.attempt("rondo-run", cpu, "--init-seed", "1", "-p", "a", "--device", "cuda"), 4, "found code for cpu:", "a CPU's package on a GPU")
    tokens = tools.tensors({"tokens": numpy.arange(16, dtype="i4").reshape(2, 8)})
    for entry in ("forward", "prefill"):
        same(outputs(tools, cpu, entry, tokens), outputs(tools, gpu, entry, tokens), f"{entry} on both")
    said = [tools.call("rondo-run", package, "--init-seed", "1", "-p", "Once upon", "-n", "12", "-q") for package in (cpu, gpu)]
    if said[0] != said[1] or not said[0]:
        sys.exit(f"text: the two differ: {said}")
    print("ok   text on both")
    states = [tools.path(".safetensors") for _ in range(2)]
    for package, state in zip((cpu, gpu), states):
        tools.call("rondo-run", package, "--init-seed", "1", "-p", "Once", "-n", "3", "-q", "--save-state", state)
    same(tensor_file.read(states[0]), tensor_file.read(states[1]), "saved states")
    said = [tools.call("rondo-run", package, "--init-seed", "1", "-p", " upon", "-n", "5", "-q", "--load-state", state)
            for package, state in zip((cpu, gpu), reversed(states))]
    if said[0] != said[1]:
        sys.exit(f"continued text: the two differ: {said}")
    print("ok   a state of one continued by the other")
    for model in ("retnet", "longnet", "hybrid", "transformer"):
        check_model(tools, model)
    check_pack(tools, build)


def check_pack(tools, build):
    """bench/gpu.sh in a small folder like those of bench/gpu_pack.sh."""
    pack = tools.path("")
    os.makedirs(os.path.join(pack, "packages"))
    os.symlink(os.path.join(build, "bin"), os.path.join(pack, "bin"))
    for name in ("bench/gpu.sh", "bench/gpu_agreement.py", "tools/python/tensor_file.py"):
        shutil.copy(os.path.join(programs.ROOT, name), pack)
    with open(os.path.join(pack, "commit"), "w") as file:
        file.write("0123abc")
    spec = os.path.join(programs.ROOT, "models", "retnet.mlir")
    flags = ["--preset", "tiny", "--entry", "forward:B=1,T=40", "--entry", "prefill:B=1,T=32", "--entry", "grad:B=1,T=20"]
    for kind, target in (("cpu", ["--cpu-as", "cuda:sm_90a"]), ("gpu", ["--target", "cuda:sm_90a"])):
        tools.call("rondo-compile", spec, *flags, *target, "-o", os.path.join(pack, "packages", f"retnet.{kind}.rondo"))
    environment = {**os.environ, "PYTHON": sys.executable, "RONDO_FAKE_KERNELS": os.path.join(pack, "packages", "retnet.cpu.rondo")}
    done = subprocess.run([os.path.join(pack, "gpu.sh"), "--skip", "bench"], env=environment, capture_output=True, text=True)
    expect(done, 0, "Fake GPU, sm_90", "bench/gpu.sh")
    with open(os.path.join(pack, "results.json")) as file:
        rows = json.load(file)["agreement"]
    if [row["entry"] for row in rows] != ["forward", "prefill", "grad"] or any(row["difference"] != 0 for row in rows):
        sys.exit(f"bench/gpu.sh found {rows}")
    environment["RONDO_CUDA_DRIVER"] = "/nowhere/libcuda.so"
    expect(subprocess.run([os.path.join(pack, "gpu.sh")], env=environment, capture_output=True, text=True), 4, "no GPU", "bench/gpu.sh without a GPU")


def check_model(tools, model):
    """A whole model by the GPU's package and runtime, each kernel as the CPU computes it: what is bound to what, and in which order."""
    spec = os.path.join(programs.ROOT, "models", f"{model}.mlir")
    cpu, gpu = tools.path(".rondo"), tools.path(".rondo")
    os.environ["RONDO_PTXAS"] = ""
    tools.call("rondo-compile", spec, "--preset", "tiny", "--cpu-as", "cuda:sm_90a", "-o", cpu)
    tools.call("rondo-compile", spec, "--preset", "tiny", "--target", "cuda:sm_90a", "-o", gpu)
    os.environ["RONDO_FAKE_KERNELS"] = cpu
    said = [tools.call("rondo-run", package, "--init-seed", "1", "-p", "Once upon", "-n", "40", "-q") for package in (cpu, gpu)]
    if said[0] != said[1] or not said[0]:
        sys.exit(f"{model}: the texts differ")
    text = tools.file("The quick brown fox jumps over the lazy dog. " * 100, ".txt")
    runs = [tools.path("") for _ in range(2)]
    for package, folder in zip((cpu, gpu), runs):
        tools.call("rondo-train", package, "--data", text, "--steps", "3", "--accum", "2", "--save-every", "2", "--seed", "1", "--out", folder, "-q")
    same(*(tensor_file.read(os.path.join(folder, "weights.safetensors")) for folder in runs), f"{model}: text and training on both")
    del os.environ["RONDO_FAKE_KERNELS"]


if __name__ == "__main__":
    main(sys.argv[1])
