#!/usr/bin/env python3
"""rondo-train, killed at random moments, goes on as if nothing had happened: check_kills.py BUILD.

RONDO_KILLS from the environment says how often it is killed (20 if absent), RONDO_KILL_SEED repeats a sequence of moments. A step is
acknowledged once the program has said that its checkpoint is saved."""
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "conformance"))
import programs  # noqa: E402

DATA = os.path.join(programs.ROOT, "docs")  # text that is always there
STEPS, SAVE_EVERY = 60, 3
SAVED = re.compile(r"^step (\d+): saved ", re.MULTILINE)
GOES_ON = re.compile(r"^note: going on from .*/checkpoint-(\d+)$", re.MULTILINE)


def read(*path):
    with open(os.path.join(*path), "rb") as file:
        return file.read()


def losses(folder):
    """Of each line of the log all that does not depend on time, by step; the steps in the order of the lines."""
    lines = [json.loads(line) for line in read(folder, "log.jsonl").decode().splitlines()][1:]
    kept = ("step", "loss", "lr", "grad_norm", "tokens", "val_loss")
    return [[line.get(key) for key in kept] for line in lines]


class Training:
    """One program, data and plan, and what an unbroken run of it gives."""

    def __init__(self, build):
        self.tools = programs.Programs(build)
        self.package = self.tools.path(".rondo")
        self.tools.call("rondo-compile", os.path.join(programs.ROOT, "models", "retnet.mlir"), "--preset", "tiny", "-D", "dropout=0.1", "--entry", "train:B=2,T=32",
                        "--entry", "score:B=2,T=32", "-o", self.package)
        self.unbroken = self.tools.path("")
        self.seconds = 0  # of the last run that nobody killed from its beginning to its end: other work on the machine changes it
        self.finish(self.unbroken)

    def command(self, folder, *more):
        return [os.path.join(self.tools.folder, "rondo-train"), self.package, "--data", DATA, "--steps", str(STEPS), "--save-every",
                str(SAVE_EVERY), "--eval-every", "5", "--val-tokens", "500", "--carry", "detach", "--lr", "0.003", "--seed", "3", "--out", folder, *more]

    def finish(self, folder, *more):
        """What a run says that nobody kills."""
        start = time.monotonic()
        done = subprocess.run(self.command(folder, *more), capture_output=True, text=True, timeout=300)
        if done.returncode != 0:
            sys.exit(f"exit code {done.returncode}\n{done.stderr}")
        self.note_time(done.stderr, start)
        return done.stderr

    def note_time(self, text, start):
        if not GOES_ON.search(text):
            self.seconds = time.monotonic() - start

    def kill(self, folder, seconds):
        """What a run says that is killed after so many seconds, and whether it ended before."""
        start = time.monotonic()
        with subprocess.Popen(self.command(folder), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as run:
            try:
                _, text = run.communicate(timeout=seconds)
            except subprocess.TimeoutExpired:
                run.send_signal(signal.SIGKILL)
                _, text = run.communicate()
        if run.returncode not in (0, -signal.SIGKILL):
            sys.exit(f"exit code {run.returncode}\n{text}")
        if run.returncode == 0:
            self.note_time(text, start)
        return text, run.returncode == 0

    def difference(self, folder):
        """What differs between a finished run and the unbroken one, as text; nothing if all is equal."""
        if read(folder, "weights.safetensors") != read(self.unbroken, "weights.safetensors"):
            return "other final weights"
        if read(folder, "best.safetensors") != read(self.unbroken, "best.safetensors"):
            return "other best weights"
        for name in ("weights", "optimizer", "states"):
            if read(folder, f"checkpoint-{STEPS}", f"{name}.safetensors") != read(self.unbroken, f"checkpoint-{STEPS}", f"{name}.safetensors"):
                return f"other {name} in the last checkpoint"
        if losses(folder) != losses(self.unbroken):
            return f"another log: {losses(folder)}\nexpected: {losses(self.unbroken)}"
        if sorted(os.listdir(folder)) != sorted(os.listdir(self.unbroken)):
            return f"other files: {sorted(os.listdir(folder))}"
        return ""


def lost(text, acknowledged):
    """What is wrong with the beginning of a run after `acknowledged` steps, given what it says."""
    if "RND3303" in text:
        return "a torn checkpoint"
    begins = GOES_ON.search(text)
    step = int(begins.group(1)) if begins else 0
    # Killed before it could say where it went on from, it has done nothing.
    return f"went on from step {step}" if step < acknowledged and (begins or SAVED.search(text)) else ""


class Kills:
    """Runs that are killed and go on in the same folder, until they end."""

    def __init__(self, training, score, seed):
        self.training, self.score, self.random = training, score, random.Random(seed)
        self.kills = self.amid_writing = self.series = 0

    def one_series(self, limit):
        folder, acknowledged, done = self.training.tools.path(""), 0, False
        self.series += 1
        while not done:
            if self.kills < limit:
                text, done = self.training.kill(folder, self.random.uniform(0, self.training.seconds))
            else:
                text, done = self.training.finish(folder), True
            problem = lost(text, acknowledged)
            self.score.expect(f"run {self.series}: {acknowledged} steps acknowledged, {'ended' if done else 'killed'}", not problem, problem + "\n" + text)
            acknowledged = max([acknowledged, *map(int, SAVED.findall(text))])
            self.kills += not done
            if not done and os.path.isdir(folder):
                self.amid_writing += any(".tmp-" in name for name in os.listdir(folder))
        problem = self.training.difference(folder)
        self.score.expect(f"run {self.series}: the same in the end as the unbroken one", not problem, problem)
        shutil.rmtree(folder)


def check_kills(training, score):
    seed = int(os.environ.get("RONDO_KILL_SEED", random.randrange(1 << 32)))
    limit = int(os.environ.get("RONDO_KILLS", "20"))
    print(f"RONDO_KILL_SEED={seed} RONDO_KILLS={limit}", flush=True)
    kills = Kills(training, score, seed)
    while kills.kills < limit:
        kills.one_series(limit)
    print(f"{kills.kills} kills in {kills.series} runs of {training.seconds:.1f} s, {kills.amid_writing} amid writing")
    # The last step of a finished run is taken for lost if its checkpoint goes.
    folder = training.tools.path("")
    text = training.finish(folder)
    shutil.rmtree(os.path.join(folder, f"checkpoint-{STEPS}"))
    score.expect("a lost step is noticed", lost(training.finish(folder), max(map(int, SAVED.findall(text)))) != "")


def check_torn(training, score):
    folder = training.tools.path("")
    training.finish(folder)
    torn = os.path.join(folder, f"checkpoint-{STEPS}", "optimizer.safetensors")
    os.truncate(torn, os.path.getsize(torn) - 1)
    os.remove(os.path.join(folder, "weights.safetensors"))
    text = training.finish(folder)
    score.expect("a torn checkpoint is passed over, and said to be", f"checkpoint-{STEPS}: warning:" in text and "[RND3303]" in text
                 and GOES_ON.findall(text) == [str(STEPS - SAVE_EVERY)], text)
    score.expect("and the run ends as the unbroken one", training.difference(folder) == "", training.difference(folder))
    text = training.finish(folder)
    score.expect("a run that is complete ends at once", GOES_ON.findall(text) == [str(STEPS)] and not SAVED.search(text), text)
    for step in (STEPS, STEPS - SAVE_EVERY):
        os.remove(os.path.join(folder, f"checkpoint-{step}", "manifest.json"))
    done = subprocess.run(training.command(folder), capture_output=True, text=True)
    score.expect("without a whole checkpoint there is an error", done.returncode == 3 and "[RND3303]" in done.stderr, done.stderr)
    training.finish(folder, "--resume", "never")
    score.expect("but a run can start afresh", training.difference(folder) == "", training.difference(folder))


def check_resources(training, score):
    # The weights fit, the moments, which are twice as large, do not.
    limit = 3 * os.path.getsize(os.path.join(training.unbroken, "weights.safetensors")) // 2

    def small_files():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    folder = training.tools.path("")
    done = subprocess.run(training.command(folder), capture_output=True, text=True, preexec_fn=small_files)
    left = [name for name in os.listdir(folder) if "checkpoint" in name or ".tmp" in name or name == "LATEST"]
    score.expect("a full disk is exit 4, with nothing half-written", done.returncode == 4 and "[RND4004]" in done.stderr and not left,
                 f"{done.returncode} {left}\n{done.stderr}")
    done = subprocess.run(training.command("/proc/run"), capture_output=True, text=True)
    score.expect("a folder that cannot be made is exit 4", done.returncode == 4 and "[RND4004]" in done.stderr, done.stderr)
    with subprocess.Popen(training.command(folder), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as first:
        first.stderr.readline()
        while not os.path.exists(os.path.join(folder, "LATEST")) and first.poll() is None:
            time.sleep(0.01)
        first.send_signal(signal.SIGSTOP)
        second = subprocess.run(training.command(folder), capture_output=True, text=True)
        first.send_signal(signal.SIGKILL)
        first.communicate()
    score.expect("a second run in the folder is exit 4", second.returncode == 4 and "[RND4008]" in second.stderr, second.stderr)


def main(build):
    score = programs.Score()
    training = Training(build)
    for check in (check_torn, check_resources, check_kills):
        check(training, score)
    score.finish()


if __name__ == "__main__":
    main(sys.argv[1])
