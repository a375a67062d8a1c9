#!/usr/bin/env python3
"""Dilated attention of a long sequence against float64: check_long_attention.py BUILD [--time T] [--rows N] [--seed S]. o, the log-sum-exp and d_q of
random rows of random heads, and d_k and d_v of a quarter as many (each takes all queries that see the key), computed by the definition."""
import argparse
import math

import numpy

import programs

LIMIT = 1e-5  # as for the op's vectors
HEADS, WIDTH, SEGMENTS, RATIOS = 2, 16, [1024, 5792, 32768, 185363, 1048576], [1, 6, 32, 181, 1024]

SPEC = f"""spec.model @long_attention {{
  %q = spec.input "q" heads({HEADS}) width({WIDTH})
  %k = spec.input "k" heads({HEADS}) width({WIDTH})
  %v = spec.input "v" heads({HEADS}) width({WIDTH})
  %o, %lse = spec.dilated_attention %q, %k, %v segments({SEGMENTS}) ratios({RATIOS}) scale(rsqrt({WIDTH}))
  spec.output "o" %o
  spec.output "lse" %lse
}}
"""


class Definition:
    """The op by its formula, one query or key of one head at a time, in float64."""

    def __init__(self, inputs):
        self.q, self.k, self.v, self.d_o = (inputs[name][0] for name in ("q", "k", "v", "cotangent.o"))
        self.time = len(self.q)

    def patterns(self, row, head):
        """Segment begin, end and ratio of the patterns that cover a row; both as sparse rows of the head."""
        for length, ratio in zip(SEGMENTS, RATIOS):
            begin = row // length * length
            offset = head // math.ceil(HEADS / ratio)
            if row >= begin + offset and (row - begin - offset) % ratio == 0:
                yield begin + offset, min(begin + length, self.time), ratio

    def keys(self, row, head):
        """The keys that a query sees, each once per pattern that shows it."""
        shown = [numpy.arange(first, row + 1, ratio) for first, _, ratio in self.patterns(row, head)]
        return numpy.concatenate(shown) if shown else numpy.zeros(0, "i8")

    def query(self, row, head):
        """o, lse, delta and d_q of a query."""
        keys = self.keys(row, head)
        k, v = self.k[keys, head].astype("f8"), self.v[keys, head].astype("f8")
        scores = k @ self.q[row, head].astype("f8") / math.sqrt(WIDTH)
        most = scores.max()
        weights = numpy.exp(scores - most)
        lse = most + math.log(weights.sum())
        weights /= weights.sum()
        dots = v @ self.d_o[row, head].astype("f8")
        delta = weights @ dots
        return weights @ v, lse, delta, (weights * (dots - delta)) @ k / math.sqrt(WIDTH)

    def key(self, row, head):
        """d_k and d_v of a key."""
        k, v = self.k[row, head].astype("f8"), self.v[row, head].astype("f8")
        d_k, d_v = numpy.zeros(WIDTH), numpy.zeros(WIDTH)
        for _, end, ratio in self.patterns(row, head):
            for query in range(row, end, ratio):
                _, lse, delta, _ = self.query(query, head)
                q, d_o = self.q[query, head].astype("f8"), self.d_o[query, head].astype("f8")
                weight = math.exp(q @ k / math.sqrt(WIDTH) - lse)
                d_v += weight * d_o
                d_k += weight * (d_o @ v - delta) * q / math.sqrt(WIDTH)
        return d_k, d_v


def random_row(random, time, pattern):
    """A row and a head whose residue it is under a pattern, so that all patterns take part however seldom they cover a row."""
    length, ratio = SEGMENTS[pattern], RATIOS[pattern]
    row, head = int(random.integers(ratio, time)), int(random.integers(HEADS))
    begin, offset = row // length * length, head // math.ceil(HEADS / ratio)
    return begin + offset + max(row - begin - offset, 0) // ratio * ratio, head


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--time", type=int, default=1048576)
    parser.add_argument("--rows", type=int, default=32)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print(f"seed {options.seed}")
    random = numpy.random.default_rng(options.seed)
    shape = (1, options.time, HEADS, WIDTH)
    inputs = {name: random.standard_normal(shape, "f4") for name in ("q", "k", "v", "cotangent.o")}
    tools, score = programs.Programs(options.build), programs.Score()
    spec = tools.path(".mlir")
    with open(spec, "w", encoding="utf-8") as file:
        file.write(SPEC)
    package = tools.compile(spec, [f"forward:B=1,T={options.time}", f"vjp:B=1,T={options.time}"], "auto")
    forward = tools.run(package, "forward", {name: inputs[name] for name in "qkv"})
    backward = tools.run(package, "vjp", inputs)

    definition = Definition(inputs)
    covered = [random_row(random, options.time, number % len(SEGMENTS)) for number in range(options.rows)]
    expected = [definition.query(row, head) for row, head in covered]
    at = tuple(numpy.array(covered).T)
    for name, number, found in (("o", 0, forward["o"]), ("lse", 1, forward["lse"]), ("d_q", 3, backward["grad.q"])):
        score.compare(f"{name} of {len(covered)} rows", found[0][at], numpy.array([each[number] for each in expected]), LIMIT)
    keys = covered[:options.rows // 4]
    expected = [definition.key(row, head) for row, head in keys]
    at = tuple(numpy.array(keys).T)
    for number, name in enumerate(("k", "v")):
        score.compare(f"d_{name} of {len(keys)} rows", backward[f"grad.{name}"][0][at], numpy.array([each[number] for each in expected]), LIMIT)
    score.finish()


if __name__ == "__main__":
    main()
