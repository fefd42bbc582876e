#!/usr/bin/env python3
"""Real providers and a real client under load, and what befalls them: processes killed, frozen and flapping, ways cut in one
direction, late answers and garbage, storms of connections, and sources of addresses that fail or lie.

Each event says how many calls may fail, and then all must be as before: connections, descriptors, memory. Three scenes run
at once, each with a client of its own: `file` (ten providers, four of them behind a proxy), `zookeeper`, `dns`.
"""
import argparse
import json
import shutil
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from dns_scene import DnsScene  # noqa: E402
from file_scene import FileScene  # noqa: E402
from fleet import BUILD, procs  # noqa: E402
from scene import Outcome, Report, Skip  # noqa: E402
from zookeeper_scene import ZookeeperScene  # noqa: E402


def in_a_network_of_its_own(options, logs, report):
    """Runs this program again where port 53 is free for everybody."""
    configuration = logs / "resolv.conf"
    configuration.write_text("nameserver 127.0.0.1\noptions timeout:1\n")
    enter = ["unshare", "--map-root-user", "--mount", "--net", "sh", "-c",
             f"ip link set lo up && mount --bind {configuration} /etc/resolv.conf && exec \"$@\"", "drill"]
    if not all(shutil.which(tool) for tool in ("unshare", "ip", "mount")) or subprocess.run(
            [*enter, "true"], stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode:
        raise Skip("this machine gives nobody a network of their own (unshare --map-root-user --mount --net)")
    inside = subprocess.Popen([*enter, sys.executable, str(HERE / "run.py"), "--only", "dns", "--inside", "--json",
                               "--rounds", str(options.rounds), "--lie-seconds", str(options.lie_seconds), "--logs", str(logs)],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    for line in inside.stdout:
        report.take(Outcome(**json.loads(line)))
    if inside.wait() not in (0, 1):
        report.add("dns: the scene", [f"it ended with {inside.returncode}"], 0, "")


def play(scene, logs, options, report):
    try:
        if scene is DnsScene and not options.inside:
            return in_a_network_of_its_own(options, logs, report)
        scene(logs, report).play(options)
    except Skip as why:
        report.skip(scene.__name__, why)
    except (procs.ServerFailed, OSError) as why:
        report.add(scene.__name__, [str(why)], 0, "")
    except procs.Stopping:
        pass


SCENES = {"file": FileScene, "zookeeper": ZookeeperScene, "dns": DnsScene}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(SCENES), help="scenes, comma between them (%(default)s)")
    parser.add_argument("--rounds", type=int, default=1, help="how often each event comes (%(default)s)")
    parser.add_argument("--lie-seconds", type=float, default=3, help="how long a source of addresses lies (%(default)s)")
    parser.add_argument("--json", action="store_true", help="one object an event")
    parser.add_argument("--keep-logs", action="store_true", help="keep what every process printed, and say where")
    parser.add_argument("--logs", help=argparse.SUPPRESS)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    chosen = options.only.split(",")
    if unknown := [name for name in chosen if name not in SCENES]:
        parser.error(f"no scene {', '.join(unknown)}; there are {', '.join(SCENES)}")
    for program in (BUILD / "sofa", BUILD / "tests/drill/drill_client"):
        if not program.exists():
            parser.error(f"{program} is not there: build it first: ninja -C build/release sofa drill_client")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    logs = Path(options.logs or tempfile.mkdtemp(prefix="sofa-drill-"))
    report = Report(options.json)
    try:
        with ThreadPoolExecutor(len(chosen)) as pool:
            for scene in [pool.submit(play, SCENES[name], logs, options, report) for name in chosen]:
                scene.result()
    finally:
        procs.Process.stop_all()
        if options.keep_logs:
            print(f"logs: {logs}", file=sys.stderr)
        elif not options.logs:
            shutil.rmtree(logs, ignore_errors=True)
    count = {result: sum(each.result == result for each in report.outcomes) for result in ("ok", "FAIL", "SKIP")}
    if not options.json:
        print(f"{count['ok']} passed, {count['FAIL']} failed" + (f", {count['SKIP']} skipped" if count["SKIP"] else ""))
    return 0 if count["ok"] and not count["FAIL"] else 1


if __name__ == "__main__":
    sys.exit(main())
