#!/usr/bin/env python3
"""Whatever is wrong with a file or a command line ends with its id, its exit code and a clean stdout: check_bad_input.py BUILD."""
import os
import sys

import numpy

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "conformance"))
import malformed_cases  # noqa: E402
import programs  # noqa: E402
from programs import tensor_file  # noqa: E402


class Checks:
    def __init__(self, build):
        self.tools, self.score = programs.Programs(build), programs.Score()
        self.package = self.tools.compile(self.tools.file(malformed_cases.GOOD_SPEC, ".mlir"), ["forward:B=1,T=4", "prefill:B=1,T=4"], "auto")
        self.weights = self.tools.path(".safetensors")
        self.tools.call("rondo-run", self.package, "--init-seed", "1", "--save-weights", self.weights)

    def refused(self, what, code, identifier, *command):
        """The program names the id on stderr, nothing on stdout, and exits with code."""
        done = self.tools.attempt(*command)
        text = f"exit code {done.returncode}, expected {code} and {identifier}\n{done.stdout[:500]}{done.stderr[:1500]}"
        good = programs.refusal(done, code, identifier) and done.stdout == ""
        self.score.expect(f"{identifier} {what}", good, text)

    def run_refused(self, what, code, identifier, *flags, entry="forward", **inputs):
        outputs = self.tools.path(".safetensors")
        self.refused(what, code, identifier, "rondo-run", self.package, "--entry", entry, *flags, "--inputs", self.tools.tensors(inputs),
                     "--outputs", outputs)
        self.score.expect(f"{identifier} {what}: no partial result", not os.path.exists(outputs), outputs)


def check_specs(checks):
    for identifier, texts in malformed_cases.SPECS.items():
        for index, text in enumerate(texts):
            checks.refused(f"spec {index}", 1, identifier, "rondo-compile", checks.tools.file(text, ".mlir"), "-o", checks.tools.path(".rondo"))
    good = checks.tools.file(malformed_cases.GOOD_SPEC, ".mlir")
    out = checks.tools.path(".rondo")
    checks.refused("-D of an unknown name", 1, "RND2108", "rondo-compile", good, "-D", "vocabulary=3", "-o", out)
    checks.refused("unknown preset", 1, "RND2108", "rondo-compile", good, "--preset", "huge", "-o", out)
    checks.refused("-D out of range", 1, "RND2106", "rondo-compile", good, "-D", "vocab=65", "-o", out)
    checks.refused("no such spec", 4, "RND4003", "rondo-compile", "/nonexistent/m.mlir", "-o", out)
    checks.refused("unknown flag", 2, "RND2001", "rondo-compile", good, "--shedule", "auto", "-o", out)
    biased = checks.tools.file(malformed_cases.GOOD_SPEC.replace('weight("o")', 'weight("o") bias("b")'), ".mlir")
    for entry in ("score", "grad", "train"):
        checks.refused(f"{entry} of logits with a bias", 1, "RND2109", "rondo-compile", biased, "--entry", f"{entry}:B=1,T=4", "-o", out)
    checks.refused("malformed entry", 2, "RND2001", "rondo-compile", good, "--entry", "forward:B=zero", "-o", out)


def check_packages(checks):
    with open(checks.package, "rb") as file:
        good = file.read()
    damaged = {
        "RND3101": [b"", b"GGUF" + good[4:], b"x" * 100],
        "RND3102": [good[:8] + b"\xff\0\0\0" + good[12:]],
        "RND3103": [good[:-1], good[:70]],
        "RND3105": [good + b"\0"],
        "RND3104": [good[:-1] + bytes([good[-1] ^ 1]), good[:100] + bytes([good[100] ^ 16]) + good[101:]],
    }
    for identifier, contents in damaged.items():
        for index, content in enumerate(contents):
            path = checks.tools.file(content, ".rondo")
            checks.refused(f"package {index} in rondo-run", 3, identifier, "rondo-run", path, "--dry-run")
            checks.refused(f"package {index} in rondo-dump", 3, identifier, "rondo-dump", path)


def check_weights(checks):
    tokens = numpy.zeros((1, 4), "i4")
    for identifier, contents in malformed_cases.SAFETENSORS.items():
        for index, content in enumerate(contents):
            checks.run_refused(f"weights {index}", 3, identifier, "--weights", checks.tools.file(content, ".safetensors"), tokens=tokens)
    good = tensor_file.read(checks.weights)
    name = sorted(good)[0]
    changed = {
        "RND3210": {key: value for key, value in good.items() if key != name},
        "RND3211": {**good, "surplus": numpy.zeros(3, "f4")},
        "RND3212": {**good, name: good[name][:-1]},
        "RND3213": {**good, name: good[name].astype("i4")},
    }
    for identifier, tensors in changed.items():
        checks.run_refused("weights", 3, identifier, "--weights", checks.tools.tensors(tensors), tokens=tokens)
    checks.run_refused("no weights", 4, "RND4007", tokens=tokens)


def check_inputs(checks):
    good = numpy.zeros((1, 4), "i4")
    given = ("--weights", checks.weights)
    checks.run_refused("no tokens", 2, "RND2201", *given)
    checks.run_refused("wrong shape", 2, "RND2201", *given, tokens=numpy.zeros((1, 5), "i4"))
    checks.run_refused("wrong type", 2, "RND2202", *given, tokens=good.astype("f4"))
    checks.run_refused("unknown input", 2, "RND2203", *given, tokens=good, noise=good)
    checks.run_refused("token beyond the vocabulary", 3, "RND3405", *given, tokens=good + 16)
    checks.run_refused("negative token", 3, "RND3405", *given, tokens=good - 1)
    checks.run_refused("length beyond T", 3, "RND3405", *given, entry="prefill", tokens=good, length=numpy.array([5], "i4"))
    checks.run_refused("no such entry", 4, "RND4005", *given, entry="backward", tokens=good)
    checks.refused("text on a small vocabulary", 2, "RND2204", "rondo-run", checks.package, *given, "-p", "text")
    checks.refused("unknown flag", 2, "RND2001", "rondo-run", checks.package, "--wieghts", checks.weights)
    checks.refused("no such package", 4, "RND4003", "rondo-run", "/nonexistent/m.rondo", "--dry-run")


def main(build):
    checks = Checks(build)
    for check in (check_specs, check_packages, check_weights, check_inputs):
        check(checks)
    checks.score.finish()


if __name__ == "__main__":
    main(sys.argv[1])
