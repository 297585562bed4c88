"""The load: wrk for answers a second, our own program for latencies; both on a core of their own where the servers have theirs."""

import dataclasses
import json
import os
import re
import statistics
import subprocess

from .processes import LOAD_CORE
from .servers import PEERS, TOOLS


@dataclasses.dataclass
class Sample:
    """What one run of wrk saw of a server."""

    answers: int
    seconds: float
    cpu: float

    @property
    def rate(self):
        return self.answers / self.seconds

    @property
    def busy(self):
        """How much of one core the server used."""
        return self.cpu / self.seconds

    @property
    def per_cpu_second(self):
        return self.answers / self.cpu


def wrk(server, path, body=None, connections=64, seconds=3):
    """Answers of `server` to the same request again and again; any failure ends the run."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", f"http://127.0.0.1:{server.port}{path}"]
    if body:
        command[1:1] = ["-s", str(PEERS / "post.lua")]
        command += ["--", body]
    before = server.cpu_seconds()
    output = _pinned(command)
    cpu = server.cpu_seconds() - before
    if "Non-2xx" in output or "Socket errors" in output:
        raise SystemExit(f"{type(server).__name__} failed under load:\n{output}")
    answers, time = re.search(r"(\d+) requests in ([\d.]+)s", output).groups()
    return Sample(int(answers), float(time), cpu)


def load(port, path, answers, connections=16, body=None, first=0, headers=(), expect=200, pinned=False, gap=0):
    """Requests with every body different; gives what load.c prints. Any other status than `expect` ends the run."""
    command = [TOOLS / "load", "-c", connections, "-n", answers, "-s", first, "-g", gap]
    for header in headers:
        command += ["-H", header]
    if body:
        command += ["-H", "Content-Type: application/json", "-b", body]
    command += [port, path]
    seen = json.loads(_pinned(command) if pinned else _output(command))
    if set(seen["statuses"]) != {str(expect)}:
        raise SystemExit(f"{path}: answers other than {expect}: {seen['statuses']}")
    return seen


def syncs(*arguments):
    """The bare writes and syncs of syncs.c."""
    return json.loads(_output([TOOLS / "syncs", *arguments]))


def alternate(rounds, *measures):
    """Runs the measures in turn, `rounds` times, so that what changes on the machine meets all of them; a list for each."""
    results = [[] for _ in measures]
    for _ in range(rounds):
        for result, measure in zip(results, measures):
            result.append(measure())
    return results


def median_ratio(ours, theirs, figure):
    """The median of the rounds' ratios."""
    return statistics.median(figure(a) / figure(b) for a, b in zip(ours, theirs))


def median(samples, figure):
    return statistics.median(figure(sample) for sample in samples)


def _output(command, **options):
    return subprocess.run([str(c) for c in command], check=True, stdout=subprocess.PIPE, text=True, **options).stdout


def _pinned(command):
    return _output(command, preexec_fn=lambda: os.sched_setaffinity(0, {LOAD_CORE}))
