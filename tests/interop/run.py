#!/usr/bin/env python3
"""Real Java and Node peers against the C++ bank, in both directions: every row must pass its exact number of checks.

Needs the JDK, Maven and Node for the rows that use them; what is missing is skipped loudly, and fails with CI=true.
"""
import argparse
import collections
import concurrent.futures
import fnmatch
import json
import re
import shutil
import signal
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE))
import procs  # noqa: E402
import rows as table  # noqa: E402
from rows import build  # noqa: E402

SERVER_LIFE_SECONDS = 900
READY_SECONDS = 60
STOP_SECONDS = 10
_SUMMARY = re.compile(r"^(\d+) passed, (\d+) failed\s*$", re.M)


@dataclass
class Outcome:
    row: str
    result: str  # ok, FAIL or SKIP
    passed: int
    expected: int
    seconds: float
    why: str = ""


class Peers:
    """Builds each peer at most once; remembers why one is not there."""

    def __init__(self):
        self._lock = threading.Lock()
        self._known = {}

    def ready(self, name):
        with self._lock:
            if name not in self._known:
                try:
                    build.PEERS[name].ready()
                    self._known[name] = None
                except (build.Missing, build.BuildFailed) as e:
                    self._known[name] = e
            if self._known[name]:
                raise self._known[name]


class SharedServer:
    """Started when its first row needs it, started again when a row finds it dead, stopped after its last row."""

    def __init__(self, name, program, make_argv, logs, users):
        self.name = name
        self.program = program
        self._make_argv = make_argv
        self._logs = logs
        self._users = users
        self._starts = 0
        self._server = None
        self._lock = threading.Lock()

    def get(self):
        with self._lock:
            if self._server is None or self._server.process.returncode() is not None:
                self._starts += 1
                self._server = None
                self._server = procs.Server(self._make_argv, self._logs / f"server-{self.name}-{self._starts}.log",
                                            READY_SECONDS)
            return self._server

    def release(self):
        """An Outcome when this was the last user of a server that owes a clean stop, else None."""
        with self._lock:
            self._users -= 1
            if self._users or self._server is None:
                return None
            started = time.monotonic()
            dead = self._server.process.returncode()
            code = self._server.process.stop(STOP_SECONDS)
            if not self.program.clean_stop or dead is not None:
                return None  # a death is already the fault of the row that saw it
            why = "" if code == 0 else f"asked to stop, it {f'exited with {code}' if code is not None else 'did not'}"
            if why:
                why += "\n" + self._server.process.tail()
            return Outcome(f"{self.name} server stops when asked", "FAIL" if why else "ok", 0 if why else 1, 1,
                           time.monotonic() - started, why)


class Runner:
    def __init__(self, chosen, servers, clients, values, logs, peers=None):
        self._rows = chosen
        self._clients = clients
        self._values = values
        self._logs = logs
        self._peers = peers or Peers()
        self._servers = {}
        self._programs = servers
        users = collections.Counter(name for row in chosen for name in self._needed(row))
        for name, count in users.items():
            program = servers[name]
            self._servers[name] = SharedServer(name, program,
                                               lambda port, p=program: self._fill(p.argv, port, p.registry), logs, count)

    def _needed(self, row):
        """The row's server, and the registry that it is found in: in the order in which they stop."""
        return [name for name in (row.server, self._programs[row.server].registry) if name]

    def _fill(self, parts, port, registry):
        """A command line; {registry} is the port of the server of that name, which is started for it."""
        values = dict(self._values, port=port)
        if registry:
            values["registry"] = self._servers[registry].get().port
        return [part.format(**values) for part in parts]

    def run(self, jobs, report):
        outcomes = []
        lock = threading.Lock()

        def one(index_row):
            started = time.monotonic()
            index, row = index_row
            try:
                outcome = self._row(index, row)
            except build.Missing as e:
                outcome = Outcome(row.name, "FAIL" if build.in_ci() else "SKIP", 0, row.expect, 0, str(e))
            except procs.Stopping:
                return
            except (build.BuildFailed, procs.ServerFailed, OSError) as e:
                outcome = Outcome(row.name, "FAIL", 0, row.expect, 0, str(e))
            outcome.seconds = round(time.monotonic() - started, 2)
            after = [self._servers[name].release() for name in self._needed(row)]
            with lock:
                for each in filter(None, [outcome, *after]):
                    outcomes.append(each)
                    report(each)

        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            try:
                for done in [pool.submit(one, item) for item in enumerate(self._rows)]:
                    done.result()
            except BaseException:
                procs.Process.stop_all()
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        return outcomes

    def _row(self, index, row):
        client, shared = self._clients[row.client], self._servers[row.server]
        registry = shared.program.registry
        for program in [client, *(self._programs[name] for name in self._needed(row))]:
            for peer in filter(None, (program.peer, *program.more_peers)):
                self._peers.ready(peer)
            self._must_exist(program)
        server = shared.get()
        log = self._logs / f"row-{index:02}-{re.sub('[^a-z0-9.]+', '-', row.name.lower())}.log"
        process = procs.Process(self._fill(client.argv + row.args, server.port, registry), log)
        died = server.process.returncode
        code = process.wait(row.seconds, until=lambda: died() is not None)
        output, tail = process.output(), process.tail()
        process.stop(seconds=0)
        passed, why = _judge(output, code, row)
        if died() is not None:
            why = f"the server ended with {died()} during this row\n{server.process.tail()}"
        if why:
            why += "\n" + tail
        return Outcome(row.name, "FAIL" if why else "ok", passed, row.expect, 0, why)

    def _must_exist(self, program):
        if program.debian and not Path(program.debian[0]).exists():
            raise build.Missing("{} is not there (Debian package {})".format(*program.debian))
        name = program.argv[0].format(port=0, **self._values)
        if not shutil.which(name):
            raise OSError(f"{name} is not there: build it first: ninja -C build/release sofa cpp_client")


def _judge(output, code, row):
    """(checks passed, what is wrong or nothing): the count must be exact, so that a check which vanished is seen."""
    found = _SUMMARY.findall(output)
    if code is None:
        return 0, f"the client was not done within {row.seconds:.0f} s"
    if not found:
        return 0, f"the client exited with {code} and never said how many checks passed"
    passed, failed = map(int, found[-1])
    if failed:
        return passed, f"{failed} checks failed"
    if passed != row.expect:
        return passed, f"{passed} checks passed, {row.expect} expected"
    return passed, "" if code == 0 else f"the client exited with {code} though every check passed"


def summary(outcomes):
    count = {result: sum(o.result == result for o in outcomes) for result in ("ok", "FAIL", "SKIP")}
    text = f"{count['ok']} passed, {count['FAIL']} failed"
    return count, text + (f", {count['SKIP']} skipped" if count["SKIP"] else "")


def verdict(count):
    """The exit code. Nothing run proves nothing."""
    return 0 if count["ok"] and not count["FAIL"] else 1


def _report_text(outcome):
    print(f"{outcome.result:4}  {outcome.row:46} {outcome.passed:3} of {outcome.expected:3}  {outcome.seconds:5.1f} s"
          + (f"  {outcome.why}" if outcome.why else ""), flush=True)


def _report_json(outcome):
    print(json.dumps(asdict(outcome)), flush=True)


def _arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sofa", default=ROOT / "build/release/sofa", help="the sofa binary (%(default)s)")
    parser.add_argument("--cpp-client", default=ROOT / "build/release/tests/interop/cpp_client",
                        help="the C++ test client (%(default)s)")
    parser.add_argument("--drill-client", default=ROOT / "build/release/tests/drill/drill_client",
                        help="the C++ client of the rolling restart (%(default)s)")
    parser.add_argument("--control", action="store_true", help="rows of real peers only: is the harness itself sound?")
    parser.add_argument("--only", metavar="PATTERN", help="rows whose name holds this text or matches this glob")
    parser.add_argument("--list", action="store_true", help="print the rows and stop")
    parser.add_argument("--json", action="store_true", help="one object a row instead of the table")
    parser.add_argument("--jobs", type=int, default=1, help="rows at a time (%(default)s; each may be a JVM)")
    parser.add_argument("--keep-logs", action="store_true", help="keep what every process printed, and say where")
    return parser.parse_args()


def main():
    options = _arguments()
    group = "control" if options.control else "cpp"
    wanted = options.only or ""
    chosen = [row for row in table.rows() if row.group == group
              and (wanted in row.name or fnmatch.fnmatch(row.name, wanted))]
    if options.list:
        for row in chosen:
            print(f"{row.name:46} {row.expect:3} checks")
        return 0
    if not chosen:
        print(f"no row matches {wanted!r}; --list shows them", file=sys.stderr)
        return 2
    # Ctrl-C and a terminated CI job leave nothing running: both unwind Runner.run.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    logs = Path(tempfile.mkdtemp(prefix="sofa-interop-"))
    try:
        runner = Runner(chosen, table.servers(SERVER_LIFE_SECONDS), table.clients(),
                        {"root": ROOT, "sofa": options.sofa, "cpp_client": options.cpp_client,
                         "drill_client": options.drill_client}, logs)
        outcomes = runner.run(max(1, options.jobs), _report_json if options.json else _report_text)
    finally:
        if options.keep_logs:
            print(f"logs: {logs}", file=sys.stderr)
        else:
            shutil.rmtree(logs, ignore_errors=True)
    count, text = summary(outcomes)
    print(json.dumps({"passed": count["ok"], "failed": count["FAIL"], "skipped": count["SKIP"]}) if options.json else text)
    return verdict(count)


if __name__ == "__main__":
    sys.exit(main())
