"""./dev bench registry: a registry: how soon a change is told, how many it takes a second, and what a million of them cost.

`sofa registry` on one core, the load (bench/registry_load.cc), which speaks as Java's client does, on the other. The figures of
Java's server are of version 6.6.3 on such a machine.
"""
import argparse
import fnmatch
import json
import os
import resource
import subprocess
import sys
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import BUILD, Missing, Report, Server, note, run_json  # noqa: E402

SERVER_CORE, LOAD_CORE = 0, 1
SOFA, LOAD = os.path.join(BUILD, "sofa"), os.path.join(BUILD, "bench", "registry_load")


def at_most(bound):
    return lambda value: value <= bound


TARGETS = {  # bar: (unit, met, target as text)
    "registry.push_p50_ms": ("ms", at_most(1), "<= 1"),
    "registry.push_p99_ms": ("ms", at_most(5), "<= 5"),
    "registry.storm_p99_ms": ("ms", at_most(200), "<= 200"),
    "registry.fanout_100x100_ms": ("ms", at_most(10), "<= 10"),
    "registry.fanout_10000_ms": ("ms", at_most(500), "<= 500"),
    "registry.register_per_s": ("/s", lambda value: value >= 100_000, ">= 100000"),
    "registry.million_mb": ("MB", at_most(700), "<= 700"),
    "registry.bytes_per_publisher": ("B", at_most(350), "<= 350"),
    "registry.bytes_per_subscriber": ("B", at_most(200), "<= 200"),
    "registry.start_ms": ("ms", at_most(100), "<= 100"),
    "registry.idle_mb": ("MB", at_most(15), "<= 15"),
}
MILLION, QUICK = 1_000_000, 100_000
CONNECTIONS = 1000
STARTS = 5


def registry():
    return Server([SOFA, "registry", "--bolt", "127.0.0.1:0", "--http", "127.0.0.1:0"], core=SERVER_CORE)


def load(server, mode, *arguments):
    """As Java's client: the list of servers says where."""
    with urllib.request.urlopen(f"http://{server.address}/api/servers/query", timeout=10) as answer:
        at = answer.read().decode().strip(";")
    return [LOAD, mode, at, *map(str, arguments)]


def measured(mode, *arguments):
    with registry() as server:
        return run_json(load(server, mode, *arguments), core=LOAD_CORE, deadline=400)


def starts():
    took, idle = [], []
    for _ in range(STARTS):
        with registry() as server:
            took.append(server.ready_ms)
            idle.append(server.rss_mb())
    return {"registry.start_ms": took, "registry.idle_mb": idle}


def pushes(rounds):
    def measure():
        found = [measured("push", 20, 20, 300, 60_000) for _ in range(rounds)]
        one = measured("push", 400, 40, 300, 30_000)
        note(f"all 400 of one datum, each with a connection of its own: p50 {one['p50_ms']} ms, p99 {one['p99_ms']} ms")
        return {"registry.push_p50_ms": [each["p50_ms"] for each in found], "registry.push_p99_ms": [each["p99_ms"] for each in found]}
    return measure


def storm():
    found = measured("push", 10, 1000, 20_000, 1000)
    if found["told"] < found["of"]:
        note(f"{found['told']} lists were told of {found['of']} changes: the others were merged")
    return {"registry.storm_p99_ms": [found["p99_ms"]]}


def fanout(bar, *arguments):
    return lambda: {bar: [measured("fanout", *arguments)["last_ms"]]}


def registrations(rounds):
    return lambda: {"registry.register_per_s": [measured("register", 20, 64, 300_000)["per_s"] for _ in range(rounds)]}


def held(publishers, subscribers):
    """What the server has in memory with them, in bytes."""
    with registry() as server:
        command = ["taskset", "-c", str(LOAD_CORE), *load(server, "hold", CONNECTIONS, publishers, subscribers)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            said = json.loads(process.stdout.readline() or "{}")
            if said.get("registered") != publishers + subscribers or said.get("refused"):
                raise Missing(f"not all were registered: {said}")
            found = server.rss_mb() * 1024 * 1024
            process.kill()
            return found


def memory(count, bars):
    def measure():
        none, publishers, both = held(0, 0), held(count, 0), held(count, count)
        found = {"registry.million_mb": [both / 1024 / 1024], "registry.bytes_per_publisher": [(publishers - none) / count],
                 "registry.bytes_per_subscriber": [(both - publishers) / count]}
        return {bar: found[bar] for bar in bars}
    return measure


def rows(options):
    quick = [(["registry.start_ms", "registry.idle_mb"], starts, "Java 30-52 s; 1.6 GB")]
    each = ["registry.bytes_per_publisher", "registry.bytes_per_subscriber"]
    if options.quick:
        return quick + [(each, memory(QUICK, each), f"{QUICK} of each, {CONNECTIONS} connections; Java 1.38 kB and 0.69 kB of heap")]
    return quick + [
        (["registry.push_p50_ms", "registry.push_p99_ms"], pushes(options.rounds), "400 subscribers of 20 data; Java 2 100, 2 200"),
        (["registry.storm_p99_ms"], storm, "1 000 changes/s, 1 000 data, 10 000 subscribers"),
        (["registry.fanout_100x100_ms"], fanout("registry.fanout_100x100_ms", 100, 100, 100, 5), "100 addresses to 100 x 100"),
        (["registry.fanout_10000_ms"], fanout("registry.fanout_10000_ms", 10_000, 1, 100, 3), "100 addresses to 10 000 x 1"),
        (["registry.register_per_s"], registrations(options.rounds), "20 connections, 64 under way; Java 0.8-3.3 k"),
        (["registry.million_mb", *each], memory(MILLION, ["registry.million_mb", *each]),
         f"1 M of each, {CONNECTIONS} connections; Java 1.38 kB and 0.69 kB of heap"),
    ]


def main():
    parser = argparse.ArgumentParser(prog="./dev bench registry", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="only what needs no quiet machine; about a minute")
    parser.add_argument("--json", action="store_true", help="one object a line")
    parser.add_argument("--rounds", type=int, default=3, help="of what is measured more than once (default 3)")
    parser.add_argument("--only", default="*", metavar="BAR,...", help="only these bars, as 'registry.push*'")
    parser.add_argument("--check", action="store_true", help="exit with 1 when a bar is missed or cannot be taken")
    options = parser.parse_args()
    for program in (SOFA, LOAD):
        if not os.path.exists(program):
            parser.error(f"{program} is not built: run ./dev build")
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # both ends have thousands of connections
    report = Report(TARGETS, options.json)
    for bars, measure, against in rows(options):
        wanted = [bar for bar in bars if any(fnmatch.fnmatch(bar, only) for only in options.only.split(","))]
        if wanted:
            report.take(wanted, measure, against)
    if report.missed:
        note(f"missed or not taken: {', '.join(report.missed)}")
    return 1 if options.check and report.missed else 0


if __name__ == "__main__":
    sys.exit(main())
