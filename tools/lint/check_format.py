#!/usr/bin/env python3
"""C++ is formatted as .clang-format says: clang-format-22 -i FILE mends it."""
import os
import subprocess

import tree

STYLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", ".clang-format")


def check(root):
    paths = tree.sources(root, (".cpp", ".h", ".c"))
    if not paths:
        return []
    command = ["clang-format-22", f"--style=file:{STYLE}", "--dry-run", "-Werror", *paths]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    # A finding is "path:line:column: error: ..."; the lines below it show the place.
    found = [line for line in done.stderr.splitlines() if line.startswith(tuple(path + ":" for path in paths))]
    return [f"{line.split(': ')[0]}: not as clang-format-22 writes it" for line in found]


def self_test():
    planted = {"a/Good.cpp": "int f(int x) { return x; }\n", "a/Bad.cpp": "int  f(int x){return x;}\n"}
    problems = tree.found_in(check, planted)
    assert problems and all(text.startswith("a/Bad.cpp:1:") for text in problems), problems


if __name__ == "__main__":
    tree.main(check, self_test)
