#!/usr/bin/env python3
"""Runs everything that must hold, stage by stage; ./dev test is the way in.

  unit     ASan+UBSan build of the library and every test program, then ctest
  sim      optimised build of the simulator's tests, with assertions, then 1 000 seeds of each
  gates    release build of the binary and of what the benches run, then the gates of ctest (label `gate`)
  house    tests/house: layering, system calls, compiler health, compile time, documents, tracked text
  interop  tests/interop: real Java and Node peers
  drill    tests/drill: real processes that are killed, frozen, cut off, and lied to
  tsan     only when named: the test programs under ThreadSanitizer

A googletest program counts as its cases, any other ctest entry as one. The last line is `N passed, N failed`, with
`, N skipped` behind it when something was skipped; the exit code is 0 only when nothing failed and something passed.

  ./dev test                           the stages above but tsan, as CI does
  ./dev test --only unit -R hessian    what a change to one part needs
  ./dev test --only house              layering, documents and the like
"""
import argparse
import dataclasses
import os
import re
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
JOBS = str(os.cpu_count() or 1)
TOTALS = re.compile(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$")


@dataclasses.dataclass
class Tally:
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other):
        return Tally(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)

    def __str__(self):
        text = f"{self.passed} passed, {self.failed} failed"
        return text + (f", {self.skipped} skipped" if self.skipped else "")


def say(text):
    print(text, flush=True)


def run(*command, **more):
    return subprocess.run([str(part) for part in command], cwd=ROOT, stdin=subprocess.DEVNULL, check=False, **more).returncode


def compile_preset(preset, *targets):
    folder = ROOT / "build" / preset
    if not (folder / "build.ninja").exists() and run("cmake", "--preset", preset) != 0:
        return False
    return run("ninja", "-C", folder, "-j", JOBS, *targets) == 0


def googletest_cases(report, failed_program):
    """The Tally of one googletest report; a program that failed outside its cases (a leak at exit) is one more failure."""
    suites = ElementTree.parse(report).getroot()
    tally = Tally()
    for case in suites.iter("testcase"):
        if case.get("status") == "notrun":
            continue
        if case.find("failure") is not None:
            tally.failed += 1
            say(f"   failed: {case.get('classname')}.{case.get('name')}")
        elif case.find("skipped") is not None:
            tally.skipped += 1
            say(f"   skipped: {case.get('classname')}.{case.get('name')}")
        else:
            tally.passed += 1
    if failed_program and tally.failed == 0:
        tally.failed = 1
    return tally


def ctest(preset, *arguments, **variables):
    reports = ROOT / "build" / preset / "reports"
    shutil.rmtree(reports, ignore_errors=True)
    reports.mkdir(parents=True)
    junit = reports / "ctest.junit"
    environment = dict(os.environ, GTEST_OUTPUT=f"xml:{reports}/", GTEST_BRIEF="1", **variables)
    code = run("ctest", "--test-dir", ROOT / "build" / preset, "-j", JOBS, "--output-on-failure", "--output-junit", junit,
               *arguments, env=environment)
    tally = Tally()
    entries = list(ElementTree.parse(junit).getroot().iter("testcase")) if junit.exists() else []
    for entry in entries:
        failed = entry.get("status") == "fail"
        report = reports / f"{entry.get('name')}_test.xml"
        if report.exists():
            tally += googletest_cases(report, failed)
        elif entry.get("status") in ("notrun", "disabled"):
            tally.skipped += 1
        else:
            tally += Tally(failed=1) if failed else Tally(passed=1)
    if code != 0 and tally.failed == 0:
        tally.failed = 1
    return tally


def counting_script(script):
    """Runs a script of ours that prints its own `N passed, N failed` line, and takes its counts from there."""
    process = subprocess.Popen([sys.executable, "-u", str(script)], cwd=ROOT, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, text=True, errors="replace")
    tally = None
    for line in process.stdout:
        match = TOTALS.match(line.strip())
        if match:
            tally = Tally(*(int(group or 0) for group in match.groups()))
        else:
            say("   " + line.rstrip())
    code = process.wait()
    if tally is None or (code != 0 and tally.failed == 0):
        say(f"   {script.name} ended with code {code} and {'no totals' if tally is None else str(tally)}")
        tally = (tally or Tally()) + Tally(failed=1)
    return tally


def test_programs(preset, options):
    if not compile_preset(preset):
        return Tally(failed=1)
    return ctest(preset, *(["-R", options.regex] if options.regex else []))


def stage_unit(options):
    return test_programs("asan", options)


def stage_sim(options):
    if not compile_preset("sim", "sim_tests"):
        return Tally(failed=1)
    started = time.monotonic()
    tally = ctest("sim", "-L", "^sim$", SOFA_SIM_SEEDS=str(options.seeds))
    for report in sorted((ROOT / "build/sim/reports").glob("*.xml")):
        for summary in ElementTree.parse(report).getroot().iterfind(".//property[@name='summary']"):
            say(f"   {report.stem}: {summary.get('value')}")
    say(f"   together in {time.monotonic() - started:.0f} s on {JOBS} cores")
    return tally


def stage_gates(_options):
    if not compile_preset("release", "sofa", "gates"):
        return Tally(failed=1)
    return ctest("release", "-L", "gate")


def stage_house(_options):
    return counting_script(ROOT / "tests/house/run.py")


def stage_interop(_options):
    if not compile_preset("release", "sofa", "bank_modules", "cpp_client", "drill_client"):
        return Tally(failed=1)
    return counting_script(ROOT / "tests/interop/run.py")


def stage_drill(_options):
    if not compile_preset("release", "sofa", "drill_client"):
        return Tally(failed=1)
    return counting_script(ROOT / "tests/drill/run.py")


def stage_tsan(options):
    return test_programs("tsan", options)


STAGES = {"unit": stage_unit, "sim": stage_sim, "gates": stage_gates, "house": stage_house, "interop": stage_interop,
          "drill": stage_drill, "tsan": stage_tsan}
DEFAULT = ["unit", "sim", "gates", "house", "interop", "drill"]


def main():
    parser = argparse.ArgumentParser(prog="./dev test", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", default=",".join(DEFAULT), help="stages to run, comma between them")
    parser.add_argument("--seeds", type=int, default=1000, help="of each test of the simulator in stage sim (%(default)s)")
    parser.add_argument("-R", dest="regex", help="only ctest entries of unit and tsan that match")
    options = parser.parse_args()
    chosen = options.only.split(",")
    unknown = [name for name in chosen if name not in STAGES]
    if unknown:
        parser.error(f"no stage {', '.join(unknown)}; there are {', '.join(STAGES)}")

    total, summary = Tally(), []
    for number, name in enumerate(chosen, 1):
        say(f"\n== [{number}/{len(chosen)}] {name}")
        started = time.monotonic()
        tally = STAGES[name](options)
        seconds = time.monotonic() - started
        say(f"== [{number}/{len(chosen)}] {name}: {tally} in {seconds:.0f} s")
        summary.append(f"   {name:8} {seconds:6.0f} s   {tally}")
        total += tally
    say("\n== summary\n" + "\n".join(summary))
    say(f"{total}")
    return 0 if total.failed == 0 and total.passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
