"""(e) Resident memory (VmRSS): the host idle, the functions, and what 10,000 waiting jobs add to the host."""

import time

from . import images
from .loads import load
from .processes import resident_kib
from .servers import Edge, Upstream, ask, generate, generate_entry

JOBS = 10_000
RETRY_AFTER = "7200"


def measure(report, folder):
    image = images.write_png(folder / "20000.png", 20_000)
    entries = {"hello": {"run": ["hello"], "idle": "1h"}, "generate": generate_entry()}
    with Upstream(image) as upstream, Edge(folder / "memory", entries, upstream.port) as edge:
        time.sleep(1)
        report.at_most("e", "resident, host idle", _mib(edge.named("edge")), 15, " MB")
        ask(edge.port, "GET", "/functions/v1/hello")
        report.at_most("e", "resident, hello function", _mib(edge.named("hello")), 10, " MB")
        for number in range(20):
            generate(edge.port, f"a lighthouse, number {number}")
        report.at_most("e", "resident, Generate after 20 images", _mib(edge.named("generate")), 20, " MB")

    failure = ("503", RETRY_AFTER)  # each job is tried once and then waits; a 429 would hold all others back untried
    with Upstream(image, failure=failure) as upstream, Edge(folder / "waiting", entries, upstream.port) as edge:
        ask(edge.port, "GET", "/functions/v1/hello")
        before = _mib(edge.named("edge"))
        load(
            edge.port, "/functions/v1/generate", JOBS, 32, '{"prompt": "waiting, number {n}"}',
            headers=["Prefer: respond-async"], expect=202,
        )
        limit = time.monotonic() + 120
        while upstream.calls() < JOBS:
            if time.monotonic() > limit:
                raise SystemExit(f"only {upstream.calls()} of {JOBS} jobs were tried within 120 s")
            time.sleep(0.5)
        time.sleep(2)  # the last waits are written
        after = _mib(edge.named("edge"))
        report.at_most(
            "e", f"resident, {JOBS:,} waiting jobs, more than before", after - before, 30, " MB", f"{before:.1f} MB before, {after:.1f} MB after"
        )


def _mib(pids):
    if not pids:
        raise SystemExit("the program to be weighed is not running")
    return resident_kib(pids) / 1024
