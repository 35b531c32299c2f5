"""How quickly an index is made anew from the store: one-hash entries followed in a second.

A store of 100,000 entries (10,000 with --quick), as an exchange brings them, in batches of a
thousand; then a shelf that knows nothing of them follows all of it: reading, unpacking, and writing
the index with its merges. CPU time of the process, since others may share the machine: the store's
own threads are at rest. Ends with one line of JSON; `added_per_s` is what putting them in takes.
"""

import argparse
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any, Final

os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np

from fieldfare.engine.banks import KnownPiece, add_to_bank
from fieldfare.engine.shelf import Shelf
from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import Org, SimulatedClock
from fieldfare.ledger.keys import Vault
from fieldfare.matching.fingerprints import FrameTable, pack_frames
from fieldfare.matching.index import warm
from fieldfare.matching.repositories import BankRecord, EntryHashes
from fieldfare.storage import SqlStore

MAIN: Final = Org("main")
AT_MS: Final = 1_795_000_000_000
BATCH: Final = 1_000


def pieces(count: int, seed: int) -> list[KnownPiece]:
    """Draw pieces of which one hash each is known, and nothing else."""
    bits = np.random.default_rng(seed).integers(0, 256, (count, 1, 32), np.uint8)
    quality = np.full(1, 100, np.uint8)
    tables = (FrameTable.of(np.zeros(1), each, quality) for each in bits)
    return [
        KnownPiece(
            frames=1,
            source="exchange:drawn",
            source_id=f"{seed}-{number}",
            hashes=EntryHashes(frames=pack_frames(table)),
        )
        for number, table in enumerate(tables)
    ]


def fill(store: SqlStore, entries: int) -> float:
    """Put entries into a bank: CPU seconds."""
    bank = BankRecord(org=MAIN, name="drawn", policy="X.ONE", vetted=False)
    store.write(lambda uow: uow.banks.put(bank))
    spent = 0.0
    for first in range(0, entries, BATCH):
        drawn = pieces(BATCH, first)

        def write(uow: UnitOfWork, drawn: list[KnownPiece] = drawn) -> None:
            add_to_bank(uow, MAIN, bank.name, drawn, by="benchmark")

        started = time.process_time()
        store.write(write)
        spent += time.process_time() - started
    return spent


def followed(store: SqlStore, folder: Path, entries: int) -> tuple[float, float]:
    """Follow the store from the beginning: CPU seconds, and those that pass."""
    shelf = Shelf(store, folder)
    cpu, wall = time.process_time(), time.perf_counter()
    shelf.step()
    shelf.known(MAIN)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    assert shelf.rows(MAIN) == entries
    shelf.close()
    return cpu, wall


def measure(entries: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="fieldfare-following-") as made:
        folder = Path(made)
        clock = SimulatedClock(AT_MS)
        store = SqlStore.open(f"sqlite:///{folder}/store.db", clock=clock, vault=Vault(bytes(32)))
        added = fill(store, entries)
        followed(store, folder / "warm", entries)
        cpu, wall = followed(store, folder / "index", entries)
        store.close()
    return {
        "entries": entries,
        "added_per_s": round(entries / added),
        "followed_per_s": round(entries / cpu),
        "followed_per_s_wall": round(entries / wall),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print only the line of JSON")
    parser.add_argument("--quick", action="store_true", help="a smaller run")
    wanted = parser.parse_args()
    warm()
    figures = measure(10_000 if wanted.quick else 100_000)
    if not wanted.json:
        for name, value in figures.items():
            print(f"{name:24} {value:>12,}")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
