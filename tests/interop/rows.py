"""What is run against what: the programs, and the rows with the number of checks each must pass."""
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "peers"))
import build  # noqa: E402

JAVA = "java-5.13.2"
JAVA_5_9 = "java-5.9.2"
JAVA_5_5 = "java-5.5.9"
NODE = "node-2.10.0"
PEERS = (JAVA, JAVA_5_9, JAVA_5_5, NODE)
CPP = "cpp"

# The C++ programs; {root}, {sofa} and {cpp_client} are filled in by run.py. A server takes {port}, which was free a
# moment ago, or picks its own and says so in the line that makes it ready: READY port=N ...
CPP_SERVER = ["{sofa}", "serve", "{root}/examples/bank/bank.yaml", "--listen", "bolt://127.0.0.1:0"]
CPP_CLIENT = ["{cpp_client}", "--addr", "127.0.0.1:{port}"]

# The same bank as modules, of which one is exchanged under the load of a Java client; releasing.py counts its checks.
MODULES = "cpp modules"
MODULES_SERVER = ["{sofa}", "serve", "{root}/examples/bank/bank-modules.yaml", "--listen", "bolt://127.0.0.1:{port}", "--ctl",
                  "/tmp/sofa-interop-{port}.sock", "--quiet"]
RELEASE = "java and a release"

# Where both sides find each other: each server publishes under a root of its own, and its clients know no more than that.
ZOOKEEPER = "zookeeper"
CPP_IN_ZOOKEEPER = "cpp@zookeeper"
JAVA_IN_ZOOKEEPER = JAVA + "@zookeeper"
# The same in a registry of ours, which speaks as SOFARegistry's server does.
REGISTRY = "registry"
REGISTRY_OF_CPP, REGISTRY_OF_JAVA = "registry of cpp", "registry of java"
CPP_IN_REGISTRY = "cpp@registry"
JAVA_IN_REGISTRY = JAVA + "@registry"
REGISTRY_CLIENTS = tuple(f"registry-client-{version}" for version in ("5.2.0", "5.4.2", "6.3.0", "6.5.6"))
# Restarts of C++ providers under the load of clients of all three languages; rolling.py counts its checks.
UNDER_LOAD = "java, node and cpp"

# The clients of Java and C++ take the same arguments; 'basic' is what a peer of any language holds.
MODES = {
    "sync": (["--mode", "sync", "--count", "5", "--timeout-check"], 56),
    "future": (["--mode", "future", "--count", "5"], 5),
    "callback": (["--mode", "callback", "--count", "5"], 2),
    "oneway": (["--mode", "oneway", "--count", "5"], 6),
    "generic": (["--mode", "generic", "--count", "5"], 11),
    "basic": (["--mode", "basic", "--count", "5"], 24),
}
ALL = list(MODES)
# A call's context through chains of C++ and Java; the C++ client only, which brings a C++ server of its own.
MODES["context"] = (["--mode", "context"], 60)
MODES["context-5.5"] = (["--mode", "context", "--no-custom-headers"], 60)
# By the header that `sofa import` makes of the peers' facade.
MODES["imported"] = (["--mode", "imported"], 14)
# 5.5.9's server lets an exception's cause travel, which the sync list (rightly) takes for a fault.
WITHOUT_SYNC = [mode for mode in ALL if mode != "sync"]
NODE_CHECKS = 27


@dataclass
class Program:
    argv: list
    peer: str = ""  # a real peer, to be built first
    clean_stop: bool = False  # must exit with 0 when asked to stop
    more_peers: tuple = ()  # likewise
    registry: str = ""  # the server that must run first; its port is {registry}
    debian: tuple = ()  # a file that must be there, and the package that has it


@dataclass
class Row:
    server: str
    client: str
    mode: str
    args: list
    expect: int
    group: str = "cpp"  # or "control": real peers only, which proves the peers and run.py itself
    seconds: float = field(default=60)

    @property
    def name(self):
        return f"{self.client} -> {self.server} / {self.mode}"


def servers(seconds):
    """Real peers end by themselves after so many seconds, whatever happens to us."""
    table = {CPP: Program(CPP_SERVER, clean_stop=True), MODULES: Program(MODULES_SERVER, clean_stop=True)}
    for name in PEERS:
        argv = build.PEERS[name].command("server", "--port", "{port}", "--seconds", str(seconds))
        table[name] = Program(argv, peer=name)
    table[ZOOKEEPER] = Program([sys.executable, "{root}/tests/interop/zookeeper_server.py", "--port", "{port}",
                                "--seconds", str(seconds)],
                               debian=("/usr/share/java/zookeeper.jar", "zookeeper"), clean_stop=True)
    for name in (REGISTRY, REGISTRY_OF_CPP, REGISTRY_OF_JAVA):
        table[name] = Program(["{sofa}", "registry", "--bolt", "127.0.0.1:0", "--http", "127.0.0.1:0"], clean_stop=True)
    for name, plain, registry in ((CPP_IN_ZOOKEEPER, CPP, ZOOKEEPER), (JAVA_IN_ZOOKEEPER, JAVA, ZOOKEEPER),
                                  (CPP_IN_REGISTRY, CPP, REGISTRY_OF_CPP), (JAVA_IN_REGISTRY, JAVA, REGISTRY_OF_JAVA)):
        table[name] = replace(table[plain], argv=table[plain].argv + _registry(name), registry=registry)
    return table


def _registry(server):
    if server.endswith(f"@{REGISTRY}"):
        return ["--registry", "sofa://127.0.0.1:{registry}"]
    return ["--registry", f"zookeeper://127.0.0.1:{{registry}}/{server}"]


def clients():
    rolling = ["{root}/tests/interop/rolling.py", "--registry", "zookeeper://127.0.0.1:{port}/rolling", "--sofa", "{sofa}",
               "--drill-client", "{drill_client}"]
    releasing = ["{root}/tests/interop/releasing.py", "--port", "{port}", "--sofa", "{sofa}"]
    table = {CPP: Program(CPP_CLIENT),
             RELEASE: Program([sys.executable, *releasing], peer=JAVA),
             UNDER_LOAD: Program([sys.executable, *rolling], peer=JAVA, more_peers=(NODE,))}
    for name in REGISTRY_CLIENTS:
        table[name] = Program([sys.executable, "{root}/tests/interop/registering.py", "--peer", name, "--port", "{port}",
                               "--sofa", "{sofa}"], peer=name)
    for name in PEERS:
        table[name] = Program(build.PEERS[name].command("client", "--addr", "127.0.0.1:{port}"), peer=name)
    return table


def _rows(group, server, client, modes):
    return [Row(server, client, mode, MODES[mode][0], MODES[mode][1], group) for mode in modes]


def _found(server, client, modes):
    """Rows whose client is told of a registry instead of an address that leads anywhere."""
    return [replace(row, args=row.args + _registry(server)) for row in _rows("cpp", server, client, modes)]


def _node(group, server):
    return [Row(server, NODE, "checks", ["--count", "5"], NODE_CHECKS, group)]


def rows():
    return [
        *_rows("cpp", CPP, JAVA, ALL),
        *_node("cpp", CPP),
        *_rows("cpp", CPP, JAVA_5_9, ALL),
        *_rows("cpp", CPP, JAVA_5_5, ALL),
        *_rows("cpp", JAVA, CPP, [*ALL, "context", "imported"]),
        *_rows("cpp", NODE, CPP, ["basic"]),
        *_rows("cpp", JAVA_5_9, CPP, [*ALL, "context"]),
        *_rows("cpp", JAVA_5_5, CPP, [*WITHOUT_SYNC, "context-5.5"]),
        *_found(CPP_IN_ZOOKEEPER, JAVA, ["sync", "oneway"]),
        *_found(JAVA_IN_ZOOKEEPER, CPP, ["sync", "oneway"]),
        Row(ZOOKEEPER, UNDER_LOAD, "rolling restart", [], 24, seconds=90),
        *_found(CPP_IN_REGISTRY, JAVA, ["sync", "oneway"]),
        *_found(JAVA_IN_REGISTRY, CPP, ["sync", "oneway"]),
        *[Row(REGISTRY, client, "lists, HTTP and a restart", [], 22, seconds=120) for client in REGISTRY_CLIENTS],
        *_rows("cpp", MODULES, JAVA, ["sync", "oneway"]),
        Row(MODULES, RELEASE, "switch and rollback", [], 28),
        *_rows("control", JAVA, JAVA, ALL),
        *_node("control", JAVA),
        *_node("control", NODE),
        *_rows("control", NODE, JAVA, ["basic"]),
        *_rows("control", JAVA, JAVA_5_9, ALL),
        *_rows("control", JAVA, JAVA_5_5, ALL),
        *_rows("control", JAVA_5_9, JAVA, ALL),
        *_rows("control", JAVA_5_5, JAVA, WITHOUT_SYNC),
    ]
