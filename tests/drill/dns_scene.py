"""Providers behind one name: its server is silent, fails, knows nobody, talks nonsense."""
import time

from fake_dns import MODES, FakeDns
from fleet import Provider, procs
from scene import Scene


class DnsScene(Scene):
    """In a network and a file tree of its own, where port 53 and resolv.conf are ours."""

    HOSTS = ["127.0.0.1", "127.0.0.2", "127.0.0.3"]
    NAME = "accounts.drill"

    def __init__(self, logs, report):
        self.dns = FakeDns(self.HOSTS)
        first = Provider(logs, "dns-provider-0")
        self.providers = [first] + [Provider(logs, f"dns-provider-{i}", host=host, port=first.port)
                                    for i, host in enumerate(self.HOSTS[1:], 1)]
        super().__init__("dns", f"dns://{self.NAME}:{first.port}?interval_ms=200", len(self.HOSTS), logs, report)
        self.expected = lambda: {first.port}

    def play(self, options):
        if not self.until(lambda: self.client.said() and self.client.said()["succeeded"] > 0, 10):
            raise procs.ServerFailed("the client finds nobody\n" + self.client.process.tail())
        self.event("nothing at all, for 2 s", 0, lambda: time.sleep(2))
        for _ in range(options.rounds):
            for mode in MODES[1:]:
                self.event(f"the server's mode is `{mode}`", 0, lambda: self.lie(mode, options.lie_seconds))
        said = self.client.process.output()
        self.report.add("dns: the operator is told", [] if "the last good lists stay" in said else ["not said"], 0, "")
        self.end()

    def lie(self, mode, seconds):
        self.dns.mode = mode
        before = self.dns.asked
        time.sleep(max(seconds, 1))
        self.dns.mode = "answer"
        if self.dns.asked == before:
            raise procs.ServerFailed("the name was not asked for")
