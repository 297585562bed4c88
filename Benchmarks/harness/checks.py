"""(i) What a request's own checks add (who asks, limits, the queue, budgets) with 10,000 keys and 1,000,000 charges, state on tmpfs."""

import itertools
import json
import random
import sqlite3
import statistics
import subprocess
import time

from . import images
from .loads import alternate, load
from .servers import RELEASE, Edge, Upstream, generate_entry, memory_folder

KEYS = 10_000
CHARGES = 1_000_000
PRICE = 1_000  # micro-dollars
MODEL = "black-forest-labs/FLUX.1-schnell"
ENOUGH = 10**9

# Every kind of limit and budget, none of them ever reached.
HOST = {
    "tiers": {"premium": {"cooldown": "0s", "perDay": ENOUGH, "perMonth": ENOUGH}},
    "limits": {"caller": {"perDay": ENOUGH, "perMonth": ENOUGH}, "functions": {"generate": {"perDay": ENOUGH}}},
    "budgets": [
        {"name": "all", "per": "day", "limit": "$1000000"},
        {"name": "tier", "for": "tier", "per": "month", "limit": "$1000000"},
        {"name": "provider", "for": "provider", "per": "day", "limit": "$1000000"},
        {"name": "key", "for": "key", "per": "month", "limit": "$1000000"},
        {"name": "user", "for": "user", "per": "day", "limit": "$1000000"},
    ],
    "spend": {"warn": None, "stop": None},
}


def measure(report, folder, rounds=7, requests=400):
    image = images.write_png(folder / "checks.png", 500)
    numbers = itertools.count(0, requests)
    # The first job keeps the only place for longer than this takes: what is measured is accepting alone.
    functions = {"generate": generate_entry(concurrency=1, timeout="1h")}
    prices = {"prices": [{"provider": "huggingface", "model": MODEL, "microdollars": PRICE}]}
    with memory_folder() as memory, Upstream(image, delay=3_600_000) as upstream:
        full = memory / "full"
        with Edge(full, functions, upstream.port, settings=prices, host=HOST) as edge:
            state = edge.state
        key = fill(state)
        with Edge(memory / "bare", functions, upstream.port) as bare:
            begin = time.monotonic()
            with Edge(full, functions, upstream.port, settings=prices, host=HOST) as loaded:
                started = time.monotonic() - begin

                def accepting(edge, *headers):
                    return load(
                        edge.port, "/functions/v1/generate", requests, 1, '{"prompt": "checks, number {n}"}', next(numbers),
                        ["Prefer: respond-async", *headers], expect=202,
                    )["median_ms"]

                def without():
                    return accepting(bare)

                def with_checks():
                    return accepting(loaded, f"x-api-key: {key}")

                without(), with_checks()
                plain, checked = alternate(rounds, without, with_checks)
    report.at_most(
        "i", f"a request's own checks, {KEYS:,} keys, {CHARGES:,} charges, median",
        statistics.median(checked) - statistics.median(plain), 0.3, " ms",
        f"{statistics.median(checked):.3f} ms to accept with them, {statistics.median(plain):.3f} ms on a host without keys, limits, budgets "
        f"and charges, one at once; such a host starts in {started:.1f} s",
    )


def fill(state):
    """Puts keys and charges into the state of a host that does not run; gives one of the keys."""
    command = [RELEASE / "edge", "keys", "create", "--name", "bench", "--tier", "premium", "--state", state]
    key = subprocess.run([str(c) for c in command], check=True, stdout=subprocess.PIPE, text=True).stdout.split()[0]
    path = state / "keys.json"
    document = json.loads(path.read_text())
    sample = next(record for record in document["keys"] if record["name"] == "bench")
    chance = random.Random(1)
    ids = [sample["id"]]
    for number in range(KEYS - 1):
        ids.append("".join(chance.choices("abcdefghijklmnopqrstuvwxyz234567", k=10)))
        document["keys"].append({**sample, "id": ids[-1], "name": f"bench{number}", "sha256": f"{chance.getrandbits(256):064x}"})
    path.write_text(json.dumps(document))
    now = int(time.time() * 1000)
    rows = (
        (
            f"{chance.getrandbits(128):032x}/1", now - chance.randrange(60 * 86_400_000), "generate", "huggingface", MODEL, "huggingface",
            "premium", f"key:{owner}", f"key:{owner}", None, PRICE, "listed",
        )
        for owner in (chance.choice(ids) for _ in range(CHARGES))
    )
    with sqlite3.connect(state / "edge.sqlite") as database:
        database.executemany("INSERT INTO charges VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
    database.close()
    return key
