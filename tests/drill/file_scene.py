"""Ten providers in a file, four of them behind a proxy: what befalls processes and the ways to them."""
import random
import signal
import socket
import time

from fault_proxy import GARBAGE, FaultProxy
from fleet import Provider, descriptors, memory_mb, peers, procs, write_list
from scene import RECOVERY_SECONDS, Scene, at_most, stand_still

PROVIDERS = 10
GROWTH_MB = 8  # of a process whose descriptors and calls are as before: what its allocator keeps


class FileScene(Scene):
    PROXIED = 4

    def __init__(self, logs, report):
        self._logs = logs
        self._starts = 0
        self._list = logs / "services.yaml"
        self.providers = [self._start() for _ in range(PROVIDERS)]
        self.proxies = [FaultProxy(each.port) for each in self.providers[-self.PROXIED:]]
        self._write()
        super().__init__("file", f"file://{self._list}?interval_ms=200", PROVIDERS, logs, report)
        self.expected = self._ports

    def _start(self):
        self._starts += 1
        return Provider(self._logs, f"provider-{self._starts}")

    def _ports(self):
        return {each.port for each in self.providers[:-self.PROXIED]} | {each.port for each in self.proxies}

    def _write(self):
        write_list(self._list, sorted(self._ports()))

    def kill(self, count):
        """They stay in the list until others have taken their places."""
        for i in range(count):
            self.providers[i].kill()
        time.sleep(1)
        for i in range(count):
            self.providers[i] = self._start()
        self._write()

    def flap_process(self, provider):
        for _ in range(10):
            stand_still(provider, 0.3)
            time.sleep(0.2)

    def flap_port(self, proxy):
        for _ in range(10):
            proxy.set_mode("closed")
            time.sleep(0.2)
            proxy.set_mode("pass")
            time.sleep(0.2)

    def disturb(self, proxy, mode, seconds):
        proxy.set_mode(mode)
        time.sleep(seconds)
        if mode == "garbage" and not self.until(lambda: proxy.garbage >= len(GARBAGE), RECOVERY_SECONDS):
            raise procs.ServerFailed(f"{proxy.garbage} answers in {RECOVERY_SECONDS + seconds} s: too few to try all garbage")
        before = proxy.answered
        proxy.set_mode("pass")
        if not self.until(lambda: proxy.answered > before, RECOVERY_SECONDS):
            raise procs.ServerFailed(f"nothing was answered through the proxy any more after {mode}")

    def storm(self, provider, connections=1000):
        """Connections from nowhere: silent ones, half a frame, noise. All go again."""
        before = descriptors(provider.process.pid)
        opened = []
        for i in range(connections):
            each = socket.create_connection(("127.0.0.1", provider.port), timeout=5)
            if i % 3:
                each.sendall(random.randbytes(64) if i % 3 == 1 else b"\x01\x01\x00\x01")
            opened.append(each)
        for each in opened:
            each.close()
        if not self.until(lambda: descriptors(provider.process.pid) <= before + 2, RECOVERY_SECONDS):
            raise procs.ServerFailed(f"{descriptors(provider.process.pid)} descriptors after the storm, {before} before it")

    def damage_list(self, seconds):
        self._list.write_text(f"{'x' * 100}: [bolt://127.0.0.1")
        time.sleep(seconds)
        self._list.unlink()
        time.sleep(seconds)
        self._write()

    def everybody_hangs(self, number):
        for each in self.providers:
            each.signal(number)

    def kept(self):
        pids = {"client": self.client.process.pid, "provider": self.providers[-1].process.pid,
                "stormed provider": self.providers[5].process.pid}
        return {name: (descriptors(pid), memory_mb(pid)) for name, pid in pids.items()}

    def compare(self, before):
        started = time.monotonic()
        self.settle()
        # A call now and then opens nothing for good: what a descriptor serves for a moment is not there twice.
        wrong = []
        for name, (fds, mb) in self.kept().items():
            if fds > before[name][0]:
                wrong.append(f"the {name} has {fds} descriptors, {before[name][0]} before")
            if mb > before[name][1] + GROWTH_MB:
                wrong.append(f"the {name} has {mb:.1f} MB, {before[name][1]:.1f} before")
        text = ", ".join(f"{name} {before[name][1]:.1f} → {mb:.1f} MB, {fds} descriptors"
                         for name, (fds, mb) in self.kept().items())
        self.report.add("file: nothing is left of all this", wrong, time.monotonic() - started, text)

    def round(self, options):
        lie = options.lie_seconds
        # A lost connection takes what was under way, for half a second at the most. One that does not answer, or not in
        # time, takes what it was asked: its share, as `auto` deals out calls by chance and windows of 10 s.
        def share(seconds, of=1):
            return at_most(of * seconds * self.share)
        self.event("one killed, and another in its place", share(0.5), lambda: self.kill(1))
        self.event("three killed at once", share(0.5, of=3), lambda: self.kill(3))
        self.event("one frozen for 5 s", share(5), lambda: stand_still(self.providers[4], 5))
        self.event("one freezes again and again", share(0), lambda: self.flap_process(self.providers[4]))
        self.event("a port closes again and again", share(4), lambda: self.flap_port(self.proxies[0]))
        self.event("requests do not arrive for 5 s", share(5), lambda: self.disturb(self.proxies[1], "hold requests", 5))
        self.event("answers do not arrive for 5 s", share(5), lambda: self.disturb(self.proxies[1], "hold answers", 5))
        self.event("answers are late", share(5), lambda: self.disturb(self.proxies[2], "late", 3))
        self.event("answers are garbage", share(13), lambda: self.disturb(self.proxies[3], "garbage", 1))
        self.event("a storm of connections", 0, lambda: self.storm(self.providers[5]))
        self.event("the list is damaged, then gone", 0, lambda: self.damage_list(lie))

    def play(self, options):
        if not self.until(lambda: self.client.said() and self.expected() <= peers(self.client.process.pid), 10):
            raise procs.ServerFailed("the client does not connect\n" + self.client.process.tail())
        self.event("nothing at all, for 3 s", 0, lambda: time.sleep(3))
        before = self.kept()
        for _ in range(options.rounds):
            self.round(options)
        self.compare(before)
        self.finds("answers of other calls", 0, lambda: self.proxies[0].set_mode("lie"),
                   lambda: self.proxies[0].set_mode("pass"), "answers of other calls")
        self.finds("calls that fail", 0, lambda: self.everybody_hangs(signal.SIGSTOP),
                   lambda: self.everybody_hangs(signal.SIGCONT), "calls failed")
        self.end()
