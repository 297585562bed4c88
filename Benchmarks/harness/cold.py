"""(c) Request to first byte with no isolate running; beside it, what the same program and Node take by themselves."""

import os
import socket
import statistics
import subprocess
import time

from .servers import PEERS, RELEASE, Edge

IDLE = {"hello": {"run": ["hello"], "idle": "1s"}}


def measure(report, folder, rounds=30):
    with Edge(folder / "cold", IDLE) as edge:
        through, alone, node = [], [], []
        for _ in range(rounds):
            through.append(_through(edge))
            alone.append(_alone([RELEASE / "hello"], folder / "cold.sock"))
            node.append(_alone(["node", PEERS / "hello.mjs", folder / "cold-node.sock"], folder / "cold-node.sock"))
    note = (
        f"90 of 100 within {statistics.quantiles(through, n=10)[-1]:.1f} ms; the program alone, from start to first byte: "
        f"{statistics.median(alone):.1f} ms; Node: {statistics.median(node):.1f} ms; {rounds} starts each, in turns"
    )
    report.at_most("c", "request to first byte with no isolate running, median", statistics.median(through), 8, " ms", note)


def _through(edge):
    limit = time.monotonic() + 20
    while edge.named("hello"):
        if time.monotonic() > limit:
            raise SystemExit("the isolate does not stop when idle")
        time.sleep(0.01)
    time.sleep(0.05)
    with socket.create_connection(("127.0.0.1", edge.port), 20) as connection:
        return _first_byte(connection, b"/functions/v1/hello", time.perf_counter())


def _alone(arguments, path):
    path.unlink(missing_ok=True)
    env = {**os.environ, "EDGE_SOCKET": str(path), "EDGE_FUNCTION": "hello"}
    start = time.perf_counter()
    with subprocess.Popen([str(a) for a in arguments], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
        try:
            while time.perf_counter() < start + 20:
                with socket.socket(socket.AF_UNIX) as connection:
                    try:
                        connection.connect(str(path))
                    except OSError:
                        time.sleep(0.0001)
                        continue
                    return _first_byte(connection, b"/", start)
            raise SystemExit(f"{arguments[0]} does not listen")
        finally:
            process.kill()


def _first_byte(connection, path, start):
    connection.sendall(b"GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" % path)
    if not connection.recv(1):
        raise SystemExit("closed without an answer")
    milliseconds = (time.perf_counter() - start) * 1000
    while connection.recv(65536):
        pass
    return milliseconds
