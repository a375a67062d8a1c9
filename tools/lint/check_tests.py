#!/usr/bin/env python3
"""Tests test something: directives are well-formed, every lit test checks, every error id in use is asserted."""
import re

import tree

DIRECTIVE = re.compile(r"(?://|#|;)\s*([A-Z][A-Z0-9_]*)(-(?:NEXT|SAME|NOT|DAG|LABEL|EMPTY|COUNT-\d+))?(\s*)(:?)")
PREFIXES = re.compile(r"-check-prefix(?:es)?[= ]([A-Z0-9_,]+)")
CHECKS_SOMETHING = ("FileCheck", "verify-diagnostics", "diff ", "cmp ", "%python", "not ", "grep ")
ERROR_ROW = re.compile(r"^RONDO_ERROR\((\d+), (\w+),", re.MULTILINE)
ERROR_USE = re.compile(r"\bErrorId::(\w+)")
ERROR_ASSERTED = re.compile(r"RND(\d{4})")


def directive_problems(path, lines):
    text = "\n".join(lines)
    prefixes = {"CHECK", "RUN"}
    for names in PREFIXES.findall(text):
        prefixes.update(names.split(","))
    for number, line in enumerate(lines, 1):
        match = DIRECTIVE.search(line)
        if match and match.group(1) in prefixes and not (match.group(4) and match.group(3) == ""):
            yield f"{path}:{number}: '{match.group(1)}{match.group(2) or ''}' without its colon checks nothing"


def lit_problems(root, path):
    lines = tree.lines(root, path)
    runs = [line for line in lines if "RUN:" in line]
    if not runs:
        return [f"{path}:1: expected a RUN line"]
    problems = list(directive_problems(path, lines))
    if not any(word in run for run in runs for word in CHECKS_SOMETHING):
        problems.append(f"{path}:1: its RUN lines check nothing")
    return problems


def error_problems(root):
    """Ids that a source reports and no test asserts."""
    table, used, asserted = {}, {}, set()
    for path in tree.sources(root, (".cpp", ".h", ".c", ".td", ".def", ".py", ".mlir", ".test")):
        text = "\n".join(tree.lines(root, path))
        if path == "runtime/format/Errors.def":
            table = {name: number for number, name in ERROR_ROW.findall(text)}
        elif path.startswith("test/"):
            asserted.update(ERROR_ASSERTED.findall(text), ERROR_USE.findall(text))
        elif not path.startswith("tools/lint/"):
            for name in ERROR_USE.findall(text):
                used.setdefault(name, path)
    return [f"{path}:1: reports {name} (RND{table[name]}) but no test asserts that id" for name, path in sorted(used.items())
            if name in table and name not in asserted and table[name] not in asserted]


def check(root):
    problems = []
    for path in tree.sources(root, (".mlir", ".test")):
        if path.startswith("test/") and "/Inputs/" not in path:
            problems += lit_problems(root, path)
    return problems + error_problems(root)


def self_test():
    faults = {
        "test/a/no-run.mlir": "// CHECK: x\n",
        "test/a/no-colon.mlir": "// RUN: rondo-opt %s | FileCheck %s\n// CHECK x\n",
        "test/a/space.mlir": "// RUN: rondo-opt %s | FileCheck %s --check-prefix=FOO\n// FOO-NEXT : x\n",
        "test/a/unchecked.mlir": "// RUN: rondo-opt %s\n",
        "runtime/format/Errors.def": 'RONDO_ERROR(3001, HeaderTooSmall, 3, "a", "b")\nRONDO_ERROR(3002, Other, 3, "a", "b")\n',
        "runtime/format/Reader.cpp": "return error(ErrorId::HeaderTooSmall);\nreturn error(ErrorId::Other);\n",
        "test/runtime/ReaderTest.cpp": 'EXPECT_EQ(id, "RND3002");\n',
    }
    problems = tree.found_in(check, faults)
    expected = ["test/a/no-run.mlir", "test/a/no-colon.mlir", "test/a/space.mlir", "test/a/unchecked.mlir",
                "runtime/format/Reader.cpp"]
    assert sorted(text.split(":")[0] for text in problems) == sorted(expected), problems
    clean = {"test/a/good.mlir": "// RUN: rondo-opt %s | FileCheck %s\n// CHECK-LABEL: f\n// CHECK: x\n// What CHECKs cannot say.\n",
             "test/a/Inputs/model.mlir": "spec.model @m {}\n"}
    assert tree.found_in(check, clean) == []


if __name__ == "__main__":
    tree.main(check, self_test)
