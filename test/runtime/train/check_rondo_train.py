#!/usr/bin/env python3
"""rondo-train as people and scripts use it, on a small model that learns: check_rondo_train.py BUILD."""
import json
import os
import pty
import re
import signal
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "conformance"))
import programs  # noqa: E402

TEXT = "the cat sat on the mat, and that was that. a dog ran by; "


class Runs:
    """A build's rondo-train with its test models, and a folder of texts."""

    def __init__(self, build):
        self.tools, self.score = programs.Programs(build), programs.Score()
        self.model = os.path.join(build, "test", "training-model.rondo")
        self.train_only = os.path.join(build, "test", "training-only.rondo")
        self.data = self.folder()
        for i in range(12):
            with open(os.path.join(self.data, f"{i}.txt"), "w", encoding="utf-8") as file:
                file.write(TEXT[i:] * (3 + i))

    def folder(self):
        path = self.tools.path("")
        os.mkdir(path)
        return path

    def command(self, out, *flags, model=None, data=None):
        rate = () if "--lr" in flags else ("--lr", "0.05")
        return (model or self.model, "--data", data or self.data, "--out", out, *rate, *flags)

    def train(self, out, *flags, **what):
        return self.tools.attempt("rondo-train", *self.command(out, *flags, **what))

    def expect(self, *arguments):
        self.score.expect(*arguments)

    def fails(self, what, done, code, error, *words):
        good = done.returncode == code and f"[{error}]" in done.stderr and "help: " in done.stderr and all(w in done.stderr for w in words)
        self.expect(what, good, f"exit code {done.returncode}\n{done.stderr}")


def read(*path):
    with open(os.path.join(*path), "rb") as file:
        return file.read()


def log_of(out):
    return [json.loads(line) for line in read(out, "log.jsonl").decode().splitlines()]


def check_run(runs):
    out = runs.folder()
    done = runs.train(out, "--steps", "40", "--save-every", "15")
    runs.expect("a run ends well", done.returncode == 0, done.stderr)
    runs.expect("it names each checkpoint", re.findall(r"^step (\d+): saved ", done.stderr, re.M) == ["15", "30", "40"], done.stderr)
    runs.expect("it prints bits per byte", re.search(r"validation loss [\d.]+, [\d.]+ bits per byte", done.stderr), done.stderr)
    runs.expect("it prints no bar into pipes", "\r" not in done.stderr and len(done.stderr.splitlines()) < 40, done.stderr)
    head, *lines = log_of(out)
    runs.expect("the log begins with the configuration", head["configuration"]["lr"] == "0.05" and len(head["data_hash"]) == 16
                and "loss" not in head, head)
    runs.expect("the log has a line per step", [line["step"] for line in lines] == list(range(1, 41)), lines[:3])
    keys = ["step", "loss", "lr", "grad_norm", "tokens", "tokens_per_s", "peak_bytes"]
    runs.expect("its lines have the keys", all(list(line)[:7] == keys for line in lines), lines[0])
    runs.expect("validation is logged where it happened", [line["step"] for line in lines if "val_loss" in line] == [15, 30, 40])
    runs.expect("its numbers have no exponents", not re.search(rb"\de[-+\d]", read(out, "log.jsonl")))
    runs.expect("the loss falls by a third", lines[-1]["loss"] < 0.67 * lines[0]["loss"], (lines[0], lines[-1]))
    runs.expect("there is a curve", read(out, "loss.svg").startswith(b"<svg ") and read(out, "loss.svg").endswith(b"</svg>\n"))
    runs.expect("the best weights are kept", read(out, "best.safetensors") == read(out, "weights.safetensors"))
    again = runs.train(out, "--steps", "40", "--save-every", "15")
    runs.expect("a complete run is done", again.returncode == 0 and "step" not in again.stderr.replace("steps", ""), again.stderr)


def check_results(runs):
    out = runs.folder()
    done = runs.train(out, "--steps", "3", "--format", "json", "-q")
    try:
        result = {row["what"]: row["value"] for row in json.loads(done.stdout)["run"]}
    except ValueError:
        result = {}
    runs.expect("--format json is one object, and -q nothing else", result.get("steps") == 3 and done.stderr == "", done.stdout + done.stderr)
    plan = runs.tools.attempt("rondo-train", runs.model, "--dry-run", "--format", "json")
    rows = {row["what"]: row["bytes"] for row in json.loads(plan.stdout)["memory"]}
    runs.expect("--dry-run adds up", rows.pop("total") == sum(rows.values()), plan.stdout)
    runs.expect("--dry-run knows the tensors", (rows["weights"], rows["moments"], rows["gradients"], rows["states"])
                == (2 << 18, 4 << 18, (2 << 18) + 4, 12), plan.stdout)


def check_terminal(runs):
    ours, theirs = pty.openpty()
    command = [os.path.join(runs.tools.folder, "rondo-train"), *runs.command(runs.folder(), "--steps", "5", "--save-every", "3")]
    environment = {key: value for key, value in os.environ.items() if key != "CI"}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=theirs, env=environment)
    os.close(theirs)
    seen = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:  # the other side is closed
            break
        if not part:
            break
        seen += part
    process.wait()
    os.close(ours)
    runs.expect("a terminal gets one line that is rewritten", b"step 1 of 5" in seen and b"\r\x1b[K" in seen and b"step 3: saved" in seen, seen)


def check_resume(runs):
    whole, broken = runs.folder(), runs.folder()
    flags = ("--steps", "30", "--save-every", "7", "--carry", "detach", "--accum", "2")
    runs.train(whole, *flags)
    # A signal ends the run with a checkpoint, wherever it is.
    for _ in range(3):
        command = [os.path.join(runs.tools.folder, "rondo-train"), *runs.command(broken, *flags)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for line in process.stderr:
            if line.startswith("step "):
                process.send_signal(signal.SIGINT)
                break
        process.stderr.read()
        code = process.wait()
        runs.expect("an interrupted run says so", code in (0, 130), code)
    done = runs.train(broken, *flags)
    runs.expect("it goes on", done.returncode == 0, done.stderr)
    for name in ("weights.safetensors", "best.safetensors", "loss.svg", "checkpoint-30/optimizer.safetensors", "checkpoint-30/states.safetensors"):
        runs.expect(f"{name} is that of an unbroken run", read(whole, name) == read(broken, name))
    timeless = [[{k: v for k, v in line.items() if k not in ("tokens_per_s", "peak_bytes")} for line in log_of(out)] for out in (whole, broken)]
    runs.expect("so is the log", timeless[0] == timeless[1])
    runs.fails("another configuration is refused", runs.train(broken, *flags, "--clip", "2"), 3, "RND3301", "'clip'")
    runs.fails("fewer steps are refused", runs.train(broken, "--steps", "20", *flags[2:]), 2, "RND2001", "at least 30 steps")
    afresh = runs.train(broken, "--steps", "2", "--resume", "never")
    runs.expect("--resume never starts afresh", afresh.returncode == 0 and len(log_of(broken)) == 3, afresh.stderr)
    there = runs.train(broken, *flags, "--resume", os.path.join(whole, "checkpoint-28"))
    runs.expect("--resume PATH goes on from there", there.returncode == 0 and read(broken, "weights.safetensors") == read(whole, "weights.safetensors"),
                there.stderr)
    with open(os.path.join(whole, "checkpoint-30", "weights.safetensors"), "r+b") as file:
        file.seek(5000)
        file.write(b"\xFF")
    torn = runs.train(whole, *flags)
    runs.expect("a torn checkpoint falls back to the older one and says so", torn.returncode == 0 and "[RND3303]" in torn.stderr
                and "checkpoint-28" in torn.stderr and read(whole, "weights.safetensors") == read(broken, "weights.safetensors"), torn.stderr)


def check_data(runs):
    out, val, empty = runs.folder(), runs.folder(), runs.folder()
    with open(os.path.join(val, "v"), "w", encoding="utf-8") as file:
        file.write(TEXT * 3)
    os.link(os.path.join(val, "v"), os.path.join(runs.data, "v"))
    done = runs.train(out, "--steps", "2", "--val", val)
    os.remove(os.path.join(runs.data, "v"))
    runs.expect("files of --val are not trained on", done.returncode == 0 and "1 file of --val not trained on" in done.stderr, done.stderr)
    runs.fails("no data", runs.train(out, "--steps", "2", data=empty), 3, "RND3506")
    runs.fails("missing data", runs.train(out, "--steps", "2", data=os.path.join(empty, "x")), 4, "RND4003")
    tokens = os.path.join(empty, "tokens")
    with open(tokens, "wb") as file:
        file.write(b"RNDTOKEN" + bytes([1, 0, 0, 0, 2, 0, 0, 0, 2] + [0] * 7 + [1] + [0] * 7 + [0] * 8) + bytes([5, 0, 0, 1]))
    runs.fails("a token beyond the vocabulary", runs.train(out, "--steps", "2", data=tokens), 3, "RND3405", tokens, "found 256 at byte 42")
    lone = runs.train(runs.folder(), "--steps", "2", model=runs.train_only)
    runs.expect("without score validation is skipped with a note", lone.returncode == 0 and "validation is skipped" in lone.stderr, lone.stderr)


def check_usage(runs):
    out = runs.folder()
    runs.fails("accumulation needs entries", runs.train(out, "--steps", "2", "--accum", "2", model=runs.train_only), 2, "RND2001")
    for flags in (("--steps", "0"), ("--steps", "2", "--warmup", "2"), ("--steps", "2", "--lr", "-1"), ("--steps", "2", "--lr-schedule", "step"),
                  ("--steps", "2", "--on-nan", "ignore"), ("--steps", "2", "--carry", "yes"), ("--steps", "2", "--accum", "0")):
        runs.fails(" ".join(flags), runs.train(out, *flags), 2, "RND2001")
    runs.fails("a mistyped flag", runs.train(out, "--step", "2"), 2, "RND2001", "did you mean '--steps'?")
    runs.fails("a package that cannot train", runs.train(out, "--steps", "2", model=os.path.join(runs.data, "0.txt")), 3, "RND3101")
    blocked = os.path.join(runs.data, "0.txt", "run")
    runs.fails("a folder that cannot be made", runs.train(blocked, "--steps", "2"), 4, "RND4004")


def check_bad_losses(runs):
    out, weights = runs.folder(), runs.tools.path(".safetensors")
    # A rate that no update survives.
    done = runs.train(out, "--steps", "300", "--lr", "3e38", "--clip", "0", "--save-every", "1")
    runs.fails("a loss that is no number", done, 5, "RND5002", "model.mlir:5:3")
    runs.tools.call("rondo-run", runs.model, "--init-seed", "3", "--save-weights", weights)
    one, two = runs.folder(), runs.folder()
    runs.train(one, "--steps", "3", "--seed", "3")
    runs.train(two, "--steps", "3", "--seed", "3", "--init-from", weights)
    runs.expect("--init-from takes weights", read(one, "weights.safetensors") == read(two, "weights.safetensors"))


def main(build):
    runs = Runs(build)
    for check in (check_run, check_results, check_terminal, check_resume, check_data, check_usage, check_bad_losses):
        check(runs)
    runs.score.finish()


if __name__ == "__main__":
    main(sys.argv[1])
