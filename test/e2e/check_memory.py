#!/usr/bin/env python3
"""A training run holds as much memory as --dry-run says before it: check_memory.py BUILD.

What the plan does not count, the program itself, its libraries and what reading data and writing logs take, is measured by a run of a
tiny model, as its peak less its plan, and subtracted."""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "conformance"))
import programs  # noqa: E402

MODEL = os.path.join(programs.ROOT, "models", "retnet.mlir")
DATA = os.path.join(programs.ROOT, "docs")  # text that is always there
LIMIT = 0.02
# Large enough that no table of the process counts: weights of 57 MiB, moments, and a share of activations.
LARGE = ("-D", "width=512", "-D", "heads=4", "-D", "layers=4")


def planned_and_held(tools, entries, sizes, *flags):
    """Bytes by --dry-run, and the most that a run of three steps held."""
    package, folder = tools.path(".rondo"), tools.path("")
    tools.call("rondo-compile", MODEL, "--preset", "tiny", *sizes, *(word for entry in entries for word in ("--entry", entry)), "-o", package)
    flags = ("--threads", "2", *flags)
    plan = json.loads(tools.call("rondo-train", package, "--dry-run", "--format=json", *flags))
    total = next(row["bytes"] for row in plan["memory"] if row["what"] == "total")
    program = os.path.join(tools.folder, "rondo-train")
    # A program started by this process itself begins with this one's peak; the shell's is small.
    subprocess.run(["sh", "-c", '"$@"; exit $?', "sh", program, package, "--data", DATA, "--steps", "3", "--val-tokens", "600", "--out", folder, "-q",
                    *flags], check=True, timeout=300, stdout=subprocess.DEVNULL)
    with open(os.path.join(folder, "log.jsonl"), encoding="utf-8") as log:
        return total, json.loads(log.read().splitlines()[-1])["peak_bytes"]


def check(tools, score, what, entries, *flags):
    tiny = [entry if entry == "update" else entry.split(":")[0] + ":B=1,T=16" for entry in entries]
    planned, held = planned_and_held(tools, tiny, (), *flags)
    process = held - planned
    planned, held = planned_and_held(tools, entries, LARGE, *flags)
    error = (held - process) / planned - 1
    score.expect(f"{what}: planned {planned}, held {held}, the process itself {process}: {100 * error:+.2f} %", abs(error) <= LIMIT)
    score.expect(f"{what}: the process itself is small", 0 < process < 16 << 20, str(process))


def main(build):
    tools, score = programs.Programs(build), programs.Score()
    check(tools, score, "train with validation", ["train:B=2,T=256", "score:B=2,T=256"])
    check(tools, score, "accumulate and update", ["accumulate:B=2,T=128", "update"], "--accum", "2")
    score.finish()


if __name__ == "__main__":
    main(sys.argv[1])
