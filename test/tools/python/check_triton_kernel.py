#!/usr/bin/env python3
"""Kernels in Triton's form, launched through a stand-in for Triton that keeps what it was given: check_triton_kernel.py BUILD."""
import json
import os
import subprocess
import sys
import tempfile
import types

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
sys.path.insert(0, os.path.join(ROOT, "tools", "python"))
import triton_kernel  # noqa: E402

# What Triton's launcher and its backend read from the metadata (triton/backends/nvidia/driver.py and compiler.py, 3.3 to 3.9).
READ = {"name": str, "num_warps": int, "num_ctas": int, "shared": int, "global_scratch_size": int, "global_scratch_align": int,
        "profile_scratch_size": int, "profile_scratch_align": int, "launch_cooperative_grid": bool, "launch_pdl": bool, "cluster_dims": list}


class Tensor:
    def __init__(self, count):
        self.count = count

    def numel(self):
        return self.count

    def element_size(self):
        return 4


class Calls:
    """Stands for triton.runtime.driver.active."""

    def __init__(self):
        self.loaded = self.source = self.launched = None
        self.utils = self

    def get_current_device(self):
        return 3

    def get_current_target(self):
        return "a target"

    def get_current_stream(self, device):
        return ("stream of", device)

    def load_binary(self, name, code, shared, device):
        self.loaded = (name, code, shared, device)
        return ("a module", "a function", 32, 0)

    def launcher_cls(self, source, metadata):
        self.source = (source, metadata)

        def launch(*arguments):
            self.launched = arguments

        return launch


def install(calls):
    backend = types.SimpleNamespace(pack_metadata=lambda metadata: (metadata.num_warps, metadata.num_ctas, metadata.shared))
    modules = {"triton": types.ModuleType("triton"), "triton.compiler": types.ModuleType("triton.compiler"),
               "triton.runtime": types.ModuleType("triton.runtime")}
    modules["triton.compiler"].make_backend = lambda target: backend
    modules["triton.runtime"].driver = types.SimpleNamespace(active=calls)
    sys.modules.update(modules)


def expect(found, wanted, what):
    if found != wanted:
        sys.exit(f"{what}: expected {wanted!r}, found {found!r}")


def check(stem):
    with open(stem + ".json", encoding="utf-8") as file:
        fields = json.load(file)
    for name, kind in READ.items():
        expect(type(fields.get(name)), kind, f"{stem}: {name}")
    calls = Calls()
    install(calls)
    kernel = triton_kernel.TritonKernel(stem)
    tensors = [Tensor(argument["bytes"] // 4) for argument in kernel.arguments]
    kernel(*tensors)
    name, code, shared, device = calls.loaded
    expect((name, shared, device), (os.path.basename(stem), fields["shared"], 3), "load_binary")
    expect(code[-1:] if not os.path.exists(stem + ".cubin") else b"\0", b"\0", "the end of PTX")
    source, metadata = calls.source
    expect(list(source.signature), [f"buffer_{i}" for i in range(len(tensors))], "the signature's order")
    expect(set(source.signature.values()) <= {"*fp32", "*i32", "*i64", "*i8"}, True, "types")
    expect(metadata.global_scratch_size, fields["global_scratch_size"], "scratch")
    expect(calls.launched[:9], (fields["rondo"]["workgroups"], 1, 1, ("stream of", 3), "a function",
                                (fields["num_warps"], 1, fields["shared"]), None, None, None), "the launch")
    expect(calls.launched[9:], tuple(tensors), "its arguments")
    kernel(*tensors, grid=7)
    expect(calls.launched[0], 7, "the grid")
    for wrong in (tensors[1:], [Tensor(0)] + tensors[1:]):
        try:
            kernel(*wrong)
        except ValueError:
            continue
        sys.exit("tensors that do not fit were taken")


GATED = """spec.model @gated {
  %x = spec.input "x" width(64)
  %y = spec.extern_kernel file("gate.json") args(%x, %x, result, rows * 64) grid((rows * 64 + 511) floordiv 512, batch)
  spec.output "y" %y
}
"""


def check_extern(build, folder):
    """A kernel that Triton compiled goes back to its launcher as it came: its own parameters and grid."""
    spec = os.path.join(folder, "gated.mlir")
    with open(spec, "w", encoding="utf-8") as file:
        file.write(GATED)
    for name in ("gate.json", "gate.ptx"):
        os.symlink(os.path.join(ROOT, "models", "triton", name), os.path.join(folder, name))
    kernels = os.path.join(folder, "kernels")
    subprocess.run([os.path.join(build, "bin", "rondo-compile"), spec, "--entry", "forward:B=3,T=11", "--target", "cuda:sm_90a", "-q", "-o",
                    os.path.join(folder, "g.rondo"), "--emit-triton", kernels], check=True)
    calls = Calls()
    install(calls)
    kernel = triton_kernel.TritonKernel(os.path.join(kernels, "gate_0"))
    x, y = Tensor(3 * 11 * 64), Tensor(3 * 11 * 64)
    kernel(x, y)
    expect(calls.loaded[0], "gate", "the entry")
    expect(list(calls.source[0].signature.values()), ["*fp32", "*fp32", "*fp32", "i32"], "the signature")
    expect(calls.launched[:3], (5, 3, 1), "the grid")
    expect(calls.launched[9:], (x, x, y, 2112), "the arguments")
    with open(os.path.join(kernels, "gate_0.ptx"), "rb") as ours, open(os.path.join(folder, "gate.ptx"), "rb") as theirs:
        expect(ours.read(), theirs.read(), "the PTX")


def main(build):
    with tempfile.TemporaryDirectory() as folder:
        check_extern(build, folder)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([os.path.join(build, "bin", "rondo-compile"), os.path.join(ROOT, "models", "longnet.mlir"), "--preset", "tiny", "--entry",
                        "decode:B=1", "--target", "cuda:sm_80", "-q", "-o", os.path.join(folder, "m.rondo"), "--emit-triton", folder], check=True)
        stems = sorted(os.path.join(folder, name[:-5]) for name in os.listdir(folder) if name.endswith(".json"))
        for stem in stems:
            check(stem)
        print(f"{len(stems)} kernels launched")


if __name__ == "__main__":
    main(sys.argv[1])
