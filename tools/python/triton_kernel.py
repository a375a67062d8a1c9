"""Runs a kernel that rondo-compile --emit-triton wrote with Triton's own launcher (Triton 3.3 and later).

    kernel = TritonKernel("kernels/embedding_rms_norm_0")
    kernel(*tensors)  # one per argument, in the order of kernel.arguments, each contiguous and on the device

Needs PyTorch and Triton where it is used, and neither to be imported.
"""
import json
import os
from types import SimpleNamespace


class TritonKernel:
    """One kernel of a folder, loaded on its first call."""

    def __init__(self, stem):
        with open(stem + ".json", encoding="utf-8") as file:
            fields = json.load(file)
        self.signature = fields.pop("signature")  # buffer_0: "*fp32", ...
        package = fields.pop("rondo")
        self.workgroups = package["workgroups"]  # any grid is right; this one keeps the device busy
        self.arguments = package["arguments"]  # bytes, type, access of each
        # Of a kernel that Triton compiled itself: what its parameters are, and its grid, the only right one.
        self.parameters = package.get("parameters", [{"argument": number} for number in range(len(self.arguments))])
        self.fixed_grid = package.get("grid")
        self.metadata = SimpleNamespace(**fields)
        self.code = read_code(stem)
        self.function = None

    def load(self):
        from triton.compiler import make_backend
        from triton.runtime import driver

        active = driver.active
        names = sorted(self.signature, key=lambda name: int(name.split("_")[1]))
        source = SimpleNamespace(signature={name: self.signature[name] for name in names}, constants={},
                                 fn=SimpleNamespace(arg_names=names))
        loaded = active.utils.load_binary(self.metadata.name, self.code, self.metadata.shared, active.get_current_device())
        self.function = loaded[1]
        self.packed = make_backend(active.get_current_target()).pack_metadata(self.metadata)
        self.launcher = active.launcher_cls(source, self.metadata)

    def __call__(self, *tensors, grid=None):
        """Runs the kernel on the current stream, in a grid of so many blocks."""
        if len(tensors) != len(self.arguments):
            raise ValueError(f"expected {len(self.arguments)} tensors, found {len(tensors)}")
        for number, (tensor, argument) in enumerate(zip(tensors, self.arguments)):
            if tensor.numel() * tensor.element_size() < argument["bytes"]:
                raise ValueError(f"expected tensor {number} of {argument['bytes']} bytes, found {tensor.numel() * tensor.element_size()}")
        if self.function is None:
            self.load()
        from triton.runtime import driver

        stream = driver.active.get_current_stream(driver.active.get_current_device())
        values = [tensors[each["argument"]] if "argument" in each else each["value"] for each in self.parameters]
        x, y, z = ([*self.fixed_grid, 1, 1] if self.fixed_grid else [grid or self.workgroups, 1, 1])[:3]
        self.launcher(x, y, z, stream, self.function, self.packed, None, None, None, *values)


def read_code(stem):
    """The cubin, or the PTX, which the driver compiles."""
    if os.path.exists(stem + ".cubin"):
        with open(stem + ".cubin", "rb") as file:
            return file.read()
    with open(stem + ".ptx", "rb") as file:
        return file.read() + b"\0"
