"""The programs that the guides show compile: a cpp block is a file when the text before it ends with its name."""
import re
import subprocess
import tempfile
from pathlib import Path

from headers import BUILD, unit_command
from tree import files, read

_FILE = re.compile(r"`([\w/]+\.(?:h|cc))`[^`]*:\s*\n+```cpp\n(.*?)^```", re.S | re.M)
_FOLDER = re.compile(r"folder `([\w/]+)`")


def programs(text):
    """{path: source} of the files in a guide."""
    folder = _FOLDER.search(text)
    return {f"{folder.group(1) if folder else '.'}/{name}": source for name, source in _FILE.findall(text)}


def complaints(text):
    with tempfile.TemporaryDirectory() as root:
        sources = programs(text)
        for path, source in sources.items():
            Path(root, path).parent.mkdir(parents=True, exist_ok=True)
            Path(root, path).write_text(source)
        found = []
        for path in (path for path in sources if path.endswith(".cc")):
            command = unit_command(Path(root, path))
            done = subprocess.run([*command, "-I", root, "-fsyntax-only"], cwd=BUILD, stdin=subprocess.DEVNULL,
                                  capture_output=True, text=True, check=False)
            found += [f"{path}: {line}" for line in done.stderr.splitlines() if "error" in line]
        return found


def check():
    guides = {path: read(path) for path in files() if path.startswith("docs/guides/")}
    found = [f"{path}: {line}" for path, text in guides.items() for line in complaints(text)]
    if not any(programs(text) for text in guides.values()):
        found.append("docs/guides: no program found in any guide")
    return found


def self_test():
    good = "A folder `x` with `a.h`:\n\n```cpp\nint a();\n```\n\nand `b.cc` beside it:\n\n```cpp\n#include \"x/a.h\"\nint b = a();\n```\n"
    missed = [f"a sound guide: {line}" for line in complaints(good)]
    if not complaints(good.replace("int b = a()", "int b = c()")):
        missed.append("a guide whose program does not compile")
    return missed
