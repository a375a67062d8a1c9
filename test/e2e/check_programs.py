#!/usr/bin/env python3
"""How the programs present themselves: help, clean stdout, json, what they link, how big they are: check_programs.py BUILD."""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "conformance"))
import programs  # noqa: E402

EVERY = ("rondo-compile", "rondo-run", "rondo-train", "rondo-bench", "rondo-dump", "rondo-import")
LLVM_FREE = ("rondo-run", "rondo-train", "rondo-bench", "rondo-dump")
MEBIBYTE = 1 << 20
MODEL = os.path.join(programs.ROOT, "models", "retnet.mlir")


def check_help(tools, score):
    for program in EVERY:
        done = tools.attempt(program, "--help")
        longest = max((len(line) for line in done.stdout.splitlines()), default=0)
        score.expect(f"{program} --help", done.returncode == 0 and done.stderr == "" and 5 <= done.stdout.count("\n") <= 70
                     and longest <= 120, f"exit code {done.returncode}, {done.stdout.count(chr(10))} lines of up to {longest}\n{done.stderr}")
        done = tools.attempt(program, "--help=RND3104")
        score.expect(f"{program} --help=RND3104", done.returncode == 0 and "hash" in done.stdout, done.stdout + done.stderr)


def check_linking(tools, score):
    for program in LLVM_FREE:
        path = os.path.join(tools.folder, program)
        needed = subprocess.run(["ldd", path], capture_output=True, text=True).stdout
        score.expect(f"{program} links neither LLVM nor shared Abseil", "LLVM" not in needed and "MLIR" not in needed
                     and "absl" not in needed, needed)
    stripped = tools.path(".stripped")
    subprocess.run(["strip", "-o", stripped, os.path.join(tools.folder, "rondo-run")], check=True)
    size = os.path.getsize(stripped)
    score.expect(f"rondo-run, stripped: {size / MEBIBYTE:.2f} MiB", size <= 2_000_000, f"{size} bytes, at most 2,000,000")


def check_results(tools, score):
    package, weights = tools.path(".rondo"), tools.path(".safetensors")
    score.expect("rondo-compile prints nothing on stdout", tools.call("rondo-compile", MODEL, "--preset", "tiny", "-o", package) == "")
    tools.call("rondo-run", package, "--init-seed", "1", "--save-weights", weights)
    generate = ("rondo-run", package, "--weights", weights, "-p", "abc", "-n", "8", "--seed", "3")
    first = tools.attempt(*generate)
    score.expect("generation prints the text alone", first.returncode == 0 and len(first.stdout) <= 64, first.stdout + first.stderr)
    score.expect("generation with one seed repeats", tools.attempt(*generate).stdout == first.stdout)
    greedy = [tools.attempt("rondo-run", package, "--weights", weights, "-p", "abc", "-n", "8", "--temperature", "0", "--seed", seed).stdout
              for seed in ("1", "2")]
    score.expect("greedy generation needs no seed", greedy[0] == greedy[1], str(greedy))
    for program, flags in (("rondo-dump", ()), ("rondo-run", ("--dry-run", "--weights", weights))):
        text = tools.call(program, package, *flags, "--format=json")
        try:
            good = bool(json.loads(text))
        except ValueError:
            good = False
        score.expect(f"{program} {' '.join(flags[:1])} --format=json parses", good, text[:300])
    again = tools.path(".rondo")
    tools.call("rondo-compile", MODEL, "--preset", "tiny", "-o", again)
    with open(package, "rb") as one, open(again, "rb") as other:
        score.expect("compiling twice gives the same bytes", one.read() == other.read())


def main(build):
    tools, score = programs.Programs(build), programs.Score()
    for check in (check_help, check_linking, check_results):
        check(tools, score)
    score.finish()


if __name__ == "__main__":
    main(sys.argv[1])
