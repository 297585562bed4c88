"""edge and what it is measured against, each on a free loopback port with its files in a folder of the run."""

import http.client
import json
import os
import pathlib

from .processes import Running, accepts, free_port

ROOT = pathlib.Path(__file__).resolve().parents[2]
PEERS = ROOT / "Benchmarks" / "peers"
TOOLS = ROOT / ".build" / "bench" / "tools"
RELEASE = pathlib.Path(os.environ.get("EDGE_BENCH_PROGRAMS", ROOT / ".build" / "release"))


class Edge(Running):
    """A host with `functions`, its state in `folder`, its provider on port `upstream`."""

    def __init__(self, folder, functions, upstream=None, core=None):
        folder.mkdir(parents=True, exist_ok=True)
        manifest = folder / "functions.json"
        manifest.write_text(json.dumps({"functions": functions}))
        self.port = free_port()
        self.state = folder / "state"
        base = ("PATH", "HOME", "LANG", "TMPDIR")
        env = {name: os.environ[name] for name in base if name in os.environ}
        if upstream:
            env["HUGGINGFACE_API_KEY"] = "hf_benchmark"
            env["HUGGINGFACE_FORM"] = "models"
            env["HUGGINGFACE_BASE_URL"] = f"http://127.0.0.1:{upstream}"
        super().__init__(
            [RELEASE / "edge", "serve", "--port", self.port, "--state", self.state, "--functions", manifest, "--log", "json"],
            lambda: accepts(self.port) and ask(self.port, "GET", "/readyz").status == 200,
            core=core,
            env=env,
        )


class Nginx(Running):
    """nginx with one of the configurations in peers/; `values` fill its @NAMES@."""

    def __init__(self, folder, configuration, core=None, **values):
        folder.mkdir(parents=True)
        self.port = free_port()
        text = (PEERS / configuration).read_text().replace("@PORT@", str(self.port))
        for name, value in values.items():
            text = text.replace(f"@{name}@", str(value))
        if os.geteuid() == 0:
            text = "user root;\n" + text  # the workers must reach the folder of this run
        (folder / "nginx.conf").write_text(text)
        nginx = ["/usr/sbin/nginx", "-e", "stderr", "-p", folder, "-c", folder / "nginx.conf"]
        super().__init__(nginx, lambda: accepts(self.port), core=core)


class Program(Running):
    """A server that listens on the Unix socket named by its last argument."""

    def __init__(self, *arguments, core=None):
        super().__init__(arguments, lambda: accepts(path=arguments[-1]), core=core)


class Upstream(Running):
    """A provider with a fixed delay. With `failure`, a status and Retry-After, it never makes an image."""

    def __init__(self, image, delay=0, failure=(), core=None):
        self.port = free_port()
        super().__init__([TOOLS / "upstream", self.port, delay, image, *failure], lambda: accepts(self.port), core=core)

    def calls(self):
        return int(ask(self.port, "GET", "/").body)


def ask(port, method, path, body=None, headers=None):
    """One request on a connection of its own; the answer has `status`, `headers` and the whole `body`."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        answer.body = answer.read()
        return answer
    finally:
        connection.close()


def generate(port, prompt):
    """One image by POST; ends the run when it is none."""
    headers = {"Content-Type": "application/json", "Accept": "image/png"}
    answer = ask(port, "POST", "/functions/v1/generate", json.dumps({"prompt": prompt}), headers)
    if answer.status != 200:
        raise SystemExit(f"no image: {answer.status} {answer.body[:500]!r}")
    return answer


def generate_entry(**job):
    """The manifest's entry of Generate, without a cap a day."""
    return {
        "run": ["generate"],
        "secrets": ["HUGGINGFACE_API_KEY"],
        "env": ["HUGGINGFACE_BASE_URL", "HUGGINGFACE_FORM"],
        "job": {"concurrency": 64, "perDay": 0, "deadline": "6h", **job},
        "cache": {"ttl": "1d"},
        "idle": "1h",
    }
