"""How quickly the gate answers 500 ids over HTTP while the platform is busy.

A million items (fewer with --quick) are known; two clients ask without pause for 500 random ids a
call, while a third posts 500 comments a second and changes items. Every call of the clients counts.
"""

import argparse
import json
import multiprocessing
import random
import statistics
import sys
import time
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

from fieldfare.engine.settings import load_settings
from fieldfare.ingest.schemas import PostedItem
from fieldfare.kernel import SimulatedClock, SystemClock
from fieldfare.platform import Platform
from fieldfare.testing.served import Served, serving, temporary_home

IDS = 500
CLIENTS = 2
SURFACES = ("feed", "search", "profile")


def seed(home: Path, items: int) -> None:
    """Post and decide comments in this process, as of yesterday, before the server starts."""
    yesterday = SimulatedClock(SystemClock().now_ms() - 86_400_000)
    platform = Platform.open(load_settings(home, None, lag_events=10**9), clock=yesterday)
    try:
        org = platform.store.read(lambda uow: uow.organisations.all())[0]
        waiting = []
        for number in range(items):
            yesterday.advance(number % 2)
            item = PostedItem(
                kind="comment",
                host_id=f"c{number}",
                author=f"u{number % 5_000}",
                market="DE",
                text=f"sarno wivel {number}",
            )
            waiting.append(platform.intake.post(org, item))
            if len(waiting) == 1_000:
                for each in waiting:
                    each.result()
                waiting.clear()
                while platform.evaluator.step():
                    pass
                if number % 100_000 == 99_999:
                    print(f"  {number + 1:,} items", file=sys.stderr)
        while platform.evaluator.step():
            pass
    finally:
        platform.close()


def ask(
    server: Served, items: int, calls: int, number: int, found: "multiprocessing.Queue[list[float]]"
) -> None:
    """Ask for random ids and note how long each call took, in ms."""
    draw = random.Random(number)
    line = server.connect()
    taken = []
    for call in range(calls + 20):
        names = [{"kind": "comment", "host_id": f"c{draw.randrange(items)}"} for _ in range(IDS)]
        viewer = {"age_band": "18_plus", "market": "DE"}
        surface = SURFACES[call % len(SURFACES)]
        body = json.dumps({"surface": surface, "viewer": viewer, "items": names}).encode()
        started = time.perf_counter()
        status, told = line.send("POST", "/v1/eligibility", body)
        spent = (time.perf_counter() - started) * 1000
        assert status == 200, told
        if call >= 20:
            taken.append(spent)
        if call == 20:
            answers = json.loads(told)["items"]
            assert len(answers) == IDS
            assert sum(each["show"] == "yes" for each in answers) > IDS * 0.9, answers[:3]
    found.put(taken)


def post(server: Served, items: int, stop: "Synchronized[int]") -> None:
    """Post 450 new comments and change 50 old ones a second, until told to stop."""
    line = server.connect()
    number = 0
    next_at = time.perf_counter()
    while not stop.value:
        events = [_comment(f"n{number + n}", f"lumet {number + n}", "n") for n in range(45)]
        changed = [(number * 31 + n * 977) % items for n in range(5)]
        events += [_comment(f"c{c}", f"tobrek {c} {number}", f"x{number}") for c in changed]
        status, told = line.send("POST", "/v1/events", json.dumps({"events": events}).encode())
        assert status in (202, 429), told
        number += 45
        next_at += 0.1
        time.sleep(max(0.0, next_at - time.perf_counter()))


def _comment(host_id: str, text: str, key: str) -> dict[str, object]:
    item = {"kind": "comment", "host_id": host_id, "author": "w1", "market": "DE", "text": text}
    return {"kind": "item.posted", "key": f"{key}-{host_id}", "item": item}


def measure(home: Path, key: str, *, items: int, calls: int) -> list[float]:
    """Serve the installation under load and give how long each call took, in ms."""
    with serving(home, key) as server:
        found: multiprocessing.Queue[list[float]] = multiprocessing.Queue()
        stop = multiprocessing.Value("i", 0)
        busy = multiprocessing.Process(target=post, args=(server, items, stop))
        asking = [
            multiprocessing.Process(target=ask, args=(server, items, calls, n, found))
            for n in range(CLIENTS)
        ]
        for process in (busy, *asking):
            process.start()
        taken = [spent for _ in asking for spent in found.get(timeout=600)]
        stop.value = 1
        for process in (busy, *asking):
            process.join()
        return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="end with one JSON object")
    parser.add_argument("--quick", action="store_true", help="a smaller run")
    wanted = parser.parse_args()
    items, calls = (4_000, 100) if wanted.quick else (1_000_000, 1_500)
    with temporary_home() as (home, key):
        seed(home, items)
        taken = measure(home, key, items=items, calls=calls)
    cuts = statistics.quantiles(taken, n=100)
    figures = {
        "p50_ms": round(cuts[49], 2),
        "p95_ms": round(cuts[94], 2),
        "p99_ms": round(cuts[98], 2),
        "max_ms": round(max(taken), 2),
        "calls": len(taken),
        "items": items,
    }
    print(f"{figures['calls']} calls of {IDS} ids over {items:,} items:")
    print(f"p50 {figures['p50_ms']} ms, p95 {figures['p95_ms']} ms, p99 {figures['p99_ms']} ms")
    if wanted.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
