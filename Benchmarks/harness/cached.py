"""(a) A cached POST: edge answers from its recall, nginx from proxy_cache; each on one core, the load on the other.

Beside them, where an answer fits a socket's buffer, a bare loop that sends edge's own answer from memory: the ceiling."""

import contextlib
import json
import socket

from . import images
from .loads import alternate, median, median_ratio, wrk
from .processes import SERVER_CORE
from .servers import Bare, Edge, Nginx, Upstream, generate, generate_entry

PATH = "/functions/v1/generate"
SIZES = (("500 B", 500, 64, 2.0), ("20 KB", 20_000, 64, 1.2), ("1.5 MB", 1_500_000, 16, 1.0))
BARE_MAX = 20_000  # bytes of an image that the bare loop is measured with
BODY = json.dumps({"prompt": "a lighthouse"})


def measure(report, folder, rounds=5, seconds=3):
    for name, size, connections, goal in SIZES:
        image = images.write_png(folder / f"{size}.png", size)
        place = folder / f"cached-{size}"
        with (
            Upstream(image) as upstream,
            Nginx(place / "nginx", "nginx-cached.conf", core=SERVER_CORE, UPSTREAM=upstream.port) as nginx,
            Edge(place / "edge", {"generate": generate_entry()}, upstream.port, core=SERVER_CORE) as edge,
        ):
            for server in (nginx, edge):
                first = generate(server.port, "a lighthouse")
                again = generate(server.port, "a lighthouse")
                calls = upstream.calls()
                if again.body != first.body or len(first.body) != image.stat().st_size:
                    raise SystemExit("the second answer is not the first one again")
            if calls != 2:
                raise SystemExit(f"{calls} calls for two cached answers: something was not cached")
            with contextlib.ExitStack() as stack:
                servers = [edge, nginx]
                if size <= BARE_MAX:
                    servers.append(stack.enter_context(Bare(place / "bare", whole_answer(edge.port), core=SERVER_CORE)))
                samples = alternate(rounds, *(lambda s=s: wrk(s, PATH, BODY, connections, seconds) for s in servers))
        ours, theirs, *bare = samples
        compare(report, "a", f"cached POST, {name}, edge to nginx proxy_cache", ours, theirs, goal)
        if bare:
            compare(report, "a", f"the ceiling, {name}: a bare epoll loop in C with edge's answer in memory, to nginx", bare[0], theirs)


def whole_answer(port):
    """The bytes of a cached answer as they are on the wire, head included."""
    headers = f"Host: 127.0.0.1\r\nContent-Type: application/json\r\nAccept: image/png\r\nContent-Length: {len(BODY)}\r\n"
    answer = b""
    with socket.create_connection(("127.0.0.1", port), 20) as connection:
        connection.sendall(f"POST {PATH} HTTP/1.1\r\n{headers}\r\n{BODY}".encode())  # what post.lua has wrk send
        while True:
            head, _, body = answer.partition(b"\r\n\r\n")
            fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
            if len(body) == int(fields.get(b"content-length", -1)):
                return answer
            piece = connection.recv(1 << 16)
            if not piece:
                raise SystemExit(f"a cached answer broke off: {answer[:500]!r}")
            answer += piece


def compare(report, item, what, ours, theirs, goal=None):
    """Answers a second where both servers fill their core; else answers per second of processor time, as the load was the limit."""
    busy = [median(side, lambda s: s.busy) for side in (ours, theirs)]
    full = min(busy) >= 0.95
    figure = (lambda s: s.rate) if full else (lambda s: s.per_cpu_second)
    rates = [median(side, lambda s: s.rate) for side in (ours, theirs)]
    each = [median(side, lambda s: s.cpu / s.answers) * 1e6 for side in (ours, theirs)]
    note = (
        f"{rates[0]:,.0f} to {rates[1]:,.0f} a second; {each[0]:.1f} to {each[1]:.1f} µs of processor each; "
        f"core {busy[0]:.0%} and {busy[1]:.0%} busy; by {'answers a second' if full else 'processor time, the load being the limit'}"
    )
    ratio = median_ratio(ours, theirs, figure)
    if goal is None:
        report.add(item, what, f"{ratio:.2f} times", note=note)
    else:
        report.at_least(item, what, ratio, goal, " times", note)
