#!/usr/bin/env python3
"""Includes run one way: every folder may include only what the table below grants it."""
import re

import tree

# Folder -> what its files may include, longest matching folder first. "llvm" stands for LLVM and MLIR.
MAY_INCLUDE = {
    "dialects/spec": ["dialects/spec", "llvm"],
    "dialects/rondo": ["dialects/rondo", "dialects/tile", "codegen/target", "llvm"],
    "dialects/tile": ["dialects/tile", "runtime/format", "llvm"],
    "frontends": ["frontends", "dialects/spec", "dialects/rondo", "dialects/tile", "llvm"],
    "passes": ["passes", "dialects", "codegen/target", "llvm"],
    "passes/pipeline": ["passes", "dialects", "codegen", "frontends", "runtime/format", "llvm"],
    "codegen/lowering": ["codegen/lowering", "codegen/target", "dialects/tile", "llvm"],
    "codegen/cpu": ["codegen/cpu", "codegen/lowering", "codegen/target", "dialects/tile", "runtime/format", "llvm"],
    "codegen/nvptx": ["codegen/nvptx", "codegen/lowering", "codegen/target", "dialects/tile", "runtime/format", "llvm"],
    "codegen/target": ["codegen/target"],
    "codegen/package": ["codegen/package", "runtime/format", "absl", "flatbuffers"],
    "runtime/format": ["runtime/format", "flatbuffers"],
    "runtime": ["runtime", "absl", "flatbuffers", "nlohmann"],
}
# Errors and the kernel ABI are what both sides of the wall share.
FOR_EVERYBODY = {"runtime/format/Errors.h", "runtime/format/Errors.def", "runtime/format/KernelAbi.h"}
# Programs that run packages link no LLVM.
LLVM_FREE_TOOLS = ("tools/cli", "tools/rondo-run", "tools/rondo-dump", "tools/rondo-bench", "tools/rondo-train")
OUR_FOLDERS = ("dialects", "frontends", "passes", "codegen", "runtime", "tools", "test", "bench")
INCLUDE = re.compile(r'^\s*#?\s*include\s+(["<])([^">]+)[">]')


def family(included):
    """What an included path belongs to: a folder of ours, a library, or None for system headers."""
    first = included.split("/")[0]
    if first in OUR_FOLDERS:
        return included
    if first in ("llvm", "llvm-c", "mlir", "mlir-c", "lld"):
        return "llvm"
    return first if first in ("absl", "flatbuffers", "nlohmann", "CLI", "gtest") else None


def grant_for(path):
    folders = [folder for folder in MAY_INCLUDE if path.startswith(folder + "/")]
    return MAY_INCLUDE[max(folders, key=len)] if folders else None


def problem(path, style, included):
    what = family(included)
    if style == '"' and what is None:
        return f'"{included}" is not rooted at the repository'
    if path.startswith(LLVM_FREE_TOOLS) and what == "llvm":
        return f"{included}: programs that run packages link no LLVM"
    grant = grant_for(path)
    if grant is None or what is None or included in FOR_EVERYBODY:
        return None
    if any(what == allowed or what.startswith(allowed + "/") for allowed in grant):
        return None
    return f"may not include {included}; it may include {', '.join(grant)}"


def check(root):
    problems = []
    for path in tree.sources(root, (".cpp", ".h", ".c", ".td")):
        if not path.startswith(OUR_FOLDERS):
            continue
        for number, line in enumerate(tree.lines(root, path), 1):
            match = INCLUDE.match(line)
            text = match and problem(path, match.group(1), match.group(2))
            if text:
                problems.append(f"{path}:{number}: {text}")
    return problems


def self_test():
    faults = {
        "runtime/exec/A.cpp": '#include "mlir/IR/Builders.h"\n',
        "codegen/target/B.h": '#include "llvm/ADT/StringRef.h"\n',
        "passes/fuse/C.cpp": '#include "codegen/cpu/Lower.h"\n',
        "dialects/tile/D.cpp": '#include "dialects/rondo/Rondo.h"\n',
        "dialects/rondo/E.td": 'include "passes/fuse/FormGroups.td"\n',
        "tools/rondo-run/F.cpp": '#include "llvm/Support/CommandLine.h"\n',
        "frontends/spec/G.cpp": '#include "CheckSpec.h"\n',
    }
    problems = tree.found_in(check, faults)
    assert sorted(text.split(":")[0] for text in problems) == sorted(faults), problems
    clean = {
        "runtime/exec/A.cpp": '#include "runtime/format/Errors.h"\n#include "absl/status/status.h"\n#include <vector>\n',
        "passes/pipeline/B.cpp": '#include "codegen/cpu/Lower.h"\n',
        "dialects/spec/C.cpp": '#include "runtime/format/Errors.h"\n#include "mlir/IR/Builders.h"\n',
    }
    assert tree.found_in(check, clean) == []


if __name__ == "__main__":
    tree.main(check, self_test)
