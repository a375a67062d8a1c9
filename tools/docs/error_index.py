#!/usr/bin/env python3
"""Writes the error index from the table of errors: error_index.py Errors.def errors.md."""
import re
import sys

STRING = r'"((?:[^"\\]|\\.)*)"'
ROW = re.compile(rf"^RONDO_ERROR\((\d+), (\w+), (\d+), {STRING}, {STRING}\)", re.MULTILINE)


def main(table, page):
    with open(table, encoding="utf-8") as file:
        text = file.read()
    rows = ROW.findall(text)
    if len(rows) != len(re.findall(r"^RONDO_ERROR", text, re.MULTILINE)):
        sys.exit(f"{table}: a row does not have the form RONDO_ERROR(number, Name, exit, \"what\", \"help\")")
    with open(page, "w", encoding="utf-8") as file:
        file.write("# Errors\n\n| id | exit code | what | help |\n| --- | --- | --- | --- |\n")
        for number, _, code, what, remedy in rows:
            clean = [field.replace('\\"', '"').replace("|", "\\|") for field in (what, remedy)]
            file.write(f"| RND{number} | {code} | {clean[0]} | {clean[1]} |\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
