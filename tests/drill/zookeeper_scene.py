"""Providers that publish themselves in a real ZooKeeper: it freezes, is killed, lies."""
import os
import shutil
import signal
import sys
import time
from pathlib import Path

from fleet import ROOT, Provider, peers, procs
from scene import RECOVERY_SECONDS, Missing, Scene
from zookeeper_client import ZookeeperClient

READY_SECONDS = 60
ZOOKEEPER_JAR = "/usr/share/java/zookeeper.jar"


class ZookeeperScene(Scene):
    PROVIDERS = 3
    PATH = "/drill/sofa-rpc/dev.sofa.bank.EchoService/providers"

    def __init__(self, logs, report):
        if not Path(ZOOKEEPER_JAR).exists() or not shutil.which("java"):
            raise Missing(f"{ZOOKEEPER_JAR} or java is not there (Debian packages zookeeper, openjdk-17-jdk-headless)")
        self._logs = logs
        self._data = logs / "zookeeper"
        self._data.mkdir()
        self._port = 0
        self._zookeeper = self._start_zookeeper()
        url = f"zookeeper://127.0.0.1:{self._port}/drill?session_timeout_ms=3000"
        self.providers = [Provider(logs, f"zookeeper-provider-{i}", "--registry", url) for i in range(self.PROVIDERS)]
        super().__init__("zookeeper", url, self.PROVIDERS, logs, report)
        self.expected = lambda: {each.port for each in self.providers}

    def _start_zookeeper(self):
        def argv(port):
            self._port = self._port or port
            return [sys.executable, str(ROOT / "tests/interop/zookeeper_server.py"), "--port", str(self._port), "--data",
                    str(self._data)]
        return procs.Server(argv, self._logs / "zookeeper.log", READY_SECONDS).process

    def freeze(self, seconds):
        os.killpg(self._zookeeper.pid, signal.SIGSTOP)
        time.sleep(seconds)
        os.killpg(self._zookeeper.pid, signal.SIGCONT)
        self._await_list()

    def restart(self, seconds):
        os.killpg(self._zookeeper.pid, signal.SIGKILL)
        self._zookeeper.stop(seconds=0)
        time.sleep(seconds)
        self._zookeeper = self._start_zookeeper()
        self._await_list()

    def lie(self, seconds):
        """It says that there is nobody, and that there are others that nobody can read."""
        liar = ZookeeperClient(self._port)
        nodes = liar.children(self.PATH)
        for node in nodes:
            liar.delete(f"{self.PATH}/{node}")
        time.sleep(seconds / 2)
        liar.create(f"{self.PATH}/nonsense")
        time.sleep(seconds / 2)
        for node in nodes:
            liar.create(f"{self.PATH}/{node}")
        liar.delete(f"{self.PATH}/nonsense")
        liar.close()

    def _await_list(self):
        """All are published again, and the client has found its way back."""
        def all_there():
            try:
                watcher = ZookeeperClient(self._port)
                found = len(watcher.children(self.PATH))
                watcher.close()
                return found == self.PROVIDERS
            except Exception:  # while it comes up
                return False
        if not self.until(all_there, 3 * RECOVERY_SECONDS):
            raise procs.ServerFailed("the providers are not published again")

        def is_back():
            said = self.client.process.output()
            return said.rfind("the registry answers again") >= said.rfind("the registry cannot be asked")
        if not self.until(is_back, 3 * RECOVERY_SECONDS):
            raise procs.ServerFailed("the client does not find the way back to ZooKeeper")

    def play(self, options):
        if not self.until(lambda: self.client.said() and self.expected() <= peers(self.client.process.pid), 20):
            raise procs.ServerFailed("the client does not connect\n" + self.client.process.tail())
        self.event("nothing at all, for 2 s", 0, lambda: time.sleep(2))
        for _ in range(options.rounds):
            self.event("frozen for longer than a session", 0, lambda: self.freeze(max(5, options.lie_seconds)))
            self.event("killed, and back with its data", 0, lambda: self.restart(options.lie_seconds))
            self.event("it lies: nobody is there", 0, lambda: self.lie(options.lie_seconds))
        self.end()
        self._says_that_it_is_stale()

    def _says_that_it_is_stale(self):
        said = self.client.process.output()
        wrong = [f"the client's log does not say: {text}" for text in
                 ("the last good lists stay", "the registry answers again", "the last good list stays") if text not in said]
        self.report.add("zookeeper: the operator is told", wrong, 0, "three texts in the client's log")
