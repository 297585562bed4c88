"""(f) Durable jobs accepted a second, state on disk, against the same writes by bare gathered syncs on 4 pool threads."""

import itertools
import pathlib
import shutil
import statistics
import tempfile

from . import images
from .loads import alternate, load, syncs
from .servers import Edge, Upstream, generate_entry

AT_ONCE = 64


def measure(report, folder, rounds=5, jobs=3000):
    image = images.write_png(folder / "500.png", 500)
    numbers = itertools.count(0, jobs)
    # The first job keeps the only place for longer than this takes: what is measured is accepting alone.
    manifest = {"generate": generate_entry(concurrency=1, timeout="1h")}
    with Upstream(image, delay=3_600_000) as upstream, Edge(folder / "accepted", manifest, upstream.port) as edge:

        def ours():
            return load(
                edge.port, "/functions/v1/generate", jobs, AT_ONCE, '{"prompt": "accepted, number {n}"}', next(numbers),
                ["Prefer: respond-async"], expect=202,
            )["persecond"]

        def bare():
            place = pathlib.Path(tempfile.mkdtemp(dir=folder))
            rate = syncs("accept", place, jobs, AT_ONCE)["persecond"]
            shutil.rmtree(place)
            return rate

        ours()
        accepted, reference = alternate(rounds, ours, bare)
    ratio = statistics.median(a / b for a, b in zip(accepted, reference))
    report.at_least(
        "f", "durable jobs accepted, edge to bare gathered syncs", ratio, 0.8, " times",
        f"{statistics.median(accepted):,.0f} to {statistics.median(reference):,.0f} a second, {AT_ONCE} at once",
    )
