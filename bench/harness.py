"""What the benchmarks share: processes pinned to cores, rows, interleaved rounds, and how a figure is printed.

A ratio is the median of the per-round ratios; its spread is the interquartile range. Standard library only.
"""
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(ROOT, "build", "release")


def note(text):
    print(text, file=sys.stderr, flush=True)


class Missing(Exception):
    """A row cannot be taken here; the message says why."""


class Server:
    """A process that prints `READY` when it is up, with `port=N` if it can be called, and lives until it is stopped."""

    def __init__(self, command, core=None, deadline=60):
        self.started = time.monotonic()
        pin = ["taskset", "-c", str(core)] if core is not None else []
        self.errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(pin + command, stdout=subprocess.PIPE, stderr=self.errors, text=True,
                                        start_new_session=True)
        self.pid = self.process.pid
        too_late = threading.Timer(deadline, self.process.kill)
        too_late.start()
        try:
            for line in self.process.stdout:
                found = re.search(r"^READY\b(?: port=(\d+))?", line)
                if found:
                    self.port = found.group(1) and int(found.group(1))
                    self.ready_ms = (time.monotonic() - self.started) * 1000
                    return
        finally:
            too_late.cancel()
        self.errors.seek(0)
        said = self.errors.read().strip()[-200:]
        self.stop()
        raise Missing(f"{os.path.basename(command[0])} did not become ready: {said or 'it said nothing'}")

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def anonymous_bytes(self):
        with open(f"/proc/{self.pid}/status") as status:
            return int(re.search(r"RssAnon:\s+(\d+)", status.read()).group(1)) * 1024

    def rss_mb(self):
        with open(f"/proc/{self.pid}/status") as status:
            return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1)) / 1024

    def stop(self):
        if self.process.poll() is None:
            os.killpg(self.pid, signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.pid, signal.SIGKILL)
                self.process.wait()
        self.process.stdout.close()
        self.errors.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def run(command, core=None, deadline=120, cwd=None):
    """Runs a program to its end; its standard output."""
    pin = ["taskset", "-c", str(core)] if core is not None else []
    done = subprocess.run(pin + command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=deadline,
                          cwd=cwd)
    if done.returncode != 0:
        raise Missing(f"{' '.join(command)} ended with {done.returncode}: {(done.stdout + done.stderr).strip()[-400:]}")
    return done.stdout


def run_json(command, core=None, deadline=120):
    return json.loads(run(command, core, deadline).strip().splitlines()[-1])


def median(values):
    return statistics.median(values)


def spread(values):
    if len(values) < 4:
        return max(values) - min(values)
    low, _, high = statistics.quantiles(values, n=4)
    return high - low


def attempt(measure):
    """Runs `measure`, which gives a dict of bar → values; what it gave, and why a bar is not in it."""
    try:
        return measure(), "the measurement gave no figure"
    except (Missing, OSError, subprocess.SubprocessError, ValueError, KeyError, AttributeError) as error:
        return {}, f"{type(error).__name__}: {error}"


class Report:
    """Collects rows and prints each as soon as it is known."""

    def __init__(self, targets, as_json):
        self.targets = targets
        self.as_json = as_json
        self.missed = []

    def row(self, bar, values, against="", why=None):
        """`values`: one figure per round; or None with `why`."""
        unit, bound, text = self.targets[bar]
        record = {"bar": bar, "value": None, "unit": unit, "spread": None, "rounds": 0, "against": against}
        if values is None:
            record["why"] = why
            verdict = "not taken"
        else:
            value = median(values)
            record.update(value=round(value, 4), spread=round(spread(values), 4), rounds=len(values))
            verdict = "met" if bound(value) else "missed"
        if verdict != "met":
            self.missed.append(bar)
        if self.as_json:
            print(json.dumps(record), flush=True)
        else:
            shown = "-" if record["value"] is None else f"{record['value']:g} ± {record['spread']:g} {unit}"
            print(f"{bar:30} {shown:26} target {text:10} {verdict:9} {why or against}", flush=True)

    def take(self, bars, measure, against="", beside=None):
        """A row for each bar that `measure` gives; what it cannot take is said with the reason. `beside`: by bar, what
        another takes for the same, said after what all are `against`."""
        found, why = attempt(measure)
        for bar in bars:
            said = "; ".join(filter(None, [against, (beside or {}).get(bar)]))
            self.row(bar, found.get(bar), said, None if bar in found else why)
