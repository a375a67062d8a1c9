#!/usr/bin/env python3
"""Runs what the pages for users show: check_pages.py BUILD PAGE...

In each page, a ```mlir block after a line `NAME`: becomes the file NAME; the ```sh blocks are then run, in order, by one shell that stops
at the first failure, with the programs on PATH and models/ at hand. A ```mlir block without a name must be quoted from models/.
Links to files must lead somewhere.
"""
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
BLOCK = re.compile(r"(?:^`([\w.-]+)`:\n)?^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#:]+)\)")


def is_quoted(text):
    models = os.path.join(ROOT, "models")
    wanted = " ".join(text.split())
    for name in sorted(os.listdir(models)):
        with open(os.path.join(models, name), encoding="utf-8") as file:
            if wanted and wanted in " ".join(file.read().split()):
                return True
    return False


def page_problems(page, build):
    with open(page, encoding="utf-8") as file:
        text = file.read()
    for target in LINK.findall(text):
        if not os.path.exists(os.path.join(os.path.dirname(page), target)):
            yield f"a link leads nowhere: {target}"
    with tempfile.TemporaryDirectory() as folder:
        os.symlink(os.path.join(ROOT, "models"), os.path.join(folder, "models"))
        script = []
        for name, language, block in BLOCK.findall(text):
            if language == "mlir" and name:
                with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                    file.write(block)
            elif language == "mlir" and not is_quoted(block):
                yield f"not quoted from a file in models/:\n{block}"
            elif language == "sh":
                script.append(block)
        if script:
            environment = {**os.environ, "PATH": os.path.join(build, "bin") + os.pathsep + os.environ["PATH"]}
            done = subprocess.run(["bash", "-euxc", "\n".join(script)], cwd=folder, env=environment, capture_output=True, text=True, errors="replace")
            if done.returncode:
                yield f"its commands fail:\n{done.stdout}{done.stderr}"


def main(build, pages):
    problems = [f"{os.path.relpath(page, ROOT)}: {text}" for page in pages for text in page_problems(page, build)]
    print("\n".join(problems))
    print(f"{len(pages)} pages, {len(problems)} problems")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main(os.path.abspath(sys.argv[1]), [os.path.abspath(page) for page in sys.argv[2:]])
