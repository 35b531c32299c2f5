"""What counters cost: memory for each key, time for each event, and what a snapshot does to both.

One counter of each kind takes events of many keys, most of which come once or a few times. Then a
million keys are frozen and written by a thread while counting goes on in batches as the evaluator
does; the longest batch says what a decision waits for it at worst. The last line with --json is one
object.
"""

import argparse
import gc
import json
import multiprocessing
import random
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing.queues import Queue
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from fieldfare.kernel import Org, make_id
from fieldfare.ledger.keys import Vault
from fieldfare.rules import Counter, CounterStore, CounterUpdate
from fieldfare.rules.counters import Kind
from fieldfare.rules.freezing import freeze, pieces, thawed
from fieldfare.storage import FileSnapshots

START_MS: Final = 1_767_225_600_000
HOUR_MS: Final = 3_600_000
BATCH: Final = 200
KINDS: Final[tuple[Kind, ...]] = ("count", "distinct", "sum", "since")
PAGE_BYTES: Final = 4_096


def counter(kind: Kind, *, days: int = 0) -> Counter:
    window_ms = days * 24 * HOUR_MS if days else 24 * HOUR_MS
    return Counter(name=f"{kind}{days}", kind=kind, window_ms=window_ms, days=days, written="")


def memory() -> int:
    """Give the bytes this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_BYTES


def update(what: Counter, key: str, number: int) -> CounterUpdate:
    value = f"v{number % 50}" if what.kind == "distinct" else number / 7
    return CounterUpdate(what, (key,), True, value if what.kind in {"distinct", "sum"} else None)


def fill(what: Counter, keys: int, events: int, into: "Queue[float]") -> None:
    """Tell what a key takes that had so many events, the key's own text included.

    For a process of its own: memory that others gave back would be counted as none.
    """
    store = CounterStore([what])
    at = int(make_id(START_MS))
    gc.collect()
    before = memory()
    for turn in range(events):
        for number in range(keys):
            at += 1
            store.bump(update(what, f"account-{number:08}", turn), at)
    gc.collect()
    into.put((memory() - before) / keys)


def bytes_per_key(what: Counter, keys: int, events: int) -> float:
    """Measure what a key takes in a process of its own."""
    context = multiprocessing.get_context("spawn")
    found: Queue[float] = context.Queue()
    process = context.Process(target=fill, args=(what, keys, events, found))
    process.start()
    result = found.get()
    process.join()
    return result


def ns_per_event(what: Counter, count: int) -> float:
    """Measure the time for an event of keys drawn as accounts are: few often, many seldom."""
    rng = random.Random(5)
    updates = [update(what, f"u{int(rng.paretovariate(0.6)) % 50_000}", n) for n in range(count)]
    ids = [make_id(START_MS + n * 20) for n in range(count)]
    store = CounterStore([what])
    begin = time.process_time()
    for each, event_id in zip(updates, ids, strict=True):
        store.bump(each, event_id)
    return (time.process_time() - begin) / count * 1e9


def batches(store: CounterStore, what: Counter, at: int, until: Callable[[], bool]) -> list[float]:
    """Count batches of an evaluator's size until told to stop; how long each took, in ms."""
    rng = random.Random(7)
    took = []
    while not until():
        begin = time.perf_counter()
        for _ in range(BATCH):
            at += 1
            store.bump(update(what, f"account-{rng.randrange(1_000_000):08}", at), at)
        took.append((time.perf_counter() - begin) * 1_000)
        time.sleep(0.004)  # the evaluator waits for its store here
    return took


def while_saved(keys: int, quiet_s: float, folder: Path) -> dict[str, float]:
    """Freeze and write so many keys while counting goes on, after counting in quiet."""
    what = counter("count")
    store = CounterStore([what], max_keys=2 * keys)
    at = int(make_id(START_MS))
    for number in range(keys):
        at += 1
        store.bump(update(what, f"account-{number:08}", number), at)
    enough = time.perf_counter() + quiet_s
    quiet = batches(store, what, at, lambda: time.perf_counter() > enough)
    files, org = FileSnapshots(folder, Vault(b"k" * 32)), Org("main")
    begin = time.perf_counter()
    frozen = freeze(store)
    freeze_ms = (time.perf_counter() - begin) * 1_000
    breath = threading.Event()

    def paced() -> Iterator[bytes]:
        for piece in pieces(frozen):
            yield piece
            breath.wait(0.001)

    saved: list[float] = []

    def save() -> None:
        begin = time.perf_counter()
        files.save(org, paced())
        saved.append(time.perf_counter() - begin)

    thread = threading.Thread(target=save)
    thread.start()
    busy = batches(store, what, store.newest, lambda: not thread.is_alive())
    thread.join()
    begin = time.perf_counter()
    found = files.load(org)
    assert found is not None
    assert thawed(found, max_keys=2 * keys).keys_held() == frozen.keys()
    return {
        "freeze_ms": round(freeze_ms, 1),
        "batch_ms_p50": round(statistics.median(quiet), 2),
        "batch_ms_p50_while_saved": round(statistics.median(busy), 2),
        "batch_ms_p99": round(statistics.quantiles(quiet, n=100)[-1], 2),
        "batch_ms_p99_while_saved": round(statistics.quantiles(busy, n=100)[-1], 2),
        "save_s": round(saved[0], 2),
        "load_s": round(time.perf_counter() - begin, 2),
        "snapshot_bytes_per_key": round(sum(map(len, found)) / frozen.keys(), 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="end with one JSON object")
    parser.add_argument("--quick", action="store_true", help="a smaller run")
    options = parser.parse_args()
    keys = 2_000 if options.quick else 300_000
    measured = [*map(counter, KINDS), counter("count", days=30)]
    if options.quick:
        measured = [counter("distinct"), counter("count", days=30)]
    figures: dict[str, float] = {}
    for what in measured:
        one, ten = bytes_per_key(what, keys, 1), bytes_per_key(what, keys // 5, 10)
        ns = min(ns_per_event(what, keys) for _ in range(3))
        name = f"{what.kind}_days" if what.days else what.kind
        figures |= {
            f"bytes_per_key_{name}": round(one),
            f"bytes_per_key_of_ten_{name}": round(ten),
            f"ns_per_event_{name}": round(ns),
        }
        print(
            f"{name:12} {one:6.0f} bytes a key, {ten:6.0f} with ten events, {ns:6.0f} ns an event"
        )
    with TemporaryDirectory() as folder:
        saved, quiet_s = (10_000, 0.5) if options.quick else (1_000_000, 3.0)
        figures |= while_saved(saved, quiet_s, Path(folder))
    print(", ".join(f"{name} {value}" for name, value in figures.items() if "_per_" not in name))
    if options.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
