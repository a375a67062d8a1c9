# Settings of all lit tests: which files are tests, where tools are found, what FileCheck insists on.
import os

import lit.formats

config.name = "rondo"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs", "corpus", "vectors"]
config.test_source_root = os.path.join(config.rondo_source, "test")
config.test_exec_root = os.path.join(config.rondo_build, "test")

config.environment["PATH"] = os.pathsep.join(
    [os.path.join(config.rondo_build, "bin"), config.llvm_tools, os.environ["PATH"]])
# A variable must not leak past a label; a prefix that matches nothing is a mistake.
config.environment["FILECHECK_OPTS"] = "--enable-var-scope --allow-unused-prefixes=false --dump-input-filter=error"

config.substitutions += [
    ("%models", os.path.join(config.rondo_source, "models")),
    ("%source", config.rondo_source),
    ("%python", config.python + " -B"),
]
if config.has_compiler:
    config.available_features.add("compiler")
