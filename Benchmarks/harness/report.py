"""What was measured, as lines on the terminal at once and as Benchmarks/RESULTS.md at the end."""

import datetime
import os
import pathlib
import platform
import re
import subprocess

from .servers import ROOT


class Report:
    def __init__(self):
        self.rows = []

    def add(self, item, what, figure, goal="", reached=None, note=""):
        """One line. `reached` is None where there is no goal."""
        verdict = "" if reached is None else "reached" if reached else "SHORT"
        self.rows.append((item, what, figure, goal, verdict, note))
        print(f"({item}) {what}: {figure}" + (f"; goal {goal}: {verdict}" if goal else "") + (f" [{note}]" if note else ""), flush=True)

    def at_least(self, item, what, value, goal, unit="", note=""):
        self.add(item, what, f"{value:.2f}{unit}", f"at least {goal}{unit}", value >= goal, note)

    def at_most(self, item, what, value, goal, unit="", note=""):
        self.add(item, what, f"{value:.2f}{unit}", f"at most {goal}{unit}", value <= goal, note)

    def write(self):
        lines = [
            "# Measured",
            "",
            "Written by `scripts/bench`, which says how in `Benchmarks/README.md`. Each pair was measured in one run, in turns.",
            "",
            *(f"- {name}: {value}" for name, value in machine()),
            "",
            "| | what | measured | goal | | how it came about |",
            "| --- | --- | --- | --- | --- | --- |",
            *(f"| {' | '.join(row)} |" for row in self.rows),
            "",
        ]
        path = ROOT / "Benchmarks" / "RESULTS.md"
        path.write_text("\n".join(lines))
        print(f"written: {path.relative_to(ROOT)}")


def machine():
    """Where and with what this was measured."""
    cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    memory = re.search(r"MemTotal:\s*(\d+)", pathlib.Path("/proc/meminfo").read_text())
    system = re.search(r'PRETTY_NAME="(.*)"', pathlib.Path("/etc/os-release").read_text())
    return [
        ("date", datetime.date.today().isoformat()),
        ("commit", _first("git", "-C", ROOT, "describe", "--always", "--dirty")),
        ("machine", f"{cpu[1] if cpu else platform.machine()}, {os.cpu_count()} cores, {int(memory[1]) >> 20} GiB"),
        ("system", f"{system[1]}, Linux {platform.release()}, disk {_first('stat', '-f', '-c', '%T', ROOT)}"),
        ("versions", ", ".join(_version(*row) for row in PROGRAMS)),
    ]


PROGRAMS = (
    ("Swift", "swift", "--version"),
    ("nginx", "/usr/sbin/nginx", "-v"),
    ("Node", "node", "--version"),
    ("wrk", "wrk", "-v"),
    ("gcc", "gcc", "-dumpfullversion"),
)


def _version(name, *command):
    number = re.search(r"\d+(\.\d+)+", _first(*command))
    return f"{name} {number[0] if number else 'unknown'}"


def _first(*command):
    try:
        done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    except OSError:
        return "unknown"
    return (done.stdout.strip() or "unknown").splitlines()[0]
