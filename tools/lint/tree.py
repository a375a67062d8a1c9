"""The files that the lint scripts look at, and how they report what they find."""
import os
import sys
import tempfile

SKIPPED_FOLDERS = {".git", "__pycache__", "vectors", "corpus"}
SOURCE_SUFFIXES = (".cpp", ".h", ".c", ".td", ".def", ".fbs", ".py", ".sh", ".cmake", ".mlir", ".test", "CMakeLists.txt")


def files(root):
    """Paths of all files below root, relative to it, in a fixed order; build folders are left out."""
    for folder, subfolders, names in os.walk(root):
        at_top = folder == root
        subfolders[:] = sorted(name for name in subfolders
                               if name not in SKIPPED_FOLDERS and not (at_top and name.startswith("build")))
        for name in sorted(names):
            yield os.path.relpath(os.path.join(folder, name), root)


def sources(root, suffixes=SOURCE_SUFFIXES):
    return [path for path in files(root) if path.endswith(suffixes)]


def lines(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read().splitlines()


def found_in(check, planted):
    """What check reports for a tree that holds just the planted files {path: text}."""
    with tempfile.TemporaryDirectory() as root:
        for path, text in planted.items():
            os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                file.write(text)
        return check(root)


def main(check, self_test):
    """Checks the tree named on the command line (default: this one), or the script itself with --self-test."""
    if sys.argv[1:] == ["--self-test"]:
        self_test()
        print("self-test passed")
        return
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "..", "..")
    problems = check(os.path.abspath(root))
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)
