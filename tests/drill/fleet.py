"""The processes of a drill: providers, the client that asks them, and what can be seen of both from outside."""
import json
import os
import re
import signal
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "tests/interop"))
import procs  # noqa: E402

RATE = 400  # calls a second; half of them may be asked twice
SERVICE = "dev.sofa.bank.EchoService:1.0"
READY_SECONDS = 30
BUILD = ROOT / "build/release"


class Provider:
    """`sofa serve` with the bank."""

    def __init__(self, logs, name, *more, host="127.0.0.1", port=0):
        argv = [str(BUILD / "sofa"), "serve", str(ROOT / "examples/bank/bank.yaml"), "--quiet", "--listen",
                f"bolt://{host}:{port}", *more]
        server = procs.Server(lambda _: argv, logs / f"{name}.log", READY_SECONDS)
        self.process, self.port = server.process, server.port

    def signal(self, number):
        os.kill(self.process.pid, number)

    def kill(self):
        self.signal(signal.SIGKILL)
        self.process.stop(seconds=0)


class Client:
    """`drill_client`; what it says is a sum since its start."""

    def __init__(self, url, logs, name):
        self.process = procs.Process([str(BUILD / "tests/drill/drill_client"), "--url", url, "--rate", str(RATE)],
                                     logs / f"{name}.log")

    def said(self):
        lines = re.findall(r"^\{\"asked\".*\}$", self.process.output(), re.M)
        return json.loads(lines[-1]) if lines else None

    def mark(self):
        """The first line that it says from now on."""
        before = len(re.findall(r"^\{\"asked\"", self.process.output(), re.M))
        deadline = time.monotonic() + 10
        while len(re.findall(r"^\{\"asked\".*\}\n", self.process.output(), re.M)) <= before:
            if self.process.returncode() is not None or time.monotonic() > deadline:
                raise procs.ServerFailed("the client is silent\n" + self.process.tail())
            time.sleep(0.05)
        return self.said()

    def end(self):
        """What it said last; None when it did not end as it should."""
        return self.said() if self.process.stop(10) == 0 else None


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def memory_mb(pid):
    return int(re.search(r"RssAnon:\s+(\d+)", Path(f"/proc/{pid}/status").read_text()).group(1)) / 1024


def peers(pid):
    """The ports that a process has established connections to."""
    inodes = set()
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            found = re.match(r"socket:\[(\d+)\]", os.readlink(f"/proc/{pid}/fd/{fd}"))
        except OSError:
            continue
        if found:
            inodes.add(found.group(1))
    ports = set()
    for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]:
        field = line.split()
        if field[9] in inodes and field[3] == "01":
            ports.add(int(field[2].split(":")[1], 16))
    return ports


def write_list(path, ports):
    beside = path.with_suffix(".new")
    beside.write_text(f"{SERVICE}: [{', '.join(f'bolt://127.0.0.1:{port}' for port in ports)}]\n")
    beside.rename(path)
