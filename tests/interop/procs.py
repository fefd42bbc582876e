"""Servers and clients as processes: each in its own group, with deadlines, killed by the group's id and never by name."""
import os
import re
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

_PORT = re.compile(r"\bport=(\d+)")
_CLASH = re.compile(r"address already in use|EADDRINUSE|BindException|bind failed", re.I)
_POLL_SECONDS = 0.02


class ServerFailed(Exception):
    pass


class Stopping(Exception):
    """The run is being given up: nothing new may start."""


def free_port():
    """A port that was free a moment ago; who uses it must be ready for a clash."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Process:
    """One started program, its output in a file. Ends with its whole group."""

    _all = set()
    _lock = threading.Lock()
    _stopping = False

    def __init__(self, argv, log):
        self.argv = argv
        self.log = log
        with open(log, "wb") as out, self._lock:
            if self._stopping:
                raise Stopping()
            self._popen = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                                           start_new_session=True)
            self._all.add(self)

    @property
    def pid(self):
        return self._popen.pid

    def output(self):
        return self.log.read_text(errors="replace")

    def tail(self, lines=15):
        return "\n".join("      | " + line[:300] for line in self.output().splitlines()[-lines:])

    def returncode(self):
        return self._popen.poll()

    def is_connected_to(self, port):
        """Whether an established connection to the port is this program's: /proc/net has addresses, states and inodes."""
        sockets = set()
        for entry in Path(f"/proc/{self.pid}/fd").glob("*"):
            try:
                sockets.add(os.readlink(entry))
            except OSError:
                pass  # closed meanwhile
        rows = [line.split() for name in ("tcp", "tcp6") if Path(f"/proc/net/{name}").exists()
                for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]]
        return any(row[2].endswith(f":{port:04X}") and row[3] == "01" and f"socket:[{row[9]}]" in sockets for row in rows)

    def wait(self, seconds, until=lambda: False):
        """The exit code, or None when the time is over or `until` became true first."""
        deadline = time.monotonic() + seconds
        while self._popen.poll() is None and time.monotonic() < deadline and not until():
            time.sleep(_POLL_SECONDS)
        return self._popen.poll()

    def stop(self, seconds=5):
        """Asks, waits, then kills the group. The exit code of who ended when asked, None of who did not."""
        if self._popen.poll() is None:
            self._signal(signal.SIGTERM)
        code = self.wait(seconds)
        self._signal(signal.SIGKILL)  # the leader, or children that outlived it
        self._popen.wait()
        with self._lock:
            self._all.discard(self)
        return code

    def _signal(self, number):
        try:
            os.killpg(self._popen.pid, number)
        except ProcessLookupError:
            pass

    @classmethod
    def stop_all(cls):
        with cls._lock:
            cls._stopping = True
            left = list(cls._all)
        for process in left:
            process.stop(seconds=0)


class Server:
    """A server that is ready to be called, on a port that the system picked."""

    def __init__(self, make_argv, log, ready_seconds, tries=3):
        for attempt in range(tries):
            port = free_port()
            self.process = Process(make_argv(port), log.with_suffix(f".{attempt}.log"))
            problem = self._await_ready(port, ready_seconds)
            if problem is None:
                return
            tail, clash = self.process.tail(), _CLASH.search(self.process.output())
            self.process.stop(seconds=0)
            if not clash:
                break
        raise ServerFailed(f"{problem}\n{tail}")

    def _await_ready(self, port, seconds):
        def ready_line():
            return re.search(r"^READY\b.*\n", self.process.output(), re.M)

        code = self.process.wait(seconds, until=ready_line)
        line = ready_line()
        if code is not None:
            return f"server ended with {code} before it could be called"
        if not line:
            return f"server was not READY within {seconds:.0f} s"
        said = _PORT.search(line.group())
        self.port = int(said.group(1)) if said else port
        return None
