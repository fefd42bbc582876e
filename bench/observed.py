"""An observed bank for `observe.cost`: its file, who scrapes it, who takes its spans. Load and helpers share core 1."""
import http.server
import os
import re
import threading
import urllib.request

from harness import BUILD, ROOT, Missing, Server, run_json

SERVER_CORE, LOAD_CORE = 0, 1
FRAME = os.path.join(ROOT, "bench", "frames", "echo-100-request.bin")


class Collector:
    """Takes spans and counts them."""

    def __init__(self):
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                owner.spans += body.count(b'"spanId"')  # to parse it would take the load's core
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        self.spans = 0
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]

    def __enter__(self):
        os.sched_setaffinity(0, {LOAD_CORE})
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
        os.sched_setaffinity(0, range(os.cpu_count()))


class Scraper:
    """Reads /metrics once a second."""

    def __init__(self, server):
        self.url = server.metrics
        self.done = threading.Event()
        self.thread = threading.Thread(target=self.scrape)

    def scrape(self):
        while not self.done.wait(1):
            urllib.request.urlopen(self.url, timeout=5).read()

    def __enter__(self):
        self.thread.start()

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()


def config(folder, collector_port):
    path = os.path.join(folder, "bank.yaml")
    with open(path, "w") as file:
        file.write(f"""application: bank
app: bank
observe:
  admin: 127.0.0.1:0
  digest: sampled
  stat: true
  folder: {folder}
  max_file_bytes: 67108864
  kept_files: 1
  otlp_url: http://127.0.0.1:{collector_port}/v1/traces
  trace_ratio: 0.001
""")
    return path


class Bank(Server):
    def __init__(self, path):
        super().__init__([os.path.join(BUILD, "sofa"), "serve", path, "--listen", "bolt://127.0.0.1:0", "--quiet"],
                         SERVER_CORE)
        self.metrics = None

    def find_metrics(self):
        self.errors.seek(0)
        found = re.search(r"url=(http://\S+/metrics)", self.errors.read())
        if not found:
            raise Missing("the bank does not say where its figures are")
        self.metrics = found.group(1)
        return self


def bank(path=None):
    server = Bank(path or os.path.join(ROOT, "examples/bank/bank.yaml"))
    return server.find_metrics() if path else server


def load(server, seconds):
    found = run_json([os.path.join(BUILD, "bench", "lean_client"), "--addr", server.address, "--frame", FRAME,
                      "--connections", "8", "--outstanding", "8", "--seconds", str(seconds), "--warmup", "0.5",
                      "--traces"], LOAD_CORE)
    if found["errors"]:
        raise Missing(f"{found['errors']} wrong answers from {server.address}")
    return found["rps"]


def losses(server):
    text = urllib.request.urlopen(server.metrics, timeout=5).read().decode()
    calls = sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith("sofa_rpc_calls_total"))
    lost = {sink: float(re.search(rf'sofa_observe_dropped_total{{sink="{sink}"}} (\d+)', text).group(1))
            for sink in ("digest", "span")}
    return f"{calls:.0f} calls, {lost['digest']:.0f} digest lines and {lost['span']:.0f} spans dropped"
