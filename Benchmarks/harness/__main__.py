"""Runs the measurements named on the command line, or all of them; all together also write RESULTS.md."""

import argparse
import pathlib
import tempfile

from . import accepted, added, burst, cached, checks, cold, hello, host, memory
from .report import Report, machine
from .servers import ROOT

ITEMS = {
    "cached": cached, "hello": hello, "cold": cold, "added": added, "memory": memory, "accepted": accepted, "host": host, "burst": burst,
    "checks": checks,
}


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench")
    parser.add_argument("items", nargs="*", metavar="item", help=", ".join(ITEMS))
    chosen = parser.parse_args().items or list(ITEMS)
    unknown = [item for item in chosen if item not in ITEMS]
    if unknown:
        parser.error(f"no item {unknown[0]}; there are {', '.join(ITEMS)}")
    for name, value in machine():
        print(f"{name}: {value}")
    report = Report()
    with tempfile.TemporaryDirectory(prefix="run-", dir=ROOT / ".build" / "bench") as folder:
        for item in chosen:
            ITEMS[item].measure(report, pathlib.Path(folder))
    if len(chosen) == len(ITEMS):
        report.write()
    else:
        print("RESULTS.md is written by a run of all items only")


main()
