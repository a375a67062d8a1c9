#!/usr/bin/env python3
"""Prints one benchmark's row from rondo-bench's JSON and appends it to the record: row.py TITLE BENCH.json RECORD.json."""
import json
import sys


def main(title, report, record):
    with open(report, encoding="utf-8") as file:
        result = json.load(file)
    entry, machine = result["entries"][0], result["machine"][0]
    peak, share = machine["peak of one core, GFLOP/s"], entry["% of one core's peak"]
    print(f"{title:28} {entry['best ms']:9.3f} ms {entry['GFLOP/s']:8.1f} GFLOP/s  {share:5.1f} % of {peak:.1f}", flush=True)
    with open(record, "a", encoding="utf-8") as file:
        file.write(json.dumps({"title": title, **entry, **machine}) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
