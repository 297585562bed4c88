"""edge and what it is measured against, each on a free loopback port with its files in a folder of the run."""

import contextlib
import http.client
import json
import os
import pathlib
import shutil
import socket
import tempfile

from .processes import Running, accepts, free_port

ROOT = pathlib.Path(__file__).resolve().parents[2]
PEERS = ROOT / "Benchmarks" / "peers"
TOOLS = ROOT / ".build" / "bench" / "tools"
SETTINGS = "generate.json"  # beside the manifest
RELEASE = pathlib.Path(os.environ.get("EDGE_BENCH_PROGRAMS", ROOT / ".build" / "release"))


# What each provider needs to take the upstream for itself: secrets, and settings with the upstream's port for "@".
PROVIDERS = {
    "runware": (
        {"RUNWARE_API_KEY": "rw_benchmark"},
        {"RUNWARE_BASE_URL": "http://127.0.0.1:@/runware", "RUNWARE_DELIVERY": "sync"},
    ),
    "huggingface": (
        {"HUGGINGFACE_API_KEY": "hf_benchmark"},
        {"HUGGINGFACE_BASE_URL": "http://127.0.0.1:@", "HUGGINGFACE_FORM": "models"},
    ),
    "openai": ({"OPENAI_API_KEY": "sk_benchmark"}, {"OPENAI_BASE_URL": "http://127.0.0.1:@/v1"}),
}


class Edge(Running):
    """A host with `functions`, its state in `folder`, its providers on port `upstream`; `host` and `settings` go into its files."""

    def __init__(self, folder, functions, upstream=None, core=None, host=None, settings=None):
        folder.mkdir(parents=True, exist_ok=True)
        manifest = folder / "functions.json"
        manifest.write_text(json.dumps({"host": host or {}, "functions": functions}))
        self.port = free_port()
        self.state = folder / "state"
        base = ("PATH", "HOME", "LANG", "TMPDIR")
        env = {name: os.environ[name] for name in base if name in os.environ}
        if upstream:
            # Results behind addresses are on loopback here, where they are refused unless listed.
            (folder / SETTINGS).write_text(json.dumps({"results": {"allow": ["127.0.0.1/32"]}, **(settings or {})}))
            for secrets, settings in PROVIDERS.values():
                env.update({name: value.replace("@", str(upstream)) for name, value in {**secrets, **settings}.items()})
        super().__init__(
            [RELEASE / "edge", "serve", "--port", self.port, "--state", self.state, "--functions", manifest, "--log", "json"],
            lambda: accepts(self.port) and ask(self.port, "GET", "/readyz").status == 200,
            core=core,
            env=env,
        )

    def socket_of(self, function):
        """The path of the socket on which the function's process listens, which must run."""
        for pid in self.named(function):
            for variable in pathlib.Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                if variable.startswith(b"EDGE_SOCKET="):
                    return variable.partition(b"=")[2].decode()
        raise SystemExit(f"the function {function} is not running")


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


class Bare(Running):
    """The bare loop of bare.c, which answers everything with these bytes."""

    def __init__(self, folder, answer, core=None):
        folder.mkdir(parents=True)
        (folder / "answer").write_bytes(answer)
        self.port = free_port()
        super().__init__([TOOLS / "bare", self.port, folder / "answer"], lambda: accepts(self.port), core=core)


class Program(Running):
    """A server that listens on the Unix socket named by its last argument."""

    def __init__(self, *arguments, core=None):
        super().__init__(arguments, lambda: accepts(path=arguments[-1]), core=core)


class Upstream(Running):
    """All providers, with a fixed delay. With `failure`, a status and Retry-After, they never make an image."""

    def __init__(self, image, delay=0, failure=(), core=None):
        self.port = free_port()
        super().__init__([TOOLS / "upstream", self.port, delay, image, *failure], lambda: accepts(self.port), core=core)

    def calls(self):
        return int(ask(self.port, "GET", "/").body)


def ask(place, method, path, body=None, headers=None):
    """One request on a connection of its own, to a port or a Unix socket's path; the answer has `status`, `headers` and the whole `body`."""
    connection = http.client.HTTPConnection("127.0.0.1", place if isinstance(place, int) else None, timeout=60)
    if not isinstance(place, int):
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(60)
        connection.sock.connect(str(place))
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


@contextlib.contextmanager
def memory_folder():
    """A folder on tmpfs."""
    path = tempfile.mkdtemp(prefix="edge-bench-", dir="/dev/shm")
    try:
        yield pathlib.Path(path)
    finally:
        shutil.rmtree(path)


def generate_entry(providers=("huggingface",), **job):
    """The manifest's entry of Generate with these providers, without a cap a day."""
    return {
        "run": ["generate"],
        "secrets": [name for provider in providers for name in PROVIDERS[provider][0]],
        "env": [name for provider in providers for name in PROVIDERS[provider][1]],
        "settings": SETTINGS,
        "job": {"concurrency": 64, "perDay": 0, "deadline": "6h", **job},
        "cache": {"ttl": "1d"},
        "idle": "1h",
    }
