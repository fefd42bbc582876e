#!/usr/bin/env python3
"""A ZooKeeper of Debian's package on loopback, with a data folder of its own that goes with it, or one that is named.

Prints READY port=N once it answers; ends with 0 on SIGTERM, and by itself after so many seconds.
"""
import argparse
import contextlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CONFIGURATION = """
tickTime=500
dataDir={folder}
clientPort={port}
clientPortAddress=127.0.0.1
admin.enableServer=false
4lw.commands.whitelist=srvr
"""
# Only a terminal's worth of log: what the server has to say when it does not start.
JAVA = ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx128m", "-cp", "/usr/share/java/zookeeper.jar",
        "org.apache.zookeeper.server.ZooKeeperServerMain"]
START_SECONDS = 30


def answers(port):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as s:
            s.sendall(b"srvr")
            return b"Mode: standalone" in s.recv(4096, socket.MSG_WAITALL)
    except OSError:
        return False


def stop(process):
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--seconds", type=float, default=900, help="its life (%(default)s)")
    parser.add_argument("--data", help="a data folder that stays, instead of one of its own")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    own = tempfile.TemporaryDirectory(prefix="sofa-zookeeper-")
    with contextlib.nullcontext(options.data) if options.data else own as folder:
        file = Path(folder) / "zoo.cfg"
        file.write_text(CONFIGURATION.format(folder=folder, port=options.port))
        process = subprocess.Popen([*JAVA, str(file)], stdin=subprocess.DEVNULL)
        try:
            started = time.monotonic()
            while not answers(options.port):
                if process.poll() is not None or time.monotonic() - started > START_SECONDS:
                    return 1
                time.sleep(0.05)
            print(f"READY port={options.port}", flush=True)
            try:
                return process.wait(options.seconds)
            except subprocess.TimeoutExpired:
                return 0
        finally:
            stop(process)


if __name__ == "__main__":
    sys.exit(main())
