"""./dev bench cluster: a reference with several providers: what it adds to a call, and what callers feel of trouble.

Ten providers, each a process that answers after a millisecond, find each other through a file; one client asks in open
loop, so that a late answer counts from when the call was due. Everything shares the machine's cores.
"""
import argparse
import fnmatch
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import observed  # noqa: E402
from harness import BUILD, ROOT, Missing, Report, Server, note, run_json  # noqa: E402


def at_most(bound):
    return lambda value: value <= bound


TARGETS = {  # bar: (unit, met, target as text)
    "cluster.added_ns": ("ns", at_most(300), "<= 300"),
    "cluster.slow_provider_p99": ("ratio", at_most(1.5), "<= 1.5"),
    "cluster.rolling_failed": ("calls", at_most(0), "0"),
    "cluster.retry_amplification": ("ratio", at_most(1.2), "<= 1.2"),
    "cluster.overload_goodput": ("ratio", lambda value: value >= 0.9, ">= 0.9"),
    "cluster.overload_p99": ("ratio", at_most(4), "<= 4"),
    "observe.cost": ("ratio", lambda value: value >= 0.95, ">= 0.95"),
    "import.ms_per_class": ("ms", at_most(1), "<= 1"),
}
PROVIDERS = 10
RATE = 2000  # calls/s in all
DELAY_US = 1000
PLACES = 8  # that an overloaded provider has for calls; a pool has so many threads by default


def program(name):
    path = os.path.join(BUILD, "bench", name)
    if not os.path.exists(path):
        raise Missing(f"{name} is not built: run ./dev build")
    return path


class Provider(Server):
    """One that others find in the file; `stop` gives how many requests it got."""

    def __init__(self, registry, delay_us=DELAY_US):
        super().__init__([program("burn_server"), "--registry", registry, "--delay-us", str(delay_us)])

    def stop(self):
        if self.process.stdout.closed:
            return 0
        self.process.send_signal(signal.SIGTERM)
        found = re.search(r"requests=(\d+)", self.process.stdout.read())
        super().stop()
        return int(found.group(1)) if found else 0


class Fleet:
    def __init__(self, delays=(DELAY_US,) * PROVIDERS):
        self.directory = tempfile.TemporaryDirectory(prefix="sofa-cluster-")
        self.registry = f"file://{self.directory.name}/services.json?interval_ms=50"
        self.providers = []
        for delay in delays:
            self.providers.append(Provider(self.registry, delay))

    def client(self, seconds, warmup, *more):
        return run_json([program("rpc_client"), "--url", self.registry, "--burn", "1", "--connections", "1", "--rate",
                         str(RATE), "--seconds", str(seconds), "--warmup", str(warmup), *more])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.requests = sum(provider.stop() for provider in self.providers)
        self.directory.cleanup()


def added():
    found = run_json([program("cluster_cost")])
    return {"cluster.added_ns": [found["added_ns"]]}


def slow_provider(rounds, seconds):
    ratios = []
    for _ in range(rounds):
        with Fleet() as fleet:
            healthy = fleet.client(seconds, 2)
        with Fleet((DELAY_US,) * (PROVIDERS - 1) + (10 * DELAY_US,)) as fleet:
            troubled = fleet.client(seconds, 12)
        note(f"p99 healthy {healthy['p99_us']} us, with a slow one {troubled['p99_us']} us")
        ratios.append(troubled["p99_us"] / healthy["p99_us"])
    return {"cluster.slow_provider_p99": ratios}


def rolling_restart():
    with Fleet() as fleet:
        answer = {}

        def ask():
            answer.update(fleet.client(2 * PROVIDERS, 1))

        asking = threading.Thread(target=ask)
        asking.start()
        time.sleep(2)
        for i in range(PROVIDERS):
            fleet.providers[i].stop()
            fleet.providers[i] = Provider(fleet.registry)
        asking.join()
        note(f"{answer['requests']} calls answered, {answer['errors']} failed, p99 {answer['p99_us']} us")
    return {"cluster.rolling_failed": [answer["errors"]]}


def all_failing(seconds):
    """Every provider answers long after the callers have given up."""
    with Fleet((2_000_000,) * PROVIDERS) as fleet:
        answer = fleet.client(seconds, 0, "--retries", "3", "--timeout-ms", "400", "--attempt-timeout-ms",
                              "100")
    asked = RATE * seconds
    note(f"{asked:.0f} calls asked, {fleet.requests} requests arrived, {answer['errors']} failed")
    return {"cluster.retry_amplification": [fleet.requests / asked]}


def overload(rounds, seconds):
    """Eight places of 10 ms, as threads of a pool whose queue sheds, and as turns under an adaptive limit; of each round
    the worse of the two. Capacity is what eight can do of calls that take as long as one alone."""
    goodputs, p99s = [], []
    for _ in range(rounds):
        worse = {"goodput": [], "p99": []}
        for kind in ("--blocking", "1"), ("--places", str(PLACES)):
            with Server([program("burn_server"), *kind, "--delay-us", "10000"]) as server:
                def ask(*load):
                    return run_json([program("rpc_client"), "--addr", server.address, "--burn", "1", "--warmup", "2",
                                     "--seconds", str(seconds), *load])
                alone = ask("--outstanding", "1", "--connections", "1")
                capacity = PLACES * 1e6 / alone["p50_us"]
                half = ask("--rate", str(int(capacity / 2)))
                over = ask("--rate", str(int(capacity * 3)))
            note(f"{kind[0][2:]}: capacity {capacity:.0f}/s; at half of it p99 {half['p99_us']:.0f} us, {half['errors']} refused; "
                 f"at three times {over['rps']}/s, p99 {over['p99_us']:.0f} us, {over['errors']} refused")
            worse["goodput"].append(over["rps"] / capacity)
            worse["p99"].append(over["p99_us"] / half["p99_us"])
        goodputs.append(min(worse["goodput"]))
        p99s.append(max(worse["p99"]))
    return {"cluster.overload_goodput": goodputs, "cluster.overload_p99": p99s}


def observe_cost(rounds, seconds):
    """A bank that is observed beside one that is not, under the same load, which has a million traces a second: metrics
    scraped each second, stat logs, and of one trace in a thousand digest lines and spans."""
    with observed.Collector() as collector, tempfile.TemporaryDirectory(prefix="sofa-observe-") as folder:
        config = observed.config(folder, collector.port)
        with observed.bank(config) as seen, observed.bank() as unseen:
            ratios = []
            for turn in range(rounds):
                off = observed.load(unseen, seconds)
                with observed.Scraper(seen):
                    on = observed.load(seen, seconds)
                ratios.append(on / off)
                note(f"round {turn + 1}/{rounds}: {off:.0f} calls/s unseen, {on:.0f} seen")
            note(observed.losses(seen))
        note(f"the collector got {collector.spans} spans")
    return {"observe.cost": ratios}


def imported(runs=15):
    """The whole program on a small jar of which it needs every class: its start counts too."""
    sofa = os.path.join(BUILD, "sofa")
    if not os.path.exists(sofa):
        raise Missing("sofa is not built: run ./dev build")
    jar = os.path.join(ROOT, "tests/golden/java/shop-facade.jar")
    figures = []
    with tempfile.TemporaryDirectory(prefix="sofa-import-") as folder:
        for _ in range(runs):
            began = time.monotonic()
            said = subprocess.run([sofa, "import", jar, "--json", "-o", os.path.join(folder, "shop.h")],
                                  stdout=subprocess.PIPE, check=True)
            figures.append((time.monotonic() - began) * 1e3 / json.loads(said.stdout)["classes"])
    return {"import.ms_per_class": figures}


def main():
    parser = argparse.ArgumentParser(prog="./dev bench cluster", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="only what needs no other processes")
    parser.add_argument("--json", action="store_true", help="one object a line")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of the slow provider (default 3)")
    parser.add_argument("--seconds", type=float, default=5, help="seconds a measurement (default 5)")
    parser.add_argument("--only", default="*", metavar="BAR,...", help="only these bars")
    parser.add_argument("--check", action="store_true", help="exit with 1 when a bar is missed or cannot be taken")
    options = parser.parse_args()
    rows = [("cluster.added_ns", added, "a remote that answers at once; ten providers, three filters"),
            ("import.ms_per_class", imported, "the start of the program included")]
    if not options.quick:
        rows += [
            ("cluster.slow_provider_p99", lambda: slow_provider(options.rounds, options.seconds), "all healthy"),
            ("cluster.rolling_failed", rolling_restart, "ten providers, one after the other"),
            ("cluster.retry_amplification", lambda: all_failing(options.seconds), "3 retries, nobody answers in time"),
            ("cluster.overload_goodput,cluster.overload_p99", lambda: overload(options.rounds, options.seconds),
             "eight places; the worse of pool and adaptive limit"),
            ("observe.cost", lambda: observe_cost(5 * options.rounds, options.seconds / 5), "not observed"),
        ]
    report = Report(TARGETS, options.json)
    for names, measure, against in rows:
        bars = names.split(",")
        if any(fnmatch.fnmatch(bar, only) for bar in bars for only in options.only.split(",")):
            report.take(bars, measure, against)
    if report.missed:
        note("missed or not taken: " + ", ".join(report.missed))
    return 1 if options.check and report.missed else 0


if __name__ == "__main__":
    sys.exit(main())
