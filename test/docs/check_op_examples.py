#!/usr/bin/env python3
"""Parses the examples of the generated op reference with rondo-opt: check_op_examples.py BUILD PAGE...

An example uses values that it does not define. Each gets a definition whose type the parser itself tells: a first guess is wrong, and
the error names the type that the example expects.
"""
import os
import re
import subprocess
import sys

EXAMPLE = re.compile(r"^### `([\w.]+)`|^ *```mlir\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
EXPECTED = re.compile(r"use of value '(%\w+)' expects different type than prior uses: '(.*)' vs 'none'")
VALUE = re.compile(r"%\w+")
ROUNDS = 40


class Example:
    def __init__(self, op, text):
        self.op, self.text, self.types = op, text, {}
        uses = list(dict.fromkeys(VALUE.findall(text)))
        defined = self.defined()
        for value in uses:
            if value not in defined:
                self.types[value] = "none"

    def defined(self):
        names = set()
        for line in self.text.splitlines():
            left = re.match(r"\s*((?:%\w+(?::\d+)?\s*,\s*)*%\w+(?::\d+)?)\s*=", line)
            if left:
                names.update(VALUE.findall(left.group(1)))
        # Arguments of regions: ^bb0(%a: type, ...), kernel(%x: type, ...), ids(%i), block @f(%x).
        for arguments in re.findall(r"(?:\^\w+|tile\.kernel @\w+|spec\.block @\w+|ids)\(([^)]*)\)", self.text):
            names.update(VALUE.findall(arguments))
        return names

    def module(self):
        if self.op.startswith("spec."):
            return self.spec()
        lines = [f'{value} = "example.value"() : () -> {kind}' for value, kind in self.types.items()]
        return "\n".join([*lines, self.text])

    def spec(self):
        """Spec values have no types; names of hyper-parameters and blocks need none to parse."""
        if "spec.model" in self.text:
            return self.text
        lines = [f'{value} = spec.input "{value[1:]}" width(64)' for value in self.types]
        return "\n".join(["spec.model @example {", *lines, self.text, "}"])


def read_examples(page):
    with open(page, encoding="utf-8") as file:
        text = file.read()
    op, examples = None, []
    for match in EXAMPLE.finditer(text):
        if match.group(1):
            op = match.group(1)
        elif op:
            examples.append(Example(op, match.group(2)))
    return examples


def errors_of(rondo_opt, example):
    done = subprocess.run([rondo_opt, "--allow-unregistered-dialect", "--mlir-print-op-on-diagnostic=false", "-o", os.devnull, "-"],
                          input=example.module(), capture_output=True, text=True)
    return done.stderr if done.returncode else ""


def problem(rondo_opt, example):
    for _ in range(ROUNDS):
        errors = errors_of(rondo_opt, example)
        told = [(value, kind) for value, kind in EXPECTED.findall(errors) if example.types.get(value) == "none"]
        if not told:
            return errors
        example.types.update(told)
    return errors


def main(build, pages):
    failed = count = 0
    for page in pages:
        for example in read_examples(page):
            count += 1
            errors = problem(os.path.join(build, "bin", "rondo-opt"), example)
            if errors:
                failed += 1
                print(f"FAIL {os.path.basename(page)}: example of {example.op}\n{example.module()}\n{errors}")
    print(f"{count - failed} passed, {failed} failed")
    sys.exit(1 if failed or not count else 0)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
