"""Every C++ file is as clang-format 19 writes it (./dev format)."""
import re
import subprocess
import tempfile
from pathlib import Path

from tree import ROOT, files


def misformatted(paths):
    done = subprocess.run(["clang-format-19", "--dry-run", *paths], cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, check=False)
    return sorted(set(re.findall(r"^([^\s:]+):\d+:\d+: ", done.stderr, re.MULTILINE)))


def check():
    return [f"{path}: run ./dev format" for path in misformatted([path for path in files() if path.endswith((".h", ".cc"))])]


def self_test():
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, ".clang-format").write_text((ROOT / ".clang-format").read_text())
        wrong, right = Path(folder, "wrong.cc"), Path(folder, "right.cc")
        wrong.write_text("int  main( ){return 0;}\n")
        right.write_text("int main() {\n  return 0;\n}\n")
        found = misformatted([wrong, right])
        return [] if found == [str(wrong)] else [f"found {found}, planted {wrong}"]
