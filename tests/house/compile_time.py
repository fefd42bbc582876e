"""No translation unit takes longer than 10 s to compile; with sanitizers, which double the compiler's work, 20 s.

Ninja's log has the wall time of each unit in the last build. A unit over the budget there is compiled again, alone and
without ccache, and judged by the compiler's CPU time, the least of up to three compiles: what else the machine does, which
slows the caches and the clock too, is not the unit's fault.
"""
import json
import resource
import shlex
import subprocess
import tempfile
from pathlib import Path

from tree import ROOT

BUDGET_SECONDS = {"release": 10.0, "asan": 20.0}
COMPILES = 3


def slow_units(log_text, budget):
    """{output: wall seconds} of the units over the budget, by the newest entry of each output."""
    newest = {}
    for line in log_text.splitlines():
        fields = line.split("\t")
        if len(fields) == 5 and fields[3].endswith((".o", ".pch", ".gch")):
            newest[fields[3]] = (int(fields[1]) - int(fields[0])) / 1000
    return {output: seconds for output, seconds in newest.items() if seconds > budget}


def output_of(command):
    words = shlex.split(command)
    return words[words.index("-o") + 1]


def compiler_command(command):
    """Without what stands before the compiler (cmake -E env ... ccache) and with the output thrown away."""
    words = shlex.split(command)
    first = next(i for i, word in enumerate(words) if Path(word).name.startswith(("clang", "g++")))
    words = words[first:]
    words[words.index("-o") + 1] = "/dev/null"
    return words


def cpu_seconds(words, folder):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(words, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def judge(command, folder, budget):
    """The least CPU seconds of a compile when they are over the budget, else None."""
    least = float("inf")
    for _ in range(COMPILES):
        least = min(least, cpu_seconds(compiler_command(command), folder))
        if least <= budget:
            return None
    return least


def check():
    found, logs = [], 0
    for build in sorted((ROOT / "build").glob("*")):
        log, commands = build / ".ninja_log", build / "compile_commands.json"
        budget = BUDGET_SECONDS.get(build.name)
        if budget is None or not log.exists():
            continue
        logs += 1
        by_output = {output_of(entry["command"]): entry for entry in json.loads(commands.read_text())}
        for output in sorted(slow_units(log.read_text(), budget)):
            entry = by_output.get(output)
            seconds = judge(entry["command"], entry["directory"], budget) if entry else None
            if seconds:
                found.append(f"{build.name}: {output} takes {seconds:.1f} s of CPU (budget {budget:.0f} s)")
    if logs == 0:
        found.append("no build has a log: ./dev test --only unit,house")
    return found


def self_test():
    missed = []
    log = "# ninja log v5\n0\t11000\t1\ta.cc.o\taa\n0\t2000\t1\tb.cc.o\tbb\n0\t12000\t1\tc.cc.o\tcc\n5\t1005\t2\tc.cc.o\tcc\n0\t99000\t1\tx.a\tdd\n"
    if set(slow_units(log, 10.0)) != {"a.cc.o"}:
        missed.append(f"the log was read wrongly: {slow_units(log, 10.0)}")
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "slow.cc")
        # Half a million calls at compile time: the better part of a second for any compiler.
        source.write_text("constexpr int f(int n) { return n == 0 ? 1 : f(n - 1) + f(n - 1); }\nstatic_assert(f(18) > 0);\n")
        command = f"ccache clang++-19 -std=c++20 -fconstexpr-steps=2147483647 -c {source} -o slow.o"
        if judge(command, folder, 0.1) is None:
            missed.append("a slow unit was not found")
        if judge(command, folder, 600.0) is not None:
            missed.append("a fast unit was found")
    return missed
