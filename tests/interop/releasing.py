#!/usr/bin/env python3
"""A new version of a module of ours takes over under the load of a Java client, is exchanged back, and again; the old one is
taken out of memory. No call may fail.

    releasing.py --port PORT --sofa build/release/sofa        of a bank of modules, whose socket is /tmp/sofa-interop-PORT.sock

Ends with `N passed, N failed`.
"""
import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import procs  # noqa: E402
from rows import JAVA, build  # noqa: E402

LOAD_SECONDS = "8"
START_SECONDS = 20  # until the client has connected
END_SECONDS = 30    # until it has ended
EXCHANGES = 10      # there and back
LEAST = 500         # calls that must be answered


def ctl(options, *words):
    """(exit code, what it says)"""
    done = subprocess.run([options.sofa, "ctl", "--socket", f"/tmp/sofa-interop-{options.port}.sock", "--json", "module", *words],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=60)
    return done.returncode, done.stdout



def state_of(options, version):
    modules = json.loads(ctl(options, "list")[1])
    return next((module["state"] for module in modules if (module["name"], module["version"]) == ("accounts", version)), "gone")


def release(options, client, check):
    began = time.monotonic()
    while not client.is_connected_to(int(options.port)) and time.monotonic() - began < START_SECONDS:
        time.sleep(0.1)
    check("the client calls", client.is_connected_to(int(options.port)), client.tail())
    folder = Path(options.sofa).resolve().parent / "modules"
    code, said = ctl(options, "install", str(folder / "accounts-2.0.0.so"))
    check("the new version is installed", code == 0, said)
    for i in range(EXCHANGES):
        for words in (("switch", "accounts", "2.0.0"), ("rollback", "accounts")):
            code, said = ctl(options, *words)
            check(f"{words[0]} {i}", code == 0, said)
            time.sleep(0.1)  # of load, from one exchange to the next
    code, said = ctl(options, "switch", "accounts", "2.0.0")
    check("the new version is active", code == 0 and state_of(options, "2.0.0") == "active", said)
    code, said = ctl(options, "uninstall", "accounts", "1.0.0")
    check("nothing of the old version is left", code == 0 and json.loads(said)["unloaded"], said)
    check("the client is at it still", client.returncode() is None, client.tail())


def judge(client, check):
    code = client.wait(END_SECONDS)
    check("the client ends well", code == 0, f"code {code}\n{client.tail()}")
    lines = [line for line in client.output().splitlines() if line.startswith("{")]
    sums = json.loads(lines[-1]) if lines else {}
    print(f"java: {sums.get('requests', 0)} calls answered, {sums.get('errors', 0)} failed", flush=True)
    check("no call failed", sums.get("errors") == 0, sums)
    check("calls were answered", sums.get("requests", 0) >= LEAST, sums)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", required=True)
    parser.add_argument("--sofa", required=True, help="the sofa binary")
    options = parser.parse_args()
    counts = [0, 0]

    def check(name, right, got):
        counts[not right] += 1
        if not right:
            print(f"FAIL {name}: {got}", flush=True)

    with tempfile.TemporaryDirectory(prefix="sofa-releasing-") as logs:
        client = procs.Process(build.PEERS[JAVA].command("bench", "--addr", f"127.0.0.1:{options.port}", "--seconds", LOAD_SECONDS,
                                                         "--call", "echo", "--rate", "200", "--warmup", "0"), Path(logs) / "java.log")
        try:
            release(options, client, check)
            judge(client, check)
        finally:
            procs.Process.stop_all()
    print(f"{counts[0]} passed, {counts[1]} failed")
    return 1 if counts[1] else 0


if __name__ == "__main__":
    sys.exit(main())
