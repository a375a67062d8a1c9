#!/usr/bin/env python3
"""Names say their subject, and a pass is found by its flag: file = class = flag = name of its test."""
import os
import re

import tree

VAGUE = re.compile(r"(utils?|utility|utilities|common|misc|helpers?)", re.IGNORECASE)
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+")
PASS = re.compile(r'^def (\w+)\s*:\s*Pass<"([^"]+)"', re.MULTILINE)
CAMEL = re.compile(r"^(main|rondo|[A-Z][A-Za-z0-9]*)$")
KEBAB = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*$")
SNAKE = re.compile(r"^[a-z0-9]+(_[a-z0-9]+)*$")


def kebab(name):
    return "-".join(WORD.findall(name)).lower()


def name_problem(path):
    folder, name = os.path.split(path)
    for part in path.split("/"):
        stem = part.split(".")[0]
        if any(VAGUE.fullmatch(word) for word in WORD.findall(stem)):
            return f"'{stem}' does not say its subject"
    stem, suffix = os.path.splitext(name)
    if suffix in (".cpp", ".h", ".c", ".td") and not CAMEL.match(stem):
        return "C++ files are named in CamelCase after what they define"
    if folder.startswith("test/") and suffix in (".mlir", ".test") and not KEBAB.match(stem):
        return "tests are named in kebab-case"
    if suffix == ".py" and not SNAKE.match(stem.split(".")[0]):
        return "Python files are named in snake_case"
    return None


def pass_problems(root, path, paths):
    """A pass described in path: one per file, flag and test named after it."""
    found = PASS.findall("\n".join(tree.lines(root, path)))
    if not found:
        return []
    folder, stem = os.path.dirname(path), os.path.basename(path)[:-3]
    if len(found) > 1:
        return [f"{path}:1: one pass per file; found {', '.join(name for name, _ in found)}"]
    (name, flag), problems = found[0], []
    if name != stem:
        problems.append(f"{path}:1: expected the pass to be called {stem}, found {name}")
    if flag != "rondo-" + kebab(stem):
        problems.append(f"{path}:1: expected the flag rondo-{kebab(stem)}, found {flag}")
    if f"{folder}/{stem}.cpp" not in paths:
        problems.append(f"{path}:1: expected {stem}.cpp beside it")
    if not any(other.startswith(f"test/{folder}/{kebab(stem)}") and other.endswith(".mlir") for other in paths):
        problems.append(f"{path}:1: expected a test test/{folder}/{kebab(stem)}*.mlir")
    return problems


def check(root):
    paths = list(tree.files(root))
    problems = []
    for path in paths:
        text = name_problem(path)
        if text:
            problems.append(f"{path}:1: {text}")
        if path.endswith(".td"):
            problems += pass_problems(root, path, set(paths))
    return problems


def self_test():
    good = 'def FormGroups : Pass<"rondo-form-groups", "ModuleOp"> {\n'
    faults = {
        "runtime/exec/StringUtils.cpp": "",
        "runtime/helpers/A.cpp": "",
        "runtime/exec/do_it.cpp": "",
        "test/passes/CamelCase.mlir": "",
        "tools/lint/Check.py": "",
        "passes/fuse/WrongFlag.td": 'def WrongFlag : Pass<"wrong-flag"> {\n',
        "passes/fuse/WrongFlag.cpp": "",
        "test/passes/fuse/wrong-flag.mlir": "",
        "passes/fuse/NoTest.td": 'def NoTest : Pass<"rondo-no-test"> {\n',
        "passes/fuse/NoTest.cpp": "",
    }
    problems = tree.found_in(check, faults)
    for path in ("runtime/exec/StringUtils.cpp", "runtime/helpers/A.cpp", "runtime/exec/do_it.cpp",
                 "test/passes/CamelCase.mlir", "tools/lint/Check.py", "passes/fuse/WrongFlag.td", "passes/fuse/NoTest.td"):
        assert sum(text.startswith(path + ":") for text in problems) == 1, (path, problems)
    assert len(problems) == 7, problems
    clean = {"passes/fuse/FormGroups.td": good, "passes/fuse/FormGroups.cpp": "", "runtime/api/rondo.h": "",
             "test/passes/fuse/form-groups-epilogue.mlir": "", "codegen/cpu/CpuAsImage.cpp": ""}
    assert tree.found_in(check, clean) == []


if __name__ == "__main__":
    tree.main(check, self_test)
