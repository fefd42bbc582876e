"""Nothing but io/posix makes a system call, reads a clock, makes randomness or starts a thread.

Looked at are the undefined symbols of every static library of the product: what a library does not define, it asks of the
system. system_calls.txt lists the names, system_calls_allowed.txt the exceptions with their reasons.
"""
import functools
import re
import subprocess
import tempfile
from pathlib import Path

from tree import ROOT, read


@functools.lru_cache(maxsize=None)
def forbidden():
    lines = [line.strip() for line in read("tests/house/system_calls.txt").splitlines()]
    return re.compile("|".join(line for line in lines if line and not line.startswith("#")))


@functools.lru_cache(maxsize=None)
def allowed():
    rules = []
    for line in read("tests/house/system_calls_allowed.txt").splitlines():
        if line.strip() and not line.startswith("#"):
            library, symbol, _reason = line.split(maxsplit=2)
            rules.append((re.compile(library), re.compile(symbol)))
    return rules


def violations_in(library, nm_output):
    """nm -u -A prints `archive:member: U symbol` (or w for weak)."""
    found = set()
    for line in nm_output.splitlines():
        fields = line.split()
        if len(fields) < 3 or fields[-2] not in ("U", "w", "v"):
            continue
        symbol = fields[-1].split("@")[0]
        if not forbidden().fullmatch(symbol):
            continue
        if any(lib.fullmatch(library) and name.fullmatch(symbol) for lib, name in allowed()):
            continue
        member = fields[0].rstrip(":").split(":")[-1]
        found.add(f"{library}: {member} asks for {symbol} (only io/posix may; take it from io::Env or a parameter)")
    return sorted(found)


def undefined_symbols(library):
    return subprocess.run(["llvm-nm-19", "-u", "-A", library], capture_output=True, text=True, check=True).stdout


def check():
    found, seen = [], 0
    for preset in ("asan", "release"):
        for library in sorted((ROOT / "build" / preset / "parts").rglob("libsofa_*.a")):
            seen += 1
            found += [f"{preset}: {line}" for line in violations_in(library.name, undefined_symbols(library))]
    if seen == 0:
        found.append("no library is built: ./dev test --only unit,house")
    return found


PLANTS = {
    "clock": "#include <chrono>\nlong f() { return std::chrono::steady_clock::now().time_since_epoch().count(); }",
    "wall clock": "#include <time.h>\nlong f() { return time(nullptr); }",
    "clock_gettime": "#include <time.h>\nlong f() { timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec; }",
    "random_device": "#include <random>\nunsigned f() { return std::random_device{}(); }",
    "thread": "#include <thread>\nvoid f() { std::thread([] {}).join(); }",
    "sleep": "#include <thread>\nvoid f() { std::this_thread::sleep_for(std::chrono::seconds(1)); }",
    "condition": "#include <condition_variable>\nvoid f(std::condition_variable& c, std::unique_lock<std::mutex>& l) { c.wait(l); }",
    "socket": "#include <sys/socket.h>\nint f() { return socket(AF_INET, SOCK_STREAM, 0); }",
    "names": "#include <netdb.h>\nint f(addrinfo** a) { return getaddrinfo(\"x\", nullptr, nullptr, a); }",
    "epoll": "#include <sys/epoll.h>\nint f() { return epoll_create1(0); }",
    "file": "#include <fstream>\nbool f() { return std::ifstream(\"x\").good(); }",
    "filesystem": "#include <filesystem>\nbool f() { return std::filesystem::exists(\"x\"); }",
    "write": "#include <unistd.h>\nlong f() { return write(1, \"x\", 1); }",
    "fsync": "#include <unistd.h>\nint f() { return fsync(3); }",
    "stdio": "#include <stdio.h>\nFILE* f() { return fopen(\"x\", \"r\"); }",
}


def self_test():
    missed = []
    with tempfile.TemporaryDirectory() as folder:
        for name, code in PLANTS.items():
            source, built = Path(folder, "plant.cc"), Path(folder, "plant.o")
            source.write_text(code)
            subprocess.run(["clang++-19", "-std=c++20", "-O1", "-c", source, "-o", built], check=True)
            if not violations_in("libsofa_rpc.a", undefined_symbols(built)):
                missed.append(f"not found: {name}")
            if violations_in("libsofa_io_posix.a", undefined_symbols(built)):
                missed.append(f"io/posix may do it: {name}")
    return missed
