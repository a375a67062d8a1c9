#!/usr/bin/env python3
"""A fault of Rondo ends with RND9001, exit code 6 and a reproducer that repeats it: check_crash_reports.py BUILD.

The faults are planted by rondo-compile-faulty, the compiler with an instrumentation that programs for users do not have.
"""
import glob
import os
import re
import shlex
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "conformance"))
import programs  # noqa: E402

MODEL = os.path.join(programs.ROOT, "models", "retnet.mlir")
FLAGS = ["--preset", "tiny", "-D", "eps=1e-5", "--entry", "prefill:B=1,T=16,slots=2", "--entry", "decode:B=1", "--target", "cpu:x86-64-v3"]
# What is planted, and what is said about it: the stage's name and how it ended.
FAULTS = {
    "segv:rondo-check-spec": ("check-spec", "crashed (Segmentation fault)"),
    "segv:rondo-derive-entries": ("derive-entries", "crashed (Segmentation fault)"),
    "overflow:cse": ("cse", "crashed (Segmentation fault)"),
    "fatal:rondo-plan-memory": ("plan-memory", "crashed (Aborted)"),
    "exit:rondo-form-groups": ("form-groups", "ended the process"),
    "segv:rondo-assign-scratch": ("assign-scratch", "crashed (Segmentation fault)"),
    "unplanned:rondo-plan-memory": ("build-kernels", "failed on a valid spec"),
    "invalid:rondo-choose-schedule": ("form-groups", "failed on a valid spec"),
}
# What the fault's own IR makes of rondo-opt; the other faults are not in the IR, and their reproducers run through.
REPEATED = {"unplanned:rondo-plan-memory": "expected one slice per result", "invalid:rondo-choose-schedule": "requires attribute 'type'"}


class Crashes:
    def __init__(self, build):
        self.build, self.score = build, programs.Score()
        self.compiler = os.path.join(build, "test", "bin", "rondo-compile-faulty")
        self.environment = dict(os.environ, PATH=os.path.join(build, "bin") + os.pathsep + os.environ["PATH"])

    def compile(self, fault, folder, spec=MODEL, temporary="", **more):
        environment = dict(self.environment, RONDO_FAULT=fault, TMPDIR=temporary or folder)
        command = [self.compiler, spec, *FLAGS, "-o", os.path.join(os.path.abspath(folder), "m.rondo")]
        return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, **more)

    def repeat(self, folder, done):
        """Runs the command that the error names, as a person would paste it."""
        command = re.search(r"this repeats it: (.*)", done.stderr)
        return subprocess.run(shlex.split(command.group(1)) if command else ["false"], cwd=folder, env=self.environment,
                              capture_output=True, text=True, timeout=300)


def text_of(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def check_fault(crashes, fault, stage, ending):
    with tempfile.TemporaryDirectory() as folder:
        done = crashes.compile(fault, folder)
        said = f"error: stage '{stage}' {ending} [RND9001]"
        crashes.score.expect(f"{fault}: {said}, exit code 6", done.returncode == 6 and said in done.stderr and done.stdout == "",
                             f"exit code {done.returncode}\n{done.stdout}{done.stderr}")
        left = sorted(os.listdir(folder))
        crashes.score.expect(f"{fault}: one folder and no package", len(left) == 1 and left[0].startswith("rondo-crash-"), str(left))
        report = os.path.join(folder, left[0])
        files = sorted(os.listdir(report))
        crashes.score.expect(f"{fault}: its files", files == [f"before-{stage}.mlir", "log.txt", "report.txt", "spec.mlir"], str(files))
        crashes.score.expect(f"{fault}: the spec", text_of(os.path.join(report, "spec.mlir")) == text_of(MODEL))
        facts = text_of(os.path.join(report, "report.txt"))
        wanted = [f"stage '{stage}' {ending}", "versions: rondo 0.", "LLVM 22.", "-D eps=1e-5", "prefill:B=1,T=16,slots=2",
                  "--target cpu:x86-64-v3", "rondo-opt --run-reproducer"]
        crashes.score.expect(f"{fault}: the report", all(word in facts for word in wanted), facts)
        if "Segmentation" in ending:
            frame = "deep" if "overflow" in fault else "rondo::compile"
            log = text_of(os.path.join(report, "log.txt"))
            crashes.score.expect(f"{fault}: the stack", frame in log, log[:2000])
        again = crashes.repeat(folder, done)
        good = REPEATED[fault] in again.stderr if fault in REPEATED else again.returncode == 0 and "module" in again.stdout
        crashes.score.expect(f"{fault}: rondo-opt runs the reproducer", good, f"{again.returncode}\n{again.stderr[:2000]}")


def check_whole_run(crashes):
    """The report's second command compiles the copy of the spec, with this compiler to the end."""
    with tempfile.TemporaryDirectory() as folder:
        crashes.compile("segv:rondo-form-groups", folder)
        (report,) = glob.glob(os.path.join(folder, "rondo-crash-*", "report.txt"))
        command = re.search(r"the whole run: (.*)", text_of(report)).group(1)
        done = subprocess.run(shlex.split(command), cwd=folder, env=crashes.environment, capture_output=True, text=True, timeout=300)
        crashes.score.expect("the report's whole run", done.returncode == 0 and "2 entry points" in done.stderr, done.stderr)


def check_places(crashes):
    with tempfile.TemporaryDirectory() as folder, open(MODEL, encoding="utf-8") as spec:
        done = crashes.compile("segv:rondo-form-groups", folder, "-", stdin=spec)
        (copy,) = glob.glob(os.path.join(folder, "rondo-crash-*", "spec.mlir"))
        crashes.score.expect("a spec from a pipe is kept", done.returncode == 6 and text_of(copy) == text_of(MODEL), done.stderr)
    with tempfile.TemporaryDirectory() as folder:
        done = crashes.compile("segv:rondo-form-groups", "/proc", temporary=folder)
        crashes.score.expect("$TMPDIR where the current folder cannot be written to",
                             done.returncode == 6 and f"the reproducer is in {folder}/rondo-crash-" in done.stderr, done.stderr)
    done = crashes.compile("segv:rondo-form-groups", "/proc", temporary="/nonexistent")
    crashes.score.expect("no place at all", done.returncode == 6 and "[RND9001]" in done.stderr and "no reproducer" in done.stderr, done.stderr)


def check_other_ends(crashes):
    """What comes from outside is no fault, and leaves no folder."""
    ends = {"memory:rondo-form-groups": (4, "[RND4002]"), "killed:rondo-form-groups": (4, "[RND4002]"),
            "terminated:rondo-form-groups": (-15, ""), "none:rondo-form-groups": (0, "2 entry points")}
    for fault, (code, said) in ends.items():
        with tempfile.TemporaryDirectory() as folder:
            done = crashes.compile(fault, folder)
            good = done.returncode == code and said in done.stderr and not glob.glob(os.path.join(folder, "rondo-crash-*"))
            crashes.score.expect(f"{fault}: exit code {code}", good, f"exit code {done.returncode}\n{done.stderr}")


def main():
    crashes = Crashes(sys.argv[1])
    for fault, (stage, ending) in FAULTS.items():
        check_fault(crashes, fault, stage, ending)
    check_whole_run(crashes)
    check_places(crashes)
    check_other_ends(crashes)
    crashes.score.finish()


main()
