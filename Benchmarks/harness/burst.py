"""(h) Memory while 64 images of 4 MB come at once: the most that host and Generate had resident, above what they had before."""

from . import images
from .loads import load
from .processes import begin_peak, peak_kib, resident_kib
from .servers import Edge, Upstream, generate, generate_entry

AT_ONCE, SIZE, GOAL = 64, 4_000_000, 16
DELAY = 500  # milliseconds: all of them have asked before the first one is answered
FORMS = (("huggingface", "bytes"), ("openai", "base64"))


def measure(report, folder, rounds=3):
    image = images.write_png(folder / f"burst-{SIZE}.png", SIZE)
    for provider, form in FORMS:
        grown = []
        for number in range(rounds):
            # A fresh host each time: what a burst leaves in the heap, a second one would not have to get.
            place = folder / f"burst-{provider}-{number}"
            manifest = {"generate": generate_entry(providers=(provider,))}
            with Upstream(image, DELAY) as upstream, Edge(place, manifest, upstream.port) as edge:
                generate(edge.port, "the first one, alone")
                grown.append(burst(edge))
        host, function = (max(side) for side in zip(*grown))
        note = f"the most of {rounds} fresh hosts; each: {', '.join(f'{each[0]:.1f}' for each in grown)} MB"
        report.at_most("h", f"resident, host, {AT_ONCE} images of 4 MB at once, {form}, more than before", host, GOAL, " MB", note)
        report.add("h", f"resident, Generate, {AT_ONCE} images of 4 MB at once, {form}, more than before", f"{function:.2f} MB")


def burst(edge):
    """How far host and Generate grew, in MB."""
    sides = [edge.named("edge"), edge.named("generate")]
    before = [resident_kib(pids) for pids in sides]
    for pids in sides:
        begin_peak(pids)
    load(edge.port, "/functions/v1/generate", AT_ONCE, AT_ONCE, '{"prompt": "one of many, number {n}"}', headers=["Accept: image/png"])
    if [edge.named("edge"), edge.named("generate")] != sides:
        raise SystemExit("a process was replaced during the burst")
    return [(peak_kib(pids) - first) / 1024 for pids, first in zip(sides, before)]
