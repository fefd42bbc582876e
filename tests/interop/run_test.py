#!/usr/bin/env python3
"""Plants every fault that run.py is there to find, with small programs in place of peers, and sees it found."""
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parent))
import run  # noqa: E402
from rows import Program, Row, build, rows  # noqa: E402

PYTHON = sys.executable

SERVER = """
    import os, signal, socket, sys, time
    port, kind = int(sys.argv[1]), sys.argv[2]
    if kind == "clash-once":
        marker = sys.argv[3]
        try:
            open(marker, "x").close()
            print("bind(..) failed: Address already in use"); sys.exit(1)
        except FileExistsError:
            pass
    if kind == "dies-early": print("no configuration"); sys.exit(3)
    if kind == "never-ready": time.sleep(60)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(9 if kind == "unclean" else 0))
    if kind == "deaf": signal.signal(signal.SIGTERM, signal.SIG_IGN)
    s = socket.socket(); s.bind(("127.0.0.1", 0 if kind == "own-port" else port)); s.listen()
    print("READY port=%d protocol=bolt" % s.getsockname()[1], flush=True)
    while True:
        c = s.accept()[0]
        if kind == "dies-when-called": sys.exit(4)
        if kind == "dies-once" and not os.path.exists(sys.argv[3]):
            open(sys.argv[3], "x").close(); sys.exit(4)
        c.sendall(b"hello")
"""
CLIENT = """
    import socket, sys, time
    port, kind = int(sys.argv[1]), sys.argv[2]
    c = socket.create_connection(("127.0.0.1", port))
    if kind == "hangs" or not c.recv(5): time.sleep(60)
    if kind == "silent": sys.exit(0)
    if kind == "one-fails": print("FAIL balance: got 1\\n6 passed, 1 failed"); sys.exit(0)
    print("7 passed, 0 failed")
    sys.exit(5 if kind == "bad-exit" else 0)
"""


class Harness(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.dir = Path(folder.name)
        for name, text in (("server.py", SERVER), ("client.py", CLIENT)):
            (self.dir / name).write_text(textwrap.dedent(text))

    def outcomes(self, client="good", server="good", expect=7, seconds=60, count=1, jobs=1):
        names = [f"{client}-{i}" for i in range(count)]
        servers = {server: Program([PYTHON, str(self.dir / "server.py"), "{port}", server, str(self.dir / "marker")],
                                   clean_stop=True)}
        clients = {name: Program([PYTHON, str(self.dir / "client.py"), "{port}", client]) for name in names}
        chosen = [Row(server, name, "m", [], expect, seconds=seconds) for name in names]
        with mock.patch.multiple(run, READY_SECONDS=8, STOP_SECONDS=3):
            return run.Runner(chosen, servers, clients, {}, self.dir).run(jobs, lambda _: None)

    def assert_fails(self, why, **kwargs):
        outcomes = self.outcomes(**kwargs)
        self.assertEqual(outcomes[0].result, "FAIL", outcomes)
        self.assertIn(why, outcomes[0].why)
        self.assertEqual(run.verdict(run.summary(outcomes)[0]), 1)

    def test_good_row_and_clean_stop(self):
        outcomes = self.outcomes()
        self.assertEqual([o.result for o in outcomes], ["ok", "ok"], outcomes)
        self.assertEqual(outcomes[1].row, "good server stops when asked")
        self.assertEqual(run.verdict(run.summary(outcomes)[0]), 0)

    def test_server_that_picks_its_own_port(self):
        self.assertEqual(self.outcomes(server="own-port")[0].result, "ok")

    def test_port_taken_meanwhile_is_tried_again(self):
        self.assertEqual(self.outcomes(server="clash-once")[0].result, "ok")

    def test_a_check_that_vanished(self):
        self.assert_fails("7 checks passed, 8 expected", expect=8)

    def test_a_check_too_many(self):
        self.assert_fails("7 checks passed, 6 expected", expect=6)

    def test_failed_check_shows_the_output(self):
        self.assert_fails("FAIL balance: got 1", client="one-fails", expect=6)

    def test_client_that_says_nothing(self):
        self.assert_fails("never said", client="silent")

    def test_good_count_with_bad_exit_code(self):
        self.assert_fails("exited with 5 though", client="bad-exit")

    def test_client_that_hangs(self):
        self.assert_fails("not done within", client="hangs", seconds=2)

    def test_server_that_dies_before_it_is_ready(self):
        self.assert_fails("ended with 3 before it could be called", server="dies-early")

    def test_server_that_is_never_ready(self):
        self.assert_fails("not READY within", server="never-ready")

    def test_server_that_dies_when_called_is_seen_at_once(self):
        started = time.monotonic()
        outcomes = self.outcomes(server="dies-when-called", count=2)
        self.assertLess(time.monotonic() - started, 50)
        self.assertEqual([o.result for o in outcomes], ["FAIL", "FAIL"])
        for outcome in outcomes:
            self.assertIn("the server ended with 4", outcome.why)

    def test_server_that_died_once_is_started_again_for_the_next_row(self):
        outcomes = self.outcomes(server="dies-once", count=2)
        self.assertEqual([o.result for o in outcomes], ["FAIL", "ok", "ok"], outcomes)

    def test_unclean_stop(self):
        self.assertIn("asked to stop, it exited with 9", self.outcomes(server="unclean")[-1].why)

    def test_server_that_does_not_stop_is_killed_and_told_of(self):
        self.assertIn("asked to stop, it did not", self.outcomes(server="deaf")[-1].why)

    def test_program_that_was_not_built(self):
        chosen = [Row("cpp", "cpp", "m", [], 1)]
        outcomes = run.Runner(chosen, {"cpp": Program(["/nonexistent/sofa"])}, {"cpp": Program(["/nonexistent/c"])}, {},
                              self.dir).run(1, lambda _: None)
        self.assertIn("is not there", outcomes[0].why)

    def test_missing_tool_is_skipped_and_fails_in_ci(self):
        peers = mock.Mock()
        peers.ready.side_effect = build.Missing("java-1 needs javac")
        chosen = [Row("java-1", "java-1", "m", [], 1)]
        programs = {"java-1": Program(["java"], peer="java-1")}
        for ci, result, code in (("", "SKIP", 0), ("true", "FAIL", 1)):
            with mock.patch.dict(os.environ, {"CI": ci}):
                outcomes = run.Runner(chosen, programs, programs, {}, self.dir, peers).run(1, lambda _: None)
            self.assertEqual([o.result for o in outcomes], [result])
            self.assertEqual(run.verdict(run.summary(outcomes)[0]), 1, "nothing run proves nothing")
            count, text = run.summary(outcomes + [run.Outcome("other", "ok", 1, 1, 0)])
            self.assertEqual(text, "1 passed, 0 failed, 1 skipped" if ci == "" else "1 passed, 1 failed")
            self.assertEqual(run.verdict(count), code)

    def test_a_registry_runs_before_who_is_found_in_it_and_stops_after(self):
        server = [PYTHON, str(self.dir / "server.py"), "{port}", "good"]
        servers = {"registry": Program(server, clean_stop=True),
                   "found": Program([*server, "{registry}"], clean_stop=True, registry="registry")}
        clients = {"c": Program([PYTHON, str(self.dir / "client.py"), "{registry}", "good"])}
        outcomes = run.Runner([Row("found", "c", "m", [], 7)], servers, clients, {}, self.dir).run(1, lambda _: None)
        self.assertEqual([(o.row, o.result) for o in outcomes], [
            ("c -> found / m", "ok"), ("found server stops when asked", "ok"), ("registry server stops when asked", "ok")])

    def test_a_missing_package_is_skipped(self):
        servers = {"s": Program([PYTHON], debian=("/nonexistent.jar", "zookeeper"))}
        outcomes = run.Runner([Row("s", "s", "m", [], 1)], servers, servers, {}, self.dir).run(1, lambda _: None)
        self.assertIn("Debian package zookeeper", outcomes[0].why)

    def test_rows_at_a_time_share_one_server(self):
        outcomes = self.outcomes(count=6, jobs=3)
        self.assertEqual([o.result for o in outcomes], ["ok"] * 7, outcomes)
        self.assertEqual(len(list(self.dir.glob("server-*.log"))), 1)

    def test_terminated_run_leaves_nothing_behind(self):
        script = self.dir / "given_up.py"
        script.write_text(textwrap.dedent(f"""
            import os, sys
            sys.path[:0] = [{str(Path(run.__file__).parent)!r}]
            import rows, run
            d = {str(self.dir)!r}
            rows.servers = lambda _: {{"cpp": rows.Program([sys.executable, d + "/server.py", "{{port}}", "good"])}}
            rows.clients = lambda: {{"cpp": rows.Program([sys.executable, d + "/client.py", "{{port}}", "hangs"])}}
            rows.rows = lambda: [rows.Row("cpp", "cpp", str(i), [], 7) for i in range(9)]
            procs = run.procs.Process
            start = procs.__init__
            def told(self, *args):
                start(self, *args)
                os.write(2, b"%d\\n" % self._popen.pid)
            procs.__init__ = told
            sys.exit(run.main())
        """))
        runner = subprocess.Popen([PYTHON, str(script), "--jobs", "2"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                  text=True)
        self.addCleanup(runner.stderr.close)
        self.addCleanup(runner.kill)
        children = [int(runner.stderr.readline()) for _ in range(3)]  # the server and two clients
        runner.send_signal(signal.SIGTERM)
        self.assertEqual(runner.wait(20), 143)
        for pid in children:
            with self.assertRaises(ProcessLookupError):
                os.kill(pid, 0)

    def test_nothing_starts_once_the_run_is_given_up(self):
        self.addCleanup(setattr, run.procs.Process, "_stopping", False)
        run.procs.Process.stop_all()
        with self.assertRaises(run.procs.Stopping):
            run.procs.Process([PYTHON, "-c", ""], self.dir / "late.log")

    def test_the_table(self):
        names = [(row.group, row.name) for row in rows()]
        self.assertEqual(len(names), len(set(names)))
        expected = {row.name: row.expect for row in rows()}
        self.assertEqual(expected["java-5.13.2 -> cpp / sync"], 56)
        self.assertEqual(expected["node-2.10.0 -> cpp / checks"], 27)
        self.assertEqual(expected["cpp -> java-5.13.2@zookeeper / sync"], 56)
        self.assertEqual(expected["cpp -> node-2.10.0 / basic"], 24)


if __name__ == "__main__":
    unittest.main()
