"""./dev bench rpc: the call, beside a raw epoll floor and beside Java, in the same run.

Servers are pinned to core 0, load to core 1. `lean` is a load generator that replays pre-encoded frames with the ids
patched, the same for every server, so that its cost is the same too. Rounds are interleaved; a ratio is the median of the
rounds' own ratios.
"""
import argparse
import fnmatch
import glob
import json
import os
import re
import resource
import shlex
import shutil
import socket
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import BUILD, ROOT, Missing, Report, Server, note, run, run_json  # noqa: E402


def at_most(bound):
    return lambda value: value <= bound


def at_least(bound):
    return lambda value: value >= bound


TARGETS = {  # bar: (unit, met, target as text)
    "rpc.server_cpu_over_floor_us": ("us", at_most(1.0), "<= 1.0"),
    "rpc.server_cpu_vs_java": ("ratio", at_most(1 / 25), "<= 0.04"),
    "rpc.client_cpu_vs_java": ("ratio", at_most(1 / 25), "<= 0.04"),
    "rpc.e2e_vs_floor": ("ratio", at_least(0.5), ">= 0.5"),
    "rpc.vs_java": ("ratio", at_least(25), ">= 25"),
    "rpc.p99_half_vs_java": ("ratio", at_most(0.2), "<= 0.2"),
    "rpc.pingpong_over_floor_us": ("us", at_most(10), "<= 10"),
    "rpc.blocking_vs_java": ("ratio", at_least(10), ">= 10"),
    "rpc.shards_2_vs_1": ("ratio", at_least(1.8), ">= 1.8"),
    "io.echo_vs_floor": ("ratio", at_least(0.9), ">= 0.9"),
    "io.timer_warm_ns": ("ns", at_most(50), "<= 50"),
    "io.timer_random_ns": ("ns", at_most(250), "<= 250"),
    "io.idle_bytes": ("bytes", at_most(512), "<= 512"),
    "rpc.allocs": ("allocations/request", at_most(0), "0"),
    "rpc.syscalls": ("calls/request", at_most(0.5), "<= 0.5"),
    "rpc.server_instr": ("instructions", at_most(4000), "<= 4000"),
    "rpc.client_instr": ("instructions", at_most(4000), "<= 4000"),
    "rpc.route_instr": ("instructions", at_most(600), "<= 600"),
    "rpc.context_ns": ("ns", at_most(5), "<= 5"),
    "sdk.unit_s": ("s", at_most(2), "<= 2"),
    "bank.idle_mb": ("MB", at_most(12), "<= 12"),
    "bank.load_mb": ("MB", at_most(40), "<= 40"),
    "bank.start_ms": ("ms", at_most(50), "<= 50"),
}

SERVER_CORE, LOAD_CORE = 0, 1
CONNECTIONS, IN_FLIGHT = 8, 64
REQUEST = os.path.join(ROOT, "bench", "frames", "echo-100-request.bin")  # a Java client's echo of 100 bytes
ANSWER = os.path.join(ROOT, "bench", "frames", "echo-100-answer.bin")


def program(name):
    path = os.path.join(BUILD, "bench", name)
    if not os.path.exists(path):
        raise Missing(f"{name} is not built: run ./dev build")
    return path


def sofa():
    return os.path.join(BUILD, "sofa")


def our_server(shards=1, core=SERVER_CORE):
    return Server([sofa(), "serve", os.path.join(ROOT, "examples/bank/bank.yaml"), "--listen", "bolt://127.0.0.1:0",
                   "--shards", str(shards), "--quiet"], core)


def floor_server():
    return Server([program("floor"), "--port", "0", "--answer", ANSWER], SERVER_CORE)


def java(*arguments):
    found = sorted(glob.glob(os.path.join(os.environ.get("SOFA_CACHE", os.path.expanduser("~/.cache/sofa")), "peers",
                                          "java-5.13.2*", "sofa-peers-1.0.jar")), key=os.path.getmtime)
    if not shutil.which("java") or not found:
        raise Missing("the Java peer is not built here: run tests/peers/build.py (needs a JDK and Maven)")
    return ["java", "-Xms256m", "-Xmx1g", "-jar", found[-1], *arguments]


def free_port():
    import socket
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def java_server():
    return Server(java("server", "--port", str(free_port())), SERVER_CORE)


def lean(server, seconds, connections=CONNECTIONS, in_flight=IN_FLIGHT, rate=0, warmup=1):
    """One closed- or open-loop load; with the server's CPU a request (seconds per million: microseconds)."""
    found = run_json([program("lean_client"), "--addr", server.address, "--frame", REQUEST, "--connections",
                      str(connections), "--outstanding", str(in_flight // connections), "--seconds", str(seconds),
                      "--rate", str(rate), "--warmup", str(warmup), "--pid", str(server.pid)], LOAD_CORE)
    if found["errors"]:
        raise Missing(f"{found['errors']} wrong answers from {server.address}")
    return found


def our_client(server, seconds, *more, core=LOAD_CORE):
    found = run_json([program("rpc_client"), "--addr", server.address, "--seconds", str(seconds), *more], core)
    if found["errors"] or not found["requests"]:
        raise Missing(f"{found['errors']} failed calls to {server.address}, {found['requests']} answered")
    return found


def java_client(server, seconds, warmup, *more):
    return run_json(java("bench", "--addr", server.address, "--payload", "100", "--seconds", str(seconds), "--warmup",
                         str(warmup), *more), LOAD_CORE, deadline=seconds + warmup + 60)


class Bench:
    def __init__(self, rounds, seconds, warmup):
        self.rounds, self.seconds, self.warmup = rounds, seconds, warmup

    def server_side(self):
        """Floor, ours and Java under the same lean load, in turn."""
        with floor_server() as floor, our_server() as ours, java_server() as peer:
            note(f"warming the Java server for {self.warmup} s")
            lean(peer, self.warmup)
            over, ratio = [], []
            for turn in range(self.rounds):
                cost = {name: lean(server, self.seconds)["server_cpu_s_per_million"]
                        for name, server in (("floor", floor), ("ours", ours), ("java", peer))}
                note(f"round {turn + 1}/{self.rounds}: " + ", ".join(f"{k} {v:.2f} us" for k, v in cost.items()))
                over.append(cost["ours"] - cost["floor"])
                ratio.append(cost["ours"] / cost["java"])
            return {"rpc.server_cpu_over_floor_us": over, "rpc.server_cpu_vs_java": ratio}

    def client_side(self):
        """Our client and Java's, both on our server."""
        with our_server() as ours:
            ratio = []
            for turn in range(self.rounds):
                mine = our_client(ours, self.seconds)["client_cpu_s_per_million"]
                theirs = java_client(ours, self.seconds, self.warmup)["client_cpu_s_per_million"]
                note(f"round {turn + 1}/{self.rounds}: ours {mine:.2f} us, Java {theirs:.1f} us")
                ratio.append(mine / theirs)
            return {"rpc.client_cpu_vs_java": ratio}

    def against_floor(self):
        with floor_server() as floor, our_server() as ours, Server([program("io_echo"), "--port", "0", "--answer", ANSWER],
                                                                  SERVER_CORE) as echo:
            e2e, io, pingpong = [], [], []
            for turn in range(self.rounds):
                base = lean(floor, self.seconds)["rps"]
                e2e.append(our_client(ours, self.seconds)["rps"] / base)
                io.append(lean(echo, self.seconds)["rps"] / lean(floor, self.seconds)["rps"])
                single = our_client(ours, self.seconds, "--connections", "1", "--outstanding", "1")["p50_us"]
                pingpong.append(single - lean(floor, self.seconds, 1, 1)["p50_us"])
                note(f"round {turn + 1}/{self.rounds}: e2e {e2e[-1]:.2f}, io {io[-1]:.2f}, one call +{pingpong[-1]:.1f} us")
            return {"rpc.e2e_vs_floor": e2e, "io.echo_vs_floor": io, "rpc.pingpong_over_floor_us": pingpong}

    def pair_with_java(self):
        with our_server() as ours, java_server() as peer:
            note(f"warming Java against Java for {self.warmup} s")
            java_client(peer, 1, self.warmup)
            rate, p99, blocking = [], [], []
            for turn in range(self.rounds):
                mine = our_client(ours, self.seconds)["rps"]
                theirs = java_client(peer, self.seconds, self.warmup)["rps"]
                rate.append(mine / theirs)
                half_mine = our_client(ours, self.seconds, "--rate", str(int(mine / 2)))["p99_us"]
                half_theirs = java_client(peer, self.seconds, self.warmup, "--rate", str(int(theirs / 2)))["p99_us"]
                p99.append(half_mine / half_theirs)
                threads = our_client(ours, self.seconds, "--blocking", "16")["rps"]
                sync = java_client(peer, self.seconds, self.warmup, "--style", "sync", "--concurrency", "16")["rps"]
                blocking.append(threads / sync)
                note(f"round {turn + 1}/{self.rounds}: {mine:.0f} to {theirs:.0f} calls/s; p99 {half_mine:.0f} to "
                     f"{half_theirs:.0f} us; blocking {threads:.0f} to {sync:.0f}")
            return {"rpc.vs_java": rate, "rpc.p99_half_vs_java": p99, "rpc.blocking_vs_java": blocking}

    def shards(self):
        """A handler that computes for some hundred microseconds, on one shard and on two, free to use both cores."""
        ratio = []
        for turn in range(self.rounds):
            rates = []
            for shards in (1, 2):
                with Server([program("burn_server"), "--shards", str(shards)]) as server:
                    found = our_client(server, self.seconds, "--burn", "1000000", core=None)
                    rates.append(found["rps"])
                    load = found["client_cpu_s_per_million"] * found["rps"] / 1e6
            ratio.append(rates[1] / rates[0])
            note(f"round {turn + 1}/{self.rounds}: two shards over one {ratio[-1]:.2f}; the load generator took "
                 f"{load:.3f} of a core")
        return {"rpc.shards_2_vs_1": ratio}

    def load_memory(self):
        with our_server() as ours:
            lean(ours, self.seconds)
            return {"bank.load_mb": [ours.rss_mb()]}


# What is deterministic, or needs no quiet machine and no peer: the rows of --quick.

def instructions(mode):
    """User instructions a request: the difference of two lengths of run, so that set-up does not count."""
    counts = []
    lengths = (2000, 6000)
    for requests in lengths:
        with tempfile.TemporaryDirectory() as folder:
            out = os.path.join(folder, "callgrind.out")
            run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", program("gate_rpc"), mode, str(requests)])
            with open(out) as text:
                counts.append(int(re.search(r"^(?:summary|totals): (\d+)", text.read(), re.M).group(1)))
    return (counts[1] - counts[0]) / (lengths[1] - lengths[0])


def instructions_of(mode):
    def measure():
        if not shutil.which("valgrind"):
            raise Missing("valgrind is not installed")
        return {f"rpc.{mode}_instr": [instructions(mode)]}
    return measure


def gate_allocations():
    """What io and rpc allocate: the service's own argument is read in place. (A service that takes a std::string of
    100 bytes by value makes one allocation for it, which is its own.)"""
    found = json.loads(run([program("gate_rpc"), "allocs", "20000"]))
    return {"rpc.allocs": [max(found["allocations_per_request"], found["observed"])]}


def system_calls():
    """System calls of the server a request, counted by the kernel's tracer while the lean client loads it."""
    if not shutil.which("strace"):
        raise Missing("strace is not installed")
    with our_server() as ours, tempfile.NamedTemporaryFile("r") as table:
        lean(ours, 0.5)
        tracer = subprocess.Popen(["strace", "-f", "-c", "-o", table.name, "-p", str(ours.pid)],
                                  stderr=subprocess.PIPE, text=True)
        said = tracer.stderr.readline()
        if "attached" not in said:
            tracer.wait(10)
            raise Missing(f"strace cannot attach to the server: {said.strip()}")
        found = lean(ours, 2, warmup=0)  # all that is traced is counted
        tracer.send_signal(signal.SIGINT)
        tracer.wait(10)
        tracer.stderr.close()
        total = re.search(r"^100\.00\s.*?\s(\d+)\s+(?:\d+\s+)?total$", table.read(), re.M)
        return {"rpc.syscalls": [int(total.group(1)) / found["requests"]]}


def micro(bars):
    """Figures of google benchmark programs, as nanoseconds a run."""
    found = json.loads(run([os.path.join(BUILD, "parts/io/io_bench"), "--benchmark_format=json",
                            "--benchmark_min_time=0.1", "--benchmark_repetitions=3",
                            "--benchmark_filter=" + "|".join(bars.values())], LOAD_CORE))
    figures = {bar: [] for bar in bars}
    for entry in found["benchmarks"]:
        for bar, name in bars.items():
            if entry["run_type"] == "iteration" and entry["name"].startswith(name):
                figures[bar].append(entry["cpu_time"])
    return {bar: values for bar, values in figures.items() if values}


def timers():
    return micro({"io.timer_warm_ns": "BM_TimerWarm", "io.timer_random_ns": "BM_TimerRandomCancel"})


def context():
    return micro({"rpc.context_ns": "BM_ContextReadAndPass"})


def idle_bytes():
    """The bank's memory a connection that has made a call and fallen silent: from 5 000 to 15 000 of them, so that what the
    process has once does not count."""
    counts = (5000, 15000)
    soft, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most < counts[1] + 1000:
        raise Missing(f"this machine lets a process open only {most} files (ulimit -Hn)")
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with open(REQUEST, "rb") as file:
        request = file.read()
    sockets, sizes = [], []
    try:
        with our_server(core=None) as ours:
            for count in counts:
                while len(sockets) < count:
                    sockets.append(socket.create_connection(("127.0.0.1", ours.port), timeout=10))
                    sockets[-1].sendall(request)
                    sockets[-1].recv(4096)
                sizes.append(ours.anonymous_bytes())
            return {"io.idle_bytes": [(sizes[1] - sizes[0]) / (counts[1] - counts[0])]}
    finally:
        for each in sockets:
            each.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, most))


def sdk_unit():
    """A unit that includes all of the SDK, compiled as the release is, without cache or precompiled header."""
    with open(os.path.join(BUILD, "compile_commands.json")) as commands:
        entry = next((e for e in json.load(commands) if e["file"].endswith("bench/sdk_unit.cc")), None)
    if entry is None:
        raise Missing("bench/sdk_unit.cc is not part of the build")
    words = shlex.split(entry["command"])
    compiler = next(i for i, word in enumerate(words) if "clang++" in os.path.basename(word))
    words[words.index("-o") + 1] = os.devnull
    times = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        run(words[compiler:], cwd=entry["directory"])
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return {"sdk.unit_s": times}


def bank_at_rest():
    starts, sizes = [], []
    for _ in range(5):
        with our_server(core=None) as ours:
            starts.append(ours.ready_ms)
            sizes.append(ours.rss_mb())
    return {"bank.start_ms": starts, "bank.idle_mb": sizes}


QUICK = [  # bars that are measured together, how, against what
    (["rpc.allocs"], gate_allocations, "100 B echo; brpc 14"),
    (["rpc.server_instr"], instructions_of("server"), "callgrind, 100 B echo"),
    (["rpc.client_instr"], instructions_of("client"), "callgrind, 100 B echo"),
    (["rpc.route_instr"], instructions_of("route"), "callgrind; raw epoll 56"),
    (["rpc.syscalls"], system_calls, "strace, 64 in flight on 8 connections"),
    (["io.timer_warm_ns", "io.timer_random_ns"], timers, "1 M other timers; Asio 990"),
    (["rpc.context_ns"], context, ""),
    (["io.idle_bytes"], idle_bytes, "15 000 connections to the bank, a call each"),
    (["bank.start_ms", "bank.idle_mb"], bank_at_rest, "sofa serve; Java 217 MB, 2-3 s"),
    (["sdk.unit_s"], sdk_unit, "clang 19 -O2; an Asio unit 6.2"),
]


def full(bench):
    return [
        (["bank.load_mb"], bench.load_memory, "64 in flight"),
        (["rpc.e2e_vs_floor", "io.echo_vs_floor", "rpc.pingpong_over_floor_us"], bench.against_floor, "raw epoll echo"),
        (["rpc.shards_2_vs_1"], bench.shards, "a handler that computes"),
        (["rpc.server_cpu_over_floor_us", "rpc.server_cpu_vs_java"], bench.server_side, "floor, SOFARPC 5.13.2"),
        (["rpc.client_cpu_vs_java"], bench.client_side, "SOFARPC 5.13.2's client on our server"),
        (["rpc.vs_java", "rpc.p99_half_vs_java", "rpc.blocking_vs_java"], bench.pair_with_java, "SOFARPC 5.13.2"),
    ]


def main():
    parser = argparse.ArgumentParser(prog="./dev bench rpc", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="only what needs no quiet machine and no peer; under 50 s")
    parser.add_argument("--json", action="store_true", help="one object a line")
    parser.add_argument("--rounds", type=int, default=9, help="interleaved rounds a ratio (default 9)")
    parser.add_argument("--seconds", type=float, default=3, help="seconds a measurement (default 3)")
    parser.add_argument("--warmup", type=int, default=20, help="seconds that Java warms up (default 20)")
    parser.add_argument("--only", default="*", metavar="BAR,...", help="only these bars, as rpc.allocs or 'io.*'")
    parser.add_argument("--check", action="store_true", help="exit with 1 when a bar is missed or cannot be taken")
    options = parser.parse_args()

    def wanted(bars):
        return [bar for bar in bars if any(fnmatch.fnmatch(bar, only) for only in options.only.split(","))]

    report = Report(TARGETS, options.json)
    bench = Bench(options.rounds, options.seconds, options.warmup)
    for bars, measure, against in QUICK if options.quick else QUICK + full(bench):
        if wanted(bars):
            report.take(wanted(bars), measure, against)
    if report.missed:
        note("missed or not taken: " + ", ".join(report.missed))
    return 1 if options.check and report.missed else 0


if __name__ == "__main__":
    sys.exit(main())
