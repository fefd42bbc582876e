#!/usr/bin/env python3
"""Providers of ours behind a ZooKeeper are restarted one after the other under the load of a Java, a Node and a C++ client at
once: no call may fail.

    rolling.py --registry zookeeper://127.0.0.1:2181/rolling --sofa build/release/sofa --drill-client build/release/...

A client calls at a steady rate until it has had enough, or until SIGTERM, and prints sums as JSON, the last ones last: right
answers as `requests` or `succeeded`, anything else under other names. Ends with `N passed, N failed`.
"""
import argparse
import json
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import procs  # noqa: E402
from rows import JAVA, NODE, build  # noqa: E402

PROVIDERS = 3
READY_SECONDS = 30
STOP_SECONDS = 30
CLIENT_SECONDS = 40
LOAD_SECONDS = "30"  # of a client that is not told to end
BETWEEN_SECONDS = 1  # of load, from one restart to the next
LEAST = 500          # calls of a client that must be answered
FAILURES = ("errors", "wrong", "late", "safe_failed", "unsafe_failed")


class Provider:
    def __init__(self, options, log):
        argv = [options.sofa, "serve", str(HERE.parent.parent / "examples/bank/bank.yaml"), "--quiet", "--listen",
                "bolt://127.0.0.1:0", "--registry", options.registry]
        server = procs.Server(lambda _: argv, log, READY_SECONDS)
        self.process = server.process
        self._port = server.port

    def is_called_by(self, client):
        return client.is_connected_to(self._port)


def start_clients(options, logs):
    load = ["--registry", options.registry, "--seconds", LOAD_SECONDS, "--rate", "100"]
    argvs = {"java": build.PEERS[JAVA].command("bench", *load, "--call", "echo", "--warmup", "0"),
             "node": build.PEERS[NODE].command("load", *load),
             "cpp": [options.drill_client, "--url", options.registry, "--rate", "200"]}
    return {name: procs.Process(argv, logs / f"{name}.log") for name, argv in argvs.items()}


def await_calls(providers, client):
    deadline = time.monotonic() + CLIENT_SECONDS
    while not all(each.is_called_by(client) for each in providers):
        if client.returncode() is not None or time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def judge(name, client, check):
    check(f"{name} is at it still", client.returncode() is None, client.tail())
    if name == "cpp":
        os.kill(client.pid, signal.SIGTERM)
    code = client.wait(CLIENT_SECONDS)
    check(f"{name} ends well", code == 0, f"code {code}\n{client.tail()}")
    lines = [line for line in client.output().splitlines() if line.startswith("{")]
    sums = json.loads(lines[-1]) if lines else {}
    failed = sum(sums.get(key, 0) for key in FAILURES)
    answered = sums.get("requests", sums.get("succeeded", 0))
    print(f"{name}: {answered} calls answered, {failed} failed", flush=True)
    check(f"every call of {name} was answered", failed == 0 and answered >= LEAST, f"{sums}\n{client.tail()}")


def roll(options, logs, check):
    providers = [Provider(options, logs / f"provider-{i}.log") for i in range(PROVIDERS)]
    clients = start_clients(options, logs)
    for name, client in clients.items():
        check(f"{name} calls every provider", await_calls(providers, client), client.tail())
    for i, old in enumerate(providers):
        time.sleep(BETWEEN_SECONDS)
        started = time.monotonic()
        code = old.process.stop(STOP_SECONDS)
        providers[i] = Provider(options, logs / f"provider-{i}-again.log")
        check(f"provider {i} stops when asked", code == 0, f"code {code}")
        print(f"provider {i} was replaced in {time.monotonic() - started:.1f} s", flush=True)
        for name, client in clients.items():
            check(f"{name} calls its successor {i}", await_calls([providers[i]], client), client.tail())
    for name, client in reversed(clients.items()):
        judge(name, client, check)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--registry", required=True, help="zookeeper://host:port/root")
    parser.add_argument("--sofa", required=True, help="the sofa binary")
    parser.add_argument("--drill-client", required=True, help="the C++ client")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    counts = [0, 0]

    def check(name, right, got):
        counts[not right] += 1
        if not right:
            print(f"FAIL {name}: {got}", flush=True)

    with tempfile.TemporaryDirectory(prefix="sofa-rolling-") as logs:
        try:
            roll(options, Path(logs), check)
        except procs.ServerFailed as why:
            check("the providers start", False, why)
        finally:
            procs.Process.stop_all()
    print(f"{counts[0]} passed, {counts[1]} failed")
    return 1 if counts[1] else 0


if __name__ == "__main__":
    sys.exit(main())
