"""(g) Time that the host adds, provider by provider, 16 at once: a request through it, against the same run asked of the function's own socket."""

import itertools
import json
import statistics

from . import images
from .added import AT_ONCE, DELAY, GAP
from .loads import alternate, load
from .servers import PROVIDERS, Edge, Upstream, ask, generate_entry, memory_folder

SIZE, GOAL = 20_000, 0.5
FORMS = {"runware": "sync, by address", "huggingface": "its own inference, bytes", "openai": "b64_json"}


def measure(report, folder, rounds=5, answers=160):
    image = images.write_png(folder / f"host-{SIZE}.png", SIZE)
    numbers = itertools.count(0, answers)
    manifest = {"generate": generate_entry(providers=tuple(PROVIDERS))}
    with memory_folder() as memory, Upstream(image, DELAY) as upstream, Edge(memory, manifest, upstream.port) as edge:
        for provider, form in FORMS.items():
            wanted = json.dumps({"prompt": "a lighthouse, number {n}", "provider": provider})

            def through():
                return load(
                    edge.port, "/functions/v1/generate", answers, AT_ONCE, wanted, next(numbers), ["Accept: image/png"], gap=GAP
                )["median_ms"]

            through()  # starts the isolate, opens its connections
            socket, run = edge.socket_of("generate"), run_body(edge.socket_of("generate"), wanted)

            def alone():
                return load(socket, "/_edge/run", answers, AT_ONCE, run, next(numbers), [f"Edge-Attempt-Id: {ATTEMPT}"], gap=GAP)["median_ms"]

            alone()
            whole, base = (statistics.median(side) for side in alternate(rounds, through, alone))
            report.at_most(
                "g", f"added by the host, {provider} ({form}), 20 KB, state on tmpfs, median", whole - base, GOAL, " ms",
                f"{whole:.2f} ms through edge, {base:.2f} ms by the isolate alone, {AT_ONCE} at once, evenly spread",
            )


ATTEMPT = "6f2b9a54-0c1d-4e83-9a70-51d2c4b8e0f7"  # the provider of the benchmark takes an id more than once


def run_body(socket, wanted):
    """What the host sends for such a request: the input comes from the function's own admission."""
    admitted = ask(
        socket, "POST", "/_edge/admit", wanted, {"Content-Type": "application/json", "Edge-Method": "POST", "Edge-Target": "/"}
    )
    if admitted.status != 200:
        raise SystemExit(f"not admitted: {admitted.status} {admitted.body[:500]!r}")
    ticket = json.loads(admitted.body)
    job = "0" * 32
    run = {"job": job, "generation": job, "attempt": 1, "input": ticket["input"], "state": None}
    if "lanes" in ticket:
        run["lane"] = ticket["lanes"][0]["name"]
    return json.dumps({**run, "inputs": {}, "deadline": "2099-01-01T00:00:00Z"})
