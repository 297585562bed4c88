"""(d) Time that edge adds to an upstream call, 16 at once, every prompt another: with the state on tmpfs, and on disk beside the bare syncs."""

import itertools
import pathlib
import shutil
import statistics
import tempfile

from . import images
from .loads import alternate, load, syncs
from .servers import Edge, Upstream, generate_entry, memory_folder

AT_ONCE = 16
DELAY = 200  # milliseconds
GAP = DELAY // AT_ONCE  # between the first requests: callers come evenly, not in bursts of 16 that wait for each other
BODY = '{"prompt": "a lighthouse, number {n}"}'
SIZES = (("20 KB", 20_000, 0.5), ("1.5 MB", 1_500_000, 30))


def measure(report, folder, rounds=5, answers=160):
    numbers = itertools.count(0, answers)
    for name, size, goal in SIZES:
        image = images.write_png(folder / f"{size}.png", size)
        with memory_folder() as memory, Upstream(image, DELAY) as upstream:
            manifest = {"generate": generate_entry()}
            with Edge(memory, manifest, upstream.port) as quick, Edge(folder / f"added-{size}", manifest, upstream.port) as durable:

                def through(edge):
                    return load(
                        edge.port, "/functions/v1/generate", answers, AT_ONCE, BODY, next(numbers), ["Accept: image/png"], gap=GAP
                    )["median_ms"]

                def direct():
                    body = '{"inputs": "a lighthouse, number {n}"}'
                    return load(upstream.port, "/models/any", answers, AT_ONCE, body, gap=GAP)["median_ms"]

                def bare():
                    place = pathlib.Path(tempfile.mkdtemp(dir=folder))
                    median = syncs("calls", place, answers, AT_ONCE, DELAY, image.stat().st_size)["median_ms"]
                    shutil.rmtree(place)
                    return median

                for edge in (quick, durable):
                    through(edge)  # starts the isolate, opens its connections
                figures = alternate(rounds, direct, lambda: through(quick), lambda: through(durable), bare)
        base, on_memory, on_disk, needed = (statistics.median(side) for side in figures)
        report.at_most(
            "d", f"added to a call, {name}, state on tmpfs, median", on_memory - base, goal, " ms",
            f"{on_memory:.2f} ms through edge, {base:.2f} ms direct, {AT_ONCE} at once",
        )
        report.at_most(
            "d", f"added by the disk, {name}, to the bare syncs", (on_disk - on_memory) / needed, 1.3, " times",
            f"{on_disk - base:.2f} ms added with the state on disk; the syncs alone take {needed:.2f} ms",
        )
