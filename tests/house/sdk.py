"""What is installed is enough to build with: examples/standalone, copied out of the tree, finds it, builds, runs and answers.

Both ways to install are tried: `cmake --install` into a folder, and the Debian package unpacked in its place.
"""
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tree import ROOT, read

BUILD = ROOT / "build/release"
PROJECT = ROOT / "examples/standalone"


def run(*command, cwd=None, input=""):
    """(exit code, all that was said)"""
    done = subprocess.run([str(word) for word in command], cwd=cwd, input=input, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False, timeout=600)
    return done.returncode, done.stdout


def need(*command, cwd=None):
    code, said = run(*command, cwd=cwd)
    if code != 0:
        raise RuntimeError(f"{' '.join(str(word) for word in command)}: exit code {code}\n{said}")
    return said


def install(prefix):
    if not (BUILD / "build.ninja").exists():
        need("cmake", "--preset", "release", cwd=ROOT)
    need("ninja", "-C", BUILD, "-j", os.cpu_count() or 1, "sofa", "sofa_sdk")
    need("cmake", "--install", BUILD, "--prefix", prefix)


def package(folder):
    """The Debian package of what `install` built."""
    need("cpack", "--config", BUILD / "CPackConfig.cmake", "-B", folder)
    return next(Path(folder).glob("*.deb"))


def every_public_header():
    return "".join(f"#include <{line.split()[0]}>\n" for line in read("cmake/public_headers.txt").splitlines()
                   if line.startswith("sofa/"))


def configure(project, prefix, *more):
    return run("cmake", "-G", "Ninja", "-S", project, "-B", project / "build", f"-DCMAKE_PREFIX_PATH={prefix}",
               "-DCMAKE_CXX_COMPILER=clang++-19", "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Wshadow -Werror",
               f"-DCMAKE_CXX_COMPILER_LAUNCHER=env;CCACHE_BASEDIR={project.parent};CCACHE_NOHASHDIR=1;ccache", *more)


def conversation(build):
    """(exit code, what the client was told) after a server was started and three people were greeted."""
    with subprocess.Popen([build / "server", "bolt://127.0.0.1:0"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        url = server.stdout.readline().strip()
        told = run(build / "client", url, "Ann", "Bob")
        server.stdin.close()
        code = server.wait(timeout=30)
    return told if told[0] != 0 else (code, told[1])


def served(prefix, project):
    """(exit code, what it answers) of the application that `sofa new module` wrote."""
    with subprocess.Popen([Path(prefix, "bin/sofa"), "serve", project / "app.yaml", "--listen", "bolt://127.0.0.1:0", "--ctl",
                           project / "ctl.sock", "--quiet"], stdout=subprocess.PIPE, text=True) as server:
        url = next((word for word in server.stdout.readline().split() if word.startswith("bolt://")), "")
        told = run(Path(prefix, "bin/sofa"), "call", url, "com.example.GreetingsService", "greet", '"Ann"')
        server.terminate()
        code = server.wait(timeout=30)
    return told if told[0] != 0 else (code, told[1])


def module_complaints(prefix):
    """What keeps a stranger from building, testing and running the module that `sofa new` writes."""
    folder = Path(prefix).parent / "made"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    project = folder / "greetings"
    for what, step in [("new", lambda: run(Path(prefix, "bin/sofa"), "new", "module", "greetings", cwd=folder)),
                       ("configure", lambda: configure(project, prefix)),
                       ("build", lambda: run("ninja", "-C", project / "build")),
                       ("test", lambda: run("ctest", "--test-dir", project / "build", "--output-on-failure")),
                       ("serve", lambda: served(prefix, project))]:
        code, said = step()
        if code != 0:
            return [f"module: {what}: {line}" for line in said.splitlines()]
    return [] if said == '"Good morning, Ann"\n' else [f"module: it answers {said!r}"]


def complaints(prefix):
    """What keeps a stranger from using what is installed at `prefix`."""
    project = Path(prefix).parent / "project"
    shutil.rmtree(project, ignore_errors=True)
    shutil.copytree(PROJECT, project, ignore=shutil.ignore_patterns("build"))
    with (project / "greeter.cc").open("a") as unit:
        unit.write(every_public_header())
    for what, step in [("configure", lambda: configure(project, prefix)),
                       ("build", lambda: run("ninja", "-C", project / "build")),
                       ("run", lambda: conversation(project / "build"))]:
        code, said = step()
        if code != 0:
            return [f"{what}: {line}" for line in said.splitlines()]
    if said != "Hello, Ann (1)\nHello, Bob (2)\n":
        return [f"run: the client was told {said!r}"]
    code, said = run(Path(prefix, "bin/sofa"), "--version")
    if code != 0 or not said.startswith("sofa "):
        return [f"bin/sofa --version: exit code {code}, {said!r}"]
    offers = "source share/bash-completion/completions/sofa && COMP_WORDS=(sofa dec) COMP_CWORD=1 && _sofa && echo $COMPREPLY"
    code, said = run("bash", "--norc", "-c", offers, cwd=prefix)
    return [] if said == "decode\n" else [f"bash completion offers {said!r}"]


def check():
    with tempfile.TemporaryDirectory() as folder:
        prefix = Path(folder, "usr")
        install(prefix)
        found = [f"cmake --install: {line}" for line in complaints(prefix) + module_complaints(prefix)]
        shutil.rmtree(prefix)
        need("dpkg-deb", "-x", package(Path(folder, "deb")), folder)
        return found + [f"package: {line}" for line in complaints(prefix)]


def self_test():
    missed = []
    with tempfile.TemporaryDirectory() as folder:
        prefix = Path(folder, "usr")
        install(prefix)
        refused = configure(shutil.copytree(PROJECT, Path(folder, "project")), prefix,
                            "-DSOFA_COMPILER_HEALTH_FLAGS=-DSOFA_HEALTH_PLANT")
        if refused[0] == 0 or "Use clang 19" not in refused[1]:
            missed.append(f"a compiler that miscompiles coroutines: {refused}")
        header = prefix / "include/sofa/rpc/slot.h"
        header.rename(prefix / "slot.h")
        if not any("slot.h" in line for line in complaints(prefix)):
            missed.append("a header that was not installed")
        (prefix / "slot.h").rename(header)
        need("llvm-ar-19", "d", prefix / "lib/libsofa.a", "shard.cc.o")
        if not any("undefined symbol" in line or "undefined reference" in line for line in complaints(prefix)):
            missed.append("a library that lacks a unit")
    return missed
