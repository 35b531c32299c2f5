"""How many lookups a second one core answers from the exact index, and what an entry costs.

One million and ten million rows (20,000 and 100,000 with --quick; `rows_1m` and `rows_10m` say how
many), twice: random hashes, and hashes like those of real frames (`_lifelike`; left out where
FIELDFARE_DATA_AT_HAND is not set). Half of the lookups are of a row with 0 to 31 bits flipped, half
are of rows drawn from pictures that are not in the index. Radius 31. Nine tenths of the rows are in
one segment, the others in smaller ones and the tail, as an index is that grows.

`lookups_per_s_*` is the slower of the two kinds: batches of 1,024, CPU time of the one thread
(others may share the machine), median of five passes after a warm one. Recall is against comparing
with every row. Then at ten million: insert to visible, opening, one new hash (its eight forms) and
10,000 of them, as when entries arrive and what was posted before is searched. Ends with one line of
JSON. faiss and threatexchange are measured on the same million random rows if they are installed:
pip install 'fieldfare[peers]'.
"""

import argparse
import itertools
import json
import os
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
from _lifelike import Lifelike, clips
from numpy.typing import NDArray

from fieldfare.matching.index import HashIndex, HashRows, warm
from fieldfare.matching.index.kernels import compare_all

Pixels = NDArray[np.uint8]
RADIUS = 31
BATCH = 1_024
ROWS_A_BASE = 160
OWNED_ROWS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """Rows to put in, and lookups: the first half planted, the rest of what is not there."""

    name: str
    bits: Pixels
    queries: Pixels


def planted(bits: Pixels, count: int) -> Pixels:
    """Take rows and flip 0 to 31 bits of each."""
    draw = np.random.default_rng(7)
    spread = np.unpackbits(bits[draw.integers(0, len(bits), count)], axis=1)
    for row in spread:
        row[draw.permutation(256)[: draw.integers(0, RADIUS + 1)]] ^= 1
    return np.packbits(spread, axis=1)


def kinds(rows: int, lookups: int, most_clips: int | None) -> list[Kind]:
    draw = np.random.default_rng(1)
    bits = draw.integers(0, 256, (rows, 32), np.uint8)
    other = draw.integers(0, 256, (lookups // 2, 32), np.uint8)
    made = [
        Kind(
            name="random",
            bits=bits,
            queries=np.concatenate([planted(bits, lookups // 2), other]),
        )
    ]
    if clips():
        source = Lifelike(max(500, rows // ROWS_A_BASE), seed=2, most_clips=most_clips)
        bits = source.rows(rows, 3, (0.0, 0.9))
        other = source.rows(lookups // 2, 4, (0.9, 1.0))
        made.append(
            Kind(
                name="lifelike",
                bits=bits,
                queries=np.concatenate([planted(bits, lookups // 2), other]),
            )
        )
    return made


def rows_of(bits: Pixels, first: int) -> HashRows:
    """Give each twenty rows an owner, as of a clip."""
    n = len(bits)
    return HashRows(
        bits=bits,
        owner=first + np.arange(n, dtype=np.int64) // OWNED_ROWS,
        t_ms=(np.arange(n) % OWNED_ROWS * 500).astype(np.uint32),
        quality=np.full(n, 90, np.uint8),
        variant=np.zeros(n, np.uint8),
    )


def filled(folder: Path, bits: Pixels) -> tuple[HashIndex, float]:
    """Build an index of nine tenths, nine hundredths, the rest, and a tail of 1,000."""
    index = HashIndex.open(folder)
    n = len(bits)
    started = time.process_time()
    cuts = [0, n * 9 // 10, n * 99 // 100, n - min(1_000, n // 1_000), n]
    for start, stop in itertools.pairwise(cuts):
        index.add(rows_of(bits[start:stop], start), applied_to=stop)
    return index, time.process_time() - started


def measured(index: HashIndex, kind: Kind) -> dict[str, Any]:
    """Look up, check against comparing with all rows, and tell what was found."""
    queries = kind.queries
    batches = [queries[at : at + BATCH] for at in range(0, len(queries), BATCH)]
    hits = sum(len(index.search(batch)) for batch in batches)  # the warm pass
    spent = []
    for _ in range(5):
        started = time.thread_time()
        for batch in batches:
            index.search(batch)
        spent.append(time.thread_time() - started)
    single = []
    for query in queries[:: max(1, len(queries) // 400)]:
        started = time.perf_counter()
        index.search(query[None, :])
        single.append((time.perf_counter() - started) * 1_000)
    largest = max(served.segment.largest_bucket() for served in index._opened.view.segments)  # noqa: SLF001
    return {
        f"lookups_per_s_{kind.name}": round(len(queries) / statistics.median(spent)),
        f"hits_per_lookup_{kind.name}": round(hits / len(queries), 1),
        f"one_p50_ms_{kind.name}": round(statistics.median(single), 3),
        f"one_p99_ms_{kind.name}": round(statistics.quantiles(single, n=100)[98], 3),
        f"largest_bucket_{kind.name}": largest,
        f"recall_{kind.name}": recall(index, kind),
    }


def recall(index: HashIndex, kind: Kind) -> float:
    """Compare some lookups, of both halves, with all rows: the share of pairs that are found."""
    some = np.ascontiguousarray(kind.queries[:: max(1, len(kind.queries) // 64)])
    there = np.empty((2_000_000, 3), np.uint32)
    room = np.full(len(some), len(kind.bits), np.uint32)
    pairs = compare_all(some.view(np.uint64), kind.bits.view(np.uint64), RADIUS, there, room)
    assert 0 < pairs <= len(there)
    found = index.search(some)
    assert len(found) <= pairs
    return len(found) / pairs


def visible_s(index: HashIndex) -> float:
    """Add 60 rows of an entry and find them: median seconds of twenty."""
    draw = np.random.default_rng(5)
    spent = []
    for number in range(20):
        bits = draw.integers(0, 256, (60, 32), np.uint8)
        started = time.perf_counter()
        index.add(rows_of(bits, (1 << 40) + number))
        assert len(index.search(bits[:1])) == 1
        spent.append(time.perf_counter() - started)
    return statistics.median(spent)


def large(folder: Path, kind: Kind, *, retroactive: int) -> dict[str, Any]:
    """Measure what is asked of the large index beside lookups."""
    index, built = filled(folder, kind.bits)
    told = measured(index, kind)
    size = sum(path.stat().st_size for path in folder.iterdir())
    draw = np.random.default_rng(6)
    spread = kind.queries[draw.integers(0, len(kind.queries), retroactive * 8)]
    started = time.perf_counter()
    index.search(spread[:8])
    one = time.perf_counter() - started
    started = time.thread_time()
    for at in range(0, len(spread), 4 * BATCH):
        index.search(spread[at : at + 4 * BATCH])
    many = time.thread_time() - started
    visible = visible_s(index)
    index.close()
    started = time.perf_counter()
    index = HashIndex.open(folder)
    opened = time.perf_counter() - started
    assert len(index) == len(kind.bits) + 20 * 60
    index.close()
    return told | {
        f"build_cpu_s_{kind.name}": round(built, 1),
        "bytes_per_entry": round(size / len(kind.bits), 1),
        "visible_s": round(visible, 4),
        "open_10m_s": round(opened, 4),
        f"retroactive_one_s_{kind.name}": round(one, 4),
        f"retroactive_{retroactive}_cpu_s_{kind.name}": round(many, 1),
    }


def peers(kind: Kind) -> dict[str, float]:
    """Measure faiss and threatexchange on the same rows and lookups, those that are installed."""
    told: dict[str, float] = {}
    try:
        import faiss  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        print("faiss is not installed (faiss-cpu): left out")
    else:
        faiss.omp_set_num_threads(1)
        multi = faiss.IndexBinaryMultiHash(256, 16, 16)
        multi.nflip = 1
        multi.add(kind.bits)
        some = kind.queries[:500]
        started = time.thread_time()
        multi.range_search(some, RADIUS + 1)
        told["faiss_lookups_per_s_1m"] = round(len(some) / (time.thread_time() - started))
    try:
        from threatexchange.signal_type.pdq.pdq_index import (  # type: ignore[import-not-found, unused-ignore]
            PDQIndex,
        )
    except ImportError:
        print("threatexchange is not installed: left out")
    else:
        theirs = PDQIndex.build((row.tobytes().hex(), at) for at, row in enumerate(kind.bits))
        texts = [row.tobytes().hex() for row in kind.queries[:500]]
        started = time.thread_time()
        for text in texts:
            theirs.query(text)
        told["threatexchange_lookups_per_s_1m"] = round(len(texts) / (time.thread_time() - started))
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="end with one JSON object")
    parser.add_argument("--quick", action="store_true", help="a smaller run")
    wanted = parser.parse_args()
    sizes = (20_000, 100_000) if wanted.quick else (1_000_000, 10_000_000)
    lookups, retroactive = (1_024, 100) if wanted.quick else (4_096, 10_000)
    most_clips = 2 if wanted.quick else None
    warm()
    figures: dict[str, Any] = {"rows_1m": sizes[0], "rows_10m": sizes[1]}
    with tempfile.TemporaryDirectory(prefix="fieldfare-matching-") as made:
        for number, kind in enumerate(kinds(sizes[0], lookups, most_clips)):
            index, _ = filled(Path(made) / f"1m-{number}", kind.bits)
            figures |= {f"{name}_1m": told for name, told in measured(index, kind).items()}
            index.close()
            if kind.name == "random":
                figures |= peers(kind)
        for kind in kinds(sizes[1], lookups, most_clips):
            folder = Path(made) / "10m"
            told = large(folder, kind, retroactive=retroactive)
            measured_twice = {"lookups", "hits", "one", "largest", "recall"}
            figures |= {
                f"{name}_10m" if name.split("_")[0] in measured_twice else name: value
                for name, value in told.items()
            }
            for path in folder.iterdir():
                path.unlink()
    for size in ("1m", "10m"):
        both = [
            value
            for name, value in figures.items()
            if name.endswith(f"_{size}") and name.startswith("lookups")
        ]
        figures[f"lookups_per_s_{size}"] = min(both)
    figures["recall"] = min(figures[name] for name in figures if name.startswith("recall"))
    for name, value in figures.items():
        print(f"{name:40} {value:>14,}")
    if wanted.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
