"""Runs the command-line programs and keeps score of what was compared."""
import os
import subprocess
import sys
import tempfile

import numpy

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
sys.path.insert(0, os.path.join(ROOT, "tools", "python"))
import tensor_file  # noqa: E402

VECTORS = os.path.join(ROOT, "test", "conformance", "vectors")
SPECS = os.path.join(ROOT, "test", "conformance", "Inputs")


class Programs:
    """The programs of one build folder, with a scratch folder for the files between them."""

    def __init__(self, build):
        self.folder = os.path.join(build, "bin")
        self.scratch = tempfile.TemporaryDirectory()
        self.count = 0

    def path(self, suffix):
        self.count += 1
        return os.path.join(self.scratch.name, f"{self.count}{suffix}")

    def file(self, content, suffix):
        """A new file of bytes or text."""
        path = self.path(suffix)
        with open(path, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode(errors="surrogateescape"))
        return path

    def tensors(self, tensors):
        """A new file of tensors by name."""
        path = self.path(".safetensors")
        tensor_file.write(path, tensors)
        return path

    def attempt(self, program, *arguments):
        """The finished process, whatever its exit code."""
        command = [os.path.join(self.folder, program), *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=300)

    def call(self, program, *arguments):
        done = self.attempt(program, *arguments)
        if done.returncode != 0:
            sys.exit(f"{' '.join(done.args)}\nexit code {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def importer(self, kind, configuration):
        spec = self.path(".mlir")
        self.call("rondo-import", kind, configuration, "-o", spec)
        return spec

    def compile(self, spec, entries, schedule, **hypers):
        package = self.path(".rondo")
        flags = [word for name, value in hypers.items() for word in ("-D", f"{name}={value}")]
        flags += [word for entry in entries for word in ("--entry", entry)]
        self.call("rondo-compile", spec, *flags, "--schedule", schedule, "-o", package)
        return package

    def run(self, package, entry, inputs, *flags):
        """The entry's outputs, states among them, as arrays."""
        given, wanted = self.tensors(inputs), self.path(".safetensors")
        self.call("rondo-run", package, "--entry", entry, "--inputs", given, "--outputs", wanted, *flags)
        return tensor_file.read(wanted)


def refusal(done, code, identifier):
    """Whether a finished process has refused as it should: the exit code, and the error's id on stderr."""
    return done.returncode == code and f"[{identifier}]" in done.stderr


class Score:
    """Compares tensors, prints a line for each comparison and remembers whether any failed."""

    def __init__(self):
        self.compared = self.failed = 0

    def compare(self, what, found, expected, limit, floor=1e-300):
        """Relative error of a tensor: largest difference over the largest value of the reference, which counts as at least `floor`."""
        self.compared += 1
        if found.shape != expected.shape:
            error, verdict = numpy.inf, f"shape {found.shape}, expected {expected.shape}"
        else:
            error = numpy.abs(found.astype("f8") - expected).max() / max(numpy.abs(expected).max(), floor)
            verdict = f"{error:.1e} (limit {limit:.0e})"
        good = error <= limit  # false for NaN
        self.failed += not good
        print(f"{'ok  ' if good else 'FAIL'} {what}: {verdict}", flush=True)

    def expect(self, what, good, detail=""):
        """A fact that holds or not."""
        self.compared += 1
        self.failed += not good
        print(f"{'ok  ' if good else 'FAIL'} {what}{'' if good else ': ' + detail}", flush=True)

    def finish(self):
        print(f"{self.compared - self.failed} passed, {self.failed} failed")
        sys.exit(1 if self.failed or not self.compared else 0)
