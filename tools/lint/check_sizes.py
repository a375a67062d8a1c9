#!/usr/bin/env python3
"""No source has more than 500 lines, no C++ function more than 100; above 400 and 60 a warning."""
import re

import tree

FILE_LIMIT, FILE_AIM = 500, 400
FUNCTION_LIMIT, FUNCTION_AIM = 100, 60
# A top-level line that begins neither a function nor a type whose body we would measure.
NOT_A_BEGINNING = re.compile(r"^(\}|//|#|namespace|extern \"C\" \{|public:|private:|protected:|class |struct |enum |union |\s|$)")


def functions(lines):
    """(first line, length) of each top-level C++ function: clang-format puts its closing brace in the first column."""
    start, opened = None, False
    for number, line in enumerate(lines, 1):
        if line.startswith("}") and opened:
            if line == "}":  # "};" ends a table
                yield start, number - start + 1
            start, opened = None, False
        elif not NOT_A_BEGINNING.match(line) and start is None:
            start = number
        if start is not None and not opened:
            if line.endswith("{"):
                opened = True
            elif line.endswith((";", "}")):
                start = None


def measure(root):
    """(failures, warnings) over the tree."""
    failures, warnings = [], []
    for path in tree.sources(root):
        lines = tree.lines(root, path)
        if len(lines) > FILE_AIM:
            text = f"{path}:1: {len(lines)} lines, at most {FILE_LIMIT} are allowed and {FILE_AIM} are the aim"
            (failures if len(lines) > FILE_LIMIT else warnings).append(text)
        if not path.endswith((".cpp", ".h", ".c")):
            continue
        for start, length in functions(lines):
            if length > FUNCTION_AIM:
                text = f"{path}:{start}: a function of {length} lines, at most {FUNCTION_LIMIT} are allowed"
                (failures if length > FUNCTION_LIMIT else warnings).append(text)
    return failures, warnings


def check(root):
    failures, warnings = measure(root)
    for text in warnings:
        print("warning:", text)
    return failures


def self_test():
    body = "  x();\n"
    planted = {
        "a/Long.cpp": "int x;\n" * 501,
        "a/Warned.cpp": "int x;\n" * 401,
        "a/Function.cpp": "namespace a {\n\nstatic void f(int a,\n              int b) {\n" + body * 98 + "}\n} // namespace a\n",
        "a/Fine.cpp": "void f() {\n" + body * 20 + "}\n\nstruct A {\n" + "  int x;\n" * 120 + "};\n",
    }
    failures, warnings = tree.found_in(measure, planted)
    assert [text.split(":")[0] for text in failures] == ["a/Function.cpp", "a/Long.cpp"], failures
    assert [text.split(":")[:2] for text in warnings] == [["a/Warned.cpp", "1"]], warnings
    assert "a/Function.cpp:3: a function of 101 lines" in failures[0], failures


if __name__ == "__main__":
    tree.main(check, self_test)
