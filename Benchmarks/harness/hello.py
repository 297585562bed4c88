"""(b) A hello function in Swift through host and isolate, against nginx in front of Node and of a minimal C server; one core each pair."""

from .cached import compare
from .loads import alternate, wrk
from .processes import SERVER_CORE
from .servers import PEERS, TOOLS, Edge, Nginx, Program, ask

ENTRY = {"hello": {"run": ["hello"], "idle": "1h"}}


def measure(report, folder, rounds=5, seconds=3):
    place = folder / "hello"
    with (
        Edge(place / "edge", ENTRY, core=SERVER_CORE) as edge,
        Program("node", PEERS / "hello.mjs", folder / "node.sock", core=SERVER_CORE) as node,
        Program(TOOLS / "hello", folder / "c.sock", core=SERVER_CORE) as c,
        Nginx(place / "node", "nginx-hello.conf", core=SERVER_CORE, SOCKET=folder / "node.sock") as before_node,
        Nginx(place / "c", "nginx-hello.conf", core=SERVER_CORE, SOCKET=folder / "c.sock") as before_c,
    ):
        before_node.behind, before_c.behind = [node], [c]
        for server, path in ((edge, "/functions/v1/hello"), (before_node, "/"), (before_c, "/")):
            if ask(server.port, "GET", path).status != 200:
                raise SystemExit(f"no hello from {type(server).__name__}")
        ours, node_samples, c_samples = alternate(
            rounds,
            lambda: wrk(edge, "/functions/v1/hello", seconds=seconds),
            lambda: wrk(before_node, "/", seconds=seconds),
            lambda: wrk(before_c, "/", seconds=seconds),
        )
    compare(report, "b", "hello, edge and isolate to nginx and Node", ours, node_samples, 1.3)
    compare(report, "b", "hello, edge and isolate to nginx and a minimal C server", ours, c_samples)
