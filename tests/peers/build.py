#!/usr/bin/env python3
"""Builds the real Java and Node peers into ${SOFA_CACHE:-~/.cache/sofa}/peers, one folder a peer, named by its sources.

A folder that is there is complete (it is built beside and renamed), so a second run does nothing.
A peer whose tools this machine lacks is skipped loudly; with CI=true that is a failure.
"""
import argparse
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
JAR = "sofa-peers-1.0.jar"
# The build's time limit covers a first run that downloads everything.
BUILD_SECONDS = 900


class Missing(Exception):
    """This machine lacks a tool: skip, unless in CI."""


class BuildFailed(Exception):
    """The tools are here and the build did not work."""


class Peer:
    def __init__(self, name, source, tools, build, package, mode="client"):
        self.name = name
        self.source = HERE / source
        self.tools = tools
        self._build = build
        self._package = package
        self.mode = mode

    def sources(self):
        skip = {"target", "node_modules"}
        for path in sorted(self.source.rglob("*")):
            relative = path.relative_to(self.source)
            if path.is_file() and not skip & set(relative.parts) and path.suffix != ".md":
                yield relative, path

    def folder(self):
        digest = hashlib.sha256(Path(__file__).read_bytes())
        for relative, path in self.sources():
            data = path.read_bytes()
            digest.update(f"{relative}\0{len(data)}\0".encode() + data)
        cache = os.environ.get("SOFA_CACHE") or Path.home() / ".cache" / "sofa"
        return Path(cache) / "peers" / f"{self.name}-{digest.hexdigest()[:16]}"

    def ready(self):
        """The built folder; builds it when it is not there. Raises Missing or BuildFailed."""
        lacking = [f"{tool} (Debian package {package})" for tool, package in self.tools.items() if not shutil.which(tool)]
        if lacking:
            raise Missing(f"{self.name} needs {', '.join(lacking)}")
        folder = self.folder()
        folder.parent.mkdir(parents=True, exist_ok=True)
        with open(folder.parent / f".{self.name}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not folder.is_dir():
                self._build_into(folder)
        return folder

    def _build_into(self, folder):
        started = time.monotonic()
        print(f"peers: building {self.name} ...", file=sys.stderr, flush=True)
        work = folder.parent / f".{self.name}.work"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        try:
            self._build(self.source, work)
        except subprocess.TimeoutExpired as e:
            raise BuildFailed(f"{self.name}: {e.cmd[0]} did not end within {e.timeout:.0f} s") from e
        except subprocess.CalledProcessError as e:
            tail = "\n".join(e.stdout.splitlines()[-25:])
            raise BuildFailed(f"{self.name}: {' '.join(e.cmd)} gave {e.returncode}\n{tail}") from e
        work.rename(folder)
        print(f"peers: built {self.name} in {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)

    def command(self, *args):
        """The argv that runs this peer once it is built, its mode ('server', 'client', ...) first."""
        return self._package(self.folder(), list(args))


def _run(argv, cwd):
    subprocess.run(argv, cwd=cwd, check=True, text=True, timeout=BUILD_SECONDS, stdin=subprocess.DEVNULL,
                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def _java(version, what="sofa.rpc.version"):
    def build(source, work):
        argv = ["mvn", "-B", "-q", "-f", str(source / "pom.xml"), "-Dmaven.test.skip=true", f"-Dpeer.out={work / 'out'}"]
        if version:
            argv.append(f"-D{what}={version}")
        _run(argv + ["package"], source)
        (work / "out" / JAR).rename(work / JAR)
        (work / "out" / "lib").rename(work / "lib")
        shutil.rmtree(work / "out")

    def package(folder, args):
        # C1 only and a small heap: the checks live for seconds, and several JVMs share the machine
        return ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m", "-jar", str(folder / JAR)] + args

    return build, package


def _node_build(source, work):
    for path in source.iterdir():
        if path.suffix in (".js", ".json"):
            shutil.copy(path, work / path.name)
    _run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], work)


def _node_package(folder, args):
    return ["node", str(folder / f"{args[0]}.js")] + args[1:]


_JDK = {"java": "openjdk-17-jdk-headless", "javac": "openjdk-17-jdk-headless", "mvn": "maven"}
PEERS = {
    peer.name: peer
    for peer in [
        Peer("java-5.13.2", "java", _JDK, *_java(None)),
        Peer("java-5.9.2", "java", _JDK, *_java("5.9.2")),
        Peer("java-5.5.9", "java", _JDK, *_java("5.5.9")),
        Peer("sofaboot-3.18.0", "boot", _JDK, *_java(None), mode="ready"),
        *[Peer(f"registry-client-{version}", "registry", _JDK, *_java(version, "registry.version"))
          for version in ("5.2.0", "5.4.2", "6.3.0", "6.5.6")],
        Peer("node-2.10.0", "node", {"node": "nodejs", "npm": "npm"}, _node_build, _node_package),
    ]
}


def in_ci():
    return os.environ.get("CI", "").lower() in ("1", "true")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of {', '.join(PEERS)} (all)")
    parser.add_argument("--command", action="store_true", help="print the command line of the one peer named")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in PEERS]
    if unknown:
        parser.error(f"no peer {', '.join(unknown)}; there are {', '.join(PEERS)}")
    if options.command and len(options.names) != 1:
        parser.error("--command takes exactly one NAME")
    bad = 0
    for name in options.names or PEERS:
        try:
            folder = PEERS[name].ready()
            print(" ".join(PEERS[name].command(PEERS[name].mode)) if options.command else f"{name}  ok    {folder}")
        except Missing as e:
            print(f"{name}  {'FAIL' if in_ci() else 'SKIP'}  {e}", file=sys.stderr)
            bad += in_ci()
        except BuildFailed as e:
            print(f"{name}  FAIL  {e}", file=sys.stderr)
            bad += 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
