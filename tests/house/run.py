#!/usr/bin/env python3
"""Runs the house checks: rules that hold the code to its shape.

Each check is a module here with
  check()      the violations it finds in this tree, as a list of lines
  self_test()  plants the violation and asserts that it is found: a checker that never failed proves nothing
Without arguments all run; with names, only those. Prints a row each and `N passed, N failed`.
"""
import importlib
import sys
import time
import traceback
from pathlib import Path

CHECKS = ["layering", "formatting", "documents", "tracked_text", "packages", "headers", "system_calls", "compile_time",
          "compiler_health", "sdk"]


def row(label, action):
    started = time.monotonic()
    try:
        violations = action() or []
    except Exception:  # a check that breaks is a check that failed
        violations = traceback.format_exc().splitlines()
    print(f"{'FAIL' if violations else 'ok  '} {label} ({time.monotonic() - started:.1f} s)", flush=True)
    for line in violations[:50]:
        print(f"       {line}", flush=True)
    return not violations


def main():
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    names = sys.argv[1:] or CHECKS
    results = []
    for name in names:
        module = importlib.import_module(name)
        results.append(row(name, module.check))
        results.append(row(f"{name}: finds a planted violation", module.self_test))
    failed = results.count(False)
    print(f"{len(results) - failed} passed, {failed} failed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
