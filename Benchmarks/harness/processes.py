"""Programs under measurement: started here, ended here by their own id, with what /proc says of their time and memory."""

import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time

SERVER_CORE, LOAD_CORE = (sorted(os.sched_getaffinity(0)) * 2)[:2]
TICKS = os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Running:
    """A started program. As a context it is asked to end on the way out, and killed when it does not within `patience` seconds.

    `behind` lists the programs that it passes requests on to, whose processor time is its own.
    """

    def __init__(self, arguments, ready, core=None, env=None, patience=20):
        self.patience = patience
        self.behind = []
        complaints = tempfile.TemporaryFile()
        pin = None if core is None else lambda: os.sched_setaffinity(0, {core})
        self.process = subprocess.Popen(
            [str(a) for a in arguments],
            env=env,
            preexec_fn=pin,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=complaints,
            start_new_session=True,
        )
        self.pid = self.process.pid
        limit = time.monotonic() + 20
        while not ready():
            if self.process.poll() is not None or time.monotonic() > limit:
                self.end()
                complaints.seek(0)
                said = complaints.read().decode(errors="replace")[-2000:]
                raise SystemExit(f"{arguments[0]} did not get ready; it said:\n{said}")
            time.sleep(0.005)

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(self.patience)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def family(self):
        """The ids of this program and of all that it started."""
        found, new = [], [self.pid]
        while new:
            pid = new.pop()
            found.append(pid)
            for children in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
                try:
                    new += [int(child) for child in children.read_text().split()]
                except OSError:
                    pass  # it ended while we looked
        return found

    def named(self, name):
        """The ids in this program's family that run a program of this name."""
        return [pid for pid in self.family() if _read(f"/proc/{pid}/comm").strip() == name]

    def cpu_seconds(self):
        """Processor time of the family and of the programs `behind` it, without what ended."""
        ticks = 0
        for pid in self.family():
            fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12]) if fields else 0
        return ticks / TICKS + sum(program.cpu_seconds() for program in self.behind)


def resident_kib(pids):
    """VmRSS of these processes, added up."""
    return _status_kib(pids, "VmRSS:")


def begin_peak(pids):
    """Has these processes' peaks counted from now on."""
    for pid in pids:
        pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")


def peak_kib(pids):
    """VmHWM of these processes, added up: the most that was resident since `begin_peak`."""
    return _status_kib(pids, "VmHWM:")


def _status_kib(pids, field):
    total = 0
    for pid in pids:
        for line in _read(f"/proc/{pid}/status").splitlines():
            if line.startswith(field):
                total += int(line.split()[1])
    return total


def _read(path):
    try:
        return pathlib.Path(path).read_text()
    except OSError:
        return ""


def accepts(port=None, path=None):
    """Whether something listens on this loopback port or Unix socket."""
    try:
        if path:
            with socket.socket(socket.AF_UNIX) as probe:
                probe.connect(str(path))
        else:
            socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False
