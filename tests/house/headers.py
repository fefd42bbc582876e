"""Every header compiles alone: cmake/HeaderCheck.cmake makes a unit of each, ninja builds what changed."""
import json
import os
import shlex
import subprocess
import tempfile
from pathlib import Path

from tree import ROOT

BUILD = ROOT / "build/asan"


def check():
    done = subprocess.run(["ninja", "-C", BUILD, "-j", str(os.cpu_count() or 1), "-k", "0", "header_check"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return []
    return [line for line in done.stdout.splitlines() if "error:" in line or line.startswith(("FAILED", "ninja: error"))]


def unit_command(source):
    """The command of one of the generated units, with another source in its place."""
    entries = json.loads((BUILD / "compile_commands.json").read_text())
    entry = next(entry for entry in entries if "/header_check/" in entry["file"])
    words = shlex.split(entry["command"])
    words[words.index("-o") + 1] = "/dev/null"
    return [str(source) if word == entry["file"] else word for word in words]


def self_test():
    with tempfile.TemporaryDirectory() as folder:
        header, unit = Path(folder, "plant.h"), Path(folder, "plant.cc")
        unit.write_text(f'#include "{header}"\n#include "{header}"\n')
        missed = []
        for name, text, good in [
            ("a header that includes what it uses", "#pragma once\n#include <vector>\nstruct A { std::vector<int> x; };\n", True),
            ("a header that does not", "#pragma once\nstruct A { std::vector<int> x; };\n", False),
            ("a header without a guard", "struct A {};\n", False),
        ]:
            header.write_text(text)
            done = subprocess.run(unit_command(unit), cwd=BUILD, stdin=subprocess.DEVNULL, capture_output=True, check=False)
            if (done.returncode == 0) != good:
                missed.append(f"{name}: exit code {done.returncode}")
        return missed
