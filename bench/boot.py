"""./dev bench boot: modules: what a call between them costs, how fast and how large they are, and what an exchange is felt of.

All of ours is one process (bench/boot/module_cost.cc) that loads small modules for real. What SOFABoot and SOFAArk take for the
same (tests/peers/boot, built here when it is not there yet) is said beside it, from the same run.
"""
import argparse
import contextlib
import fnmatch
import functools
import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import BUILD, ROOT, Missing, Report, Server, attempt, median, note, run_json, spread  # noqa: E402
sys.path.insert(0, os.path.join(ROOT, "tests", "peers"))
import build  # noqa: E402


def at_most(bound):
    return lambda value: value <= bound


TARGETS = {  # bar: (unit, met, target as text)
    "boot.call_ns_1": ("ns", at_most(15), "<= 15"),
    "boot.call_ns_2": ("ns", at_most(20), "<= 20"),
    "boot.load_us": ("us", at_most(300), "<= 300"),
    "boot.module_kb": ("KB", at_most(64), "<= 64"),
    "boot.parallel": ("ratio", at_most(1.2), "<= 1.2"),
    "boot.ready_ms": ("ms", at_most(50), "<= 50"),
    "boot.process_us": ("us", at_most(12), "<= 12"),
    "boot.switch_failed": ("calls", at_most(0), "0"),
    "boot.switch_growth_kb": ("KB", at_most(0), "0"),
    "boot.switch_gap_us": ("us", at_most(1000), "<= 1000"),
}
MODULES = 500
SWITCHES, QUICK_SWITCHES = 10_000, 2_000
STARTS = 5
SOFABOOT, ARK = "SOFABoot 3.18.0", "SOFAArk 2.2.9"
JVM_ROUNDS, BIZ, JVM_SWITCHES = 3, 20, 1_000


def module_cost(*arguments, core=None, deadline=600):
    path = os.path.join(BUILD, "bench", "module_cost")
    if not os.path.exists(path):
        raise Missing("module_cost is not built: run ./dev build")
    return run_json([path, *map(str, arguments)], core, deadline)


def calls(rounds):
    def measure():
        found = {"boot.call_ns_1": [], "boot.call_ns_2": []}
        for _ in range(rounds):  # interleaved
            for threads, bar in ((1, "boot.call_ns_1"), (2, "boot.call_ns_2")):
                found[bar].append(module_cost("call", threads)["ns"])
        return found
    return measure


def loads(rounds):
    return lambda: {"boot.load_us": [module_cost("load", 300)["all_p50_us"] for _ in range(rounds)]}


def memory():
    return {"boot.module_kb": [module_cost("memory", MODULES)["bytes"] / 1024]}


def parallel():
    return {"boot.parallel": [module_cost("parallel", 200)["ratio"]]}


def ready():
    starts = []
    for _ in range(STARTS):
        with Server([os.path.join(BUILD, "sofa"), "serve", os.path.join(ROOT, "examples/bank/bank-modules.yaml"),
                     "--listen", "bolt://127.0.0.1:0", "--ctl", f"/tmp/sofa-bench-{os.getpid()}.sock", "--quiet"]) as bank:
            starts.append(bank.ready_ms)
    return {"boot.ready_ms": starts}


def process(rounds):
    """On one core: between two, what waking the other one takes is the machine's, and may be ten times the rest."""
    calls_each_round = 20_000

    def measure():
        found = {(mode, core): [] for mode in ("process", "pair") for core in (0, None)}
        for _ in range(rounds):  # interleaved
            for mode, core in found:
                found[mode, core].append(module_cost(mode, calls_each_round, core=core)["p50_us"])
        of = {case: median(values) for case, values in found.items()}
        note(f"two plain processes with epoll: {of['pair', 0]:.1f} us; on two cores {of['process', None]:.1f} us, they "
             f"{of['pair', None]:.1f} us")
        return {"boot.process_us": found["process", 0]}
    return measure


def switches(count):
    def measure():
        found = module_cost("switch", count)
        note(f"{count} exchanges under {found['calls']} calls")
        return {"boot.switch_failed": [found["wrong"]], "boot.switch_growth_kb": [max(0, found["growth_kb"])],
                "boot.switch_gap_us": [found["gap_p99_us"]]}
    return measure


@functools.cache
def peer():
    """The peer's jar; or None, and why it cannot be had."""
    try:
        return str(build.PEERS["sofaboot-3.18.0"].ready() / build.JAR), None
    except (build.Missing, build.BuildFailed) as error:
        said = re.search(r"\[ERROR\] (.*)", str(error))  # Maven's first line tells what it could not have
        return None, said.group(1)[:400] if said else str(error)


@contextlib.contextmanager
def jvm(*arguments):
    """The command of the peer, with a folder for all that it writes."""
    jar, why = peer()
    if why:
        raise Missing(why)
    with tempfile.TemporaryDirectory() as folder:
        yield ["java", "-Xms256m", "-Xmx1g", f"-Djava.io.tmpdir={folder}", "-jar", jar, *map(str, arguments)]


def jvm_cost(*arguments):
    with jvm(*arguments) as command:
        return run_json(command)


def jvm_calls():
    found = {"boot.call_ns_1": [], "boot.call_ns_2": []}
    for _ in range(JVM_ROUNDS):
        for threads, bar in ((1, "boot.call_ns_1"), (2, "boot.call_ns_2")):
            found[bar].append(jvm_cost("call", threads)["ns"])
    return found


def jvm_installs():
    found = [jvm_cost("install", BIZ) for _ in range(JVM_ROUNDS)]
    return {"boot.load_us": [one["p50_us"] for one in found], "boot.module_kb": [one["bytes"] / 1024 for one in found]}


def jvm_ready():
    starts = []
    for _ in range(STARTS):
        with jvm("ready") as command, Server(command) as application:
            starts.append(application.ready_ms)
    return {"boot.ready_ms": starts}


def jvm_switches():
    found = jvm_cost("switch", JVM_SWITCHES)
    note(f"{JVM_SWITCHES} exchanges in Ark under {found['calls']} calls")
    return {"boot.switch_failed": [found["failed"]], "boot.switch_gap_us": [found["gap_p99_us"]]}


JVM = {  # bar: what takes the same on the JVM, and how
    "boot.call_ns_1": (SOFABOOT, jvm_calls),
    "boot.call_ns_2": (SOFABOOT, jvm_calls),
    "boot.load_us": (f"a biz in {ARK}", jvm_installs),
    "boot.module_kb": (f"a biz in {ARK}", jvm_installs),
    "boot.ready_ms": (f"one service in {SOFABOOT}", jvm_ready),
    "boot.switch_failed": (f"{JVM_SWITCHES} in {ARK}", jvm_switches),
    "boot.switch_gap_us": (f"{JVM_SWITCHES} in {ARK}", jvm_switches),
}


attempt_once = functools.cache(attempt)  # what measures several bars runs once


def beside(bars):
    """By bar, what the JVM takes, as text; or why that is not known, which is no fault of our own row."""
    said = {}
    for bar in filter(JVM.get, bars):
        name, measure = JVM[bar]
        found, why = attempt_once(measure)
        said[bar] = f"{name} not taken: {why}"
        if bar in found:
            said[bar] = f"{name} {round(median(found[bar]), 1):g} ± {round(spread(found[bar]), 1):g} {TARGETS[bar][0]}"
    return said


def rows(options):
    count = QUICK_SWITCHES if options.quick else SWITCHES
    quick = [
        (["boot.module_kb"], memory, f"{MODULES} modules; Koupleless 20 MB"),
        (["boot.ready_ms"], ready, "the bank as three modules"),
        (["boot.switch_failed", "boot.switch_growth_kb", "boot.switch_gap_us"][:2 if options.quick else 3],
         switches(count), f"{count} exchanges, 2 threads calling"),
    ]
    full = [
        (["boot.call_ns_1", "boot.call_ns_2"], calls(options.rounds), "threads on as many cores"),
        (["boot.load_us"], loads(options.rounds), "load, create and start; Koupleless 1-10 s"),
        (["boot.process_us"], process(options.rounds), "128 bytes, a call at a time, p50, on one core"),
        (["boot.parallel"], parallel, "200 modules, a random graph"),
    ]
    return quick if options.quick else quick + full


def main():
    parser = argparse.ArgumentParser(prog="./dev bench boot", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="only what needs no quiet machine and no peer; under 50 s")
    parser.add_argument("--json", action="store_true", help="one object a line")
    parser.add_argument("--rounds", type=int, default=9, help="interleaved rounds (default 9)")
    parser.add_argument("--only", default="*", metavar="BAR,...", help="only these bars, as boot.load_us or '*switch*'")
    parser.add_argument("--check", action="store_true", help="exit with 1 when a bar is missed or cannot be taken")
    options = parser.parse_args()

    def wanted(bars):
        return [bar for bar in bars if any(fnmatch.fnmatch(bar, only) for only in options.only.split(","))]

    report = Report(TARGETS, options.json)
    for bars, measure, against in rows(options):
        if wanted(bars):
            report.take(wanted(bars), measure, against, {} if options.quick else beside(wanted(bars)))
    if report.missed:
        note("missed or not taken: " + ", ".join(report.missed))
    return 1 if options.check and report.missed else 0


if __name__ == "__main__":
    sys.exit(main())
