"""A scene of the drill: a client that asks all the time, events, and the judgement of each."""
import json
import math
import os
import signal
import threading
import time
from dataclasses import asdict, dataclass

from fleet import RATE, Client, peers

RECOVERY_SECONDS = 10
QUIET_SECONDS = 1  # so long without a failure, and with all connections: it has recovered


class Skip(Exception):
    """This machine cannot have the scene."""


class Missing(Skip):
    """It lacks a package: in CI that is a failure."""


@dataclass
class Outcome:
    name: str
    result: str  # ok, FAIL or SKIP
    seconds: float
    text: str


class Report:
    def __init__(self, as_json):
        self.outcomes = []
        self._as_json = as_json
        self._lock = threading.Lock()

    def add(self, name, wrong, seconds, text):
        self.take(Outcome(name, "FAIL" if wrong else "ok", round(seconds, 1), "; ".join(filter(None, [*wrong, text]))))

    def skip(self, name, why):
        is_failure = isinstance(why, Missing) and os.environ.get("CI", "").lower() in ("1", "true")
        self.take(Outcome(name, "FAIL" if is_failure else "SKIP", 0, str(why)))

    def take(self, each):
        with self._lock:
            self.outcomes.append(each)
            print(json.dumps(asdict(each)) if self._as_json else
                  f"{each.result:4}  {each.name:44} {each.seconds:5.1f} s  {each.text}", flush=True)


def at_most(mean):
    """Of what chance deals out: so many are hardly ever exceeded."""
    return mean + 4 * math.sqrt(mean) + 5


class Scene:
    """A client, and who it asks. `share`: calls a second that one of its providers gets and that may not be asked twice."""

    def __init__(self, name, url, providers, logs, report):
        self.name, self.report = name, report
        self.client = Client(url, logs, f"client-{name}")
        self.share = RATE / 2 / providers
        self.expected = lambda: set()  # the ports that the client is to be connected to

    def until(self, condition, seconds):
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)
        return True

    def settle(self, seconds=RECOVERY_SECONDS):
        """How long it took until nothing failed any more; None when that was not to be awaited."""
        started = quiet_since = time.monotonic()
        last = self.client.mark()
        while time.monotonic() - started < seconds + QUIET_SECONDS:
            now = self.client.mark()
            failed = now["safe_failed"] + now["unsafe_failed"] - last["safe_failed"] - last["unsafe_failed"]
            connected = self.expected() <= peers(self.client.process.pid)
            if failed or not connected or now["succeeded"] == last["succeeded"]:
                quiet_since = time.monotonic()
            elif time.monotonic() - quiet_since >= QUIET_SECONDS:
                return quiet_since - started
            last = now
        return None

    def judge(self, most_unsafe, before, after, recovered):
        count = {key: after[key] - before[key] for key in before if key != "why"}
        wrong = []
        if count["wrong"]:
            wrong.append(f"{count['wrong']} answers of other calls")
        if count["late"]:
            wrong.append(f"{count['late']} calls ended after their deadline")
        if count["safe_failed"]:
            wrong.append(f"{count['safe_failed']} calls failed that may be asked twice")
        if count["unsafe_failed"] > most_unsafe:
            wrong.append(f"{count['unsafe_failed']} calls failed")
        if wrong:
            wrong.append(f"{after['why']}")
        if recovered is None:
            wrong.append(f"not as before after {RECOVERY_SECONDS} s")
        return wrong, (f"{count['asked']} calls, {count['unsafe_failed']} failed of {most_unsafe:.0f} that may"
                       + (f", as before in {recovered:.1f} s" if recovered is not None else ""))

    def event(self, name, most_unsafe, act):
        """`most_unsafe`: how many of the calls that may not be asked twice may fail; of the others none."""
        started = time.monotonic()
        before = self.client.mark()
        act()
        recovered = self.settle()
        wrong, text = self.judge(most_unsafe, before, self.client.mark(), recovered)
        self.report.add(f"{self.name}: {name}", wrong, time.monotonic() - started, text)

    def finds(self, name, most_unsafe, act, undo, what):
        """The same for what must be found: otherwise the drill proves nothing."""
        started = time.monotonic()
        before = self.client.mark()
        act()
        found = self.until(lambda: any(what in each for each in self.judge(most_unsafe, before, self.client.mark(), 0)[0]), 10)
        undo()
        self.settle()
        self.report.add(f"{self.name}: finds {name}", [] if found else ["it was not found"], time.monotonic() - started, what)

    def end(self):
        last = self.client.end()
        wrong = []
        if last is None:
            wrong.append("the client did not end when asked\n" + self.client.process.tail())
        elif last["in_flight"]:
            wrong.append(f"{last['in_flight']} calls never ended")
        self.report.add(f"{self.name}: the client ends, and no call is left", wrong, 0, f"{last and last['asked']} calls")


def stand_still(provider, seconds):
    provider.signal(signal.SIGSTOP)
    try:
        time.sleep(seconds)
    finally:
        provider.signal(signal.SIGCONT)
