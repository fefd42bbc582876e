#!/usr/bin/env python3
"""Real Java registry clients of one version, our registry, and HTTP: publishing, lists, scopes, zones, going, and a registry
that is killed and started again, with an outside look at every list that anybody was told.

    registering.py --peer registry-client-6.5.6 --port PORT --sofa build/release/sofa      of a registry that runs

Ends with `N passed, N failed`.
"""
import argparse
import json
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "peers"))
import build  # noqa: E402

PATIENCE = 20  # seconds, for anything that is to come
SOON = 1.0     # within which a change is to be told; Java's own server takes two
DATA = "dev.sofa.bank.AccountService:1.0@DEFAULT"


class Client:
    """A Java client, and all that it said."""

    def __init__(self, peer, endpoint, *options):
        argv = build.PEERS[peer].command("client", "--endpoint", endpoint, *options)
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                        encoding="utf-8")
        self.said, self.lists = queue.Queue(), []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        for line in self.process.stdout:
            if not line.startswith("{"):
                continue
            event = json.loads(line)
            if event["event"] == "list":
                self.lists.append(event)
            self.said.put(event)

    def tell(self, *words):
        self.process.stdin.write(" ".join(words) + "\n")
        self.process.stdin.flush()

    def expect(self, event, **what):
        """The next event of that kind with these values, and how long it took; None where it does not come."""
        began = time.monotonic()
        while (left := PATIENCE - (time.monotonic() - began)) > 0:
            try:
                got = self.said.get(timeout=left)
            except queue.Empty:
                break
            if got["event"] == event and all(got.get(key) == value for key, value in what.items()):
                return time.monotonic() - began
        return None

    def end(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
        self.process.wait()


class Registry:
    """One of our own, that may be killed."""

    def __init__(self, sofa, state, java_port=0, http_port=0):
        self.process = subprocess.Popen([sofa, "registry", "--bolt", f"127.0.0.1:{java_port}", "--http", f"127.0.0.1:{http_port}",
                                         "--state", state], stdout=subprocess.PIPE, text=True)
        ready = self.process.stdout.readline().split()
        self.java_port = int(ready[2].rsplit(":", 1)[1])
        self.endpoint = ready[3].removeprefix("http://")
        self.http_port = int(self.endpoint.rsplit(":", 1)[1])


def ask(endpoint, path, body):
    request = urllib.request.Request(f"http://{endpoint}{path}", data=json.dumps(body).encode(), method="POST")
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return json.loads(answer.read())


def first_event(endpoint, path, predicate):
    """Whether one of a watch's events has such a list."""
    with urllib.request.urlopen(f"http://{endpoint}{path}", timeout=PATIENCE) as stream:
        for line in stream:
            text = line.decode()
            if text.startswith("data: ") and predicate(json.loads(text[6:])):
                return True
    return False


def check_lists(endpoint, peer, check, clients):
    reader, writer, other = (Client(peer, endpoint, "--zone", zone) for zone in ("RZ01", "RZ01", "RZ02"))
    clients += [reader, writer, other]
    reader.tell("subscribe", DATA, "dataCenter")
    check("an empty list is told", reader.expect("list", zones={}) is not None)
    writer.tell("publish", DATA, "10.0.0.1:12200?v=4.0")
    took = reader.expect("list", zones={"RZ01": ["10.0.0.1:12200?v=4.0"]})
    check("a publisher is told", took is not None)
    check("the publisher knows that it is registered", writer.expect("published", registered=True) is not None)
    writer.tell("republish", DATA, "10.0.0.1:12200?app=测试|10.0.0.1:12201")
    took = reader.expect("list", zones={"RZ01": ["10.0.0.1:12200?app=测试", "10.0.0.1:12201"]})
    check("a change is told", took is not None)
    time.sleep(1.2)  # until the datum is quiet
    other.tell("subscribe", DATA, "zone")
    other.expect("list")
    began = time.monotonic()
    other.tell("publish", DATA, "10.0.0.2:12200")
    both = {"RZ01": ["10.0.0.1:12200?app=测试", "10.0.0.1:12201"], "RZ02": ["10.0.0.2:12200"]}
    check("all zones are told of", reader.expect("list", zones=both) is not None)
    took = time.monotonic() - began
    check(f"soon: {took:.3f} s", took < SOON)
    check("a zone's own are told of alone", other.expect("list", zones={"RZ02": ["10.0.0.2:12200"]}) is not None)
    reader.tell("configure", "dev.sofa.rules")
    check("a configuration that nobody wrote is told", reader.expect("config", empty=True) is not None)
    writer.tell("unpublish", DATA)
    check("who says that it goes is gone", reader.expect("list", zones={"RZ02": ["10.0.0.2:12200"]}) is not None)
    lease = ask(endpoint, "/v1/publish", {"dataId": DATA, "zone": "RZ03", "values": ["10.0.0.3:80"], "ttl_ms": 3000})["lease"]
    check("what HTTP published is told",
          reader.expect("list", zones={"RZ02": ["10.0.0.2:12200"], "RZ03": ["10.0.0.3:80"]}) is not None)
    check("a lease can be renewed", ask(endpoint, f"/v1/renew?lease={lease}", {})["ttl_ms"] == 3000)
    check("HTTP is told the list", first_event(endpoint, f"/v1/watch?dataId={DATA}", lambda told: "RZ02" in told["zones"]))
    check("a lease that is not renewed ends", reader.expect("list", zones={"RZ02": ["10.0.0.2:12200"]}) is not None)
    other.end(signal.SIGKILL)
    check("who was killed is gone", reader.expect("list", zones={}) is not None)


def check_restart(options, check, clients, state):
    """The registry is killed: nobody may be told a list that lacks somebody who is there."""
    registry = Registry(options.sofa, state)
    writers = [Client(options.peer, registry.endpoint) for _ in range(3)]
    reader = Client(options.peer, registry.endpoint)
    clients += [*writers, reader]
    for number, writer in enumerate(writers):
        writer.tell("publish", DATA, f"10.0.0.{number}:1")
        check(f"publisher {number} is registered", writer.expect("published", registered=True) is not None)
    reader.tell("subscribe", DATA, "global")
    everybody = {f"10.0.0.{number}:1" for number in range(3)}
    check("all are told of", reader.expect("list") is not None and set(*reader.lists[-1]["zones"].values()) == everybody)
    time.sleep(2.5)  # until what the next start needs is saved
    registry.process.kill()
    registry.process.wait()
    before = len(reader.lists)
    registry = Registry(options.sofa, state, registry.java_port, registry.http_port)
    try:
        writers[0].tell("republish", DATA, "10.0.0.9:1")
        check("after the restart a change is registered", writers[0].expect("republished", registered=True) is not None)
        changed = {"10.0.0.9:1", "10.0.0.1:1", "10.0.0.2:1"}
        began = time.monotonic()
        while time.monotonic() - began < PATIENCE and not any(set(*one["zones"].values()) == changed for one in reader.lists[before:]):
            time.sleep(0.05)
        told = [set(*one["zones"].values()) for one in reader.lists[before:]]
        check("and is told", changed in told, told)
        check("no list was shorter than it should be", all(len(one) == 3 for one in told), told)
        registry.process.send_signal(signal.SIGTERM)
        check("it stops well", registry.process.wait(PATIENCE) == 0)
    finally:
        registry.process.kill()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", required=True, help="registry-client-VERSION")
    parser.add_argument("--port", required=True, help="of the HTTP door of a registry")
    parser.add_argument("--sofa", required=True, help="the sofa binary")
    options = parser.parse_args()
    counts = [0, 0]

    def check(name, right, got=""):
        counts[not right] += 1
        if not right:
            print(f"FAIL {name}: {got}", flush=True)

    clients = []
    with tempfile.TemporaryDirectory(prefix="sofa-registry-") as state:
        try:
            check_lists(f"127.0.0.1:{options.port}", options.peer, check, clients)
            check_restart(options, check, clients, state)
        finally:
            for client in clients:
                client.end(signal.SIGKILL)
    print(f"{counts[0]} passed, {counts[1]} failed")
    return 1 if counts[1] else 0


if __name__ == "__main__":
    sys.exit(main())
