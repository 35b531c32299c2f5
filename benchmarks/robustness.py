"""How many edited copies are found, and how many strangers are: recall by edit, false matches.

Known clips, drawn here and (with FIELDFARE_DATA_AT_HAND) filmed, are each put into a priority bank
of their own; beside them stand a million distractor hashes and 20,000 distractor frames. Every clip
is edited in each of twenty ways, with parameters drawn from --seed, encoded, and looked up as any
file is: sealed child, keyframes and gaps, frames and features, thresholds as a bank begins with.
The same files are looked up as if no bank were one of priority, by frames alone (default_...).
Unrelated clips are looked up too, some with the sticker and the words of a known one. A pair is one
file and one bank of another family; a false match is one that matched. Beside it, in the same run,
the rule of vPDQ: one frame a second, quality 50, 31 bits, 80 % of the file.

Ends with one line of JSON. query_cpu_s: CPU s, child and parent, for a lookup of 15 s of 576 x 1024
at 30 frames a second; default_query_cpu_s: the same where no bank is one of priority.
rows_per_bank_second: hashes a bank keeps for a second of a known clip.
"""

import argparse
import io
import json
import os
import statistics
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Final, NamedTuple

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # CPU seconds of one core; read with NumPy

import numpy as np
from _recall import Tally, report
from numpy.typing import NDArray

from fieldfare.kernel import EventId, Org
from fieldfare.matching.features import (
    FeatureIndex,
    FeatureStage,
    LocalFeatures,
    features_for_bank,
    unpack_features,
)
from fieldfare.matching.fingerprints import FrameTable
from fieldfare.matching.index import HashIndex, HashRows, warm
from fieldfare.matching.known import KnownContent
from fieldfare.matching.repositories import BankEntryRecord, BankRecord
from fieldfare.matching.vpdq import QUERY_PERCENT, vpdq_percentages
from fieldfare.signals.fingerprinting import Fingerprinted, Fingerprinter, Side
from fieldfare.testing.copies import (
    ALIKE,
    AT_HAND,
    CHAIN,
    KNOWN,
    NONE,
    SECONDS,
    Clip,
    Made,
    distractors,
    feed_clip,
    make,
)
from fieldfare.testing.edits import EDITS

MAIN: Final = Org("main")
FIRST_DISTRACTOR: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is done. films: drawn ones in the bank; frames: distractors of the second stage."""

    films: int
    filmed: int
    unrelated: int
    edits: tuple[str, ...]
    hashes: int
    frames: int
    timed: int
    timed_s: int


FULL: Final = Size(
    films=12,
    filmed=5,
    unrelated=60,
    edits=(*EDITS, CHAIN),
    hashes=1_000_000,
    frames=20_000,
    timed=3,
    timed_s=15,
)
QUICK: Final = Size(
    films=1,
    filmed=1,
    unrelated=1,
    edits=("crop", CHAIN),
    hashes=20_000,
    frames=50,
    timed=1,
    timed_s=2,
)


class Shelf:
    """The banks of the benchmark: one for each known clip, and one for all distractors."""

    def __init__(self, clips: Sequence[Clip], *, priority: bool) -> None:
        names = [*(_bank_of(clip) for clip in clips), "distractors"]
        self._banks = {
            name: BankRecord(org=MAIN, name=name, policy="X.ONE", vetted=True, priority=priority)
            for name in names
        }
        self._names = names

    def banks(self) -> Mapping[str, BankRecord]:
        return self._banks

    def of_digest(self, _: str, /) -> Sequence[BankEntryRecord]:
        return ()

    def entry(self, entry_id: int, /) -> BankEntryRecord | None:
        name = "distractors" if entry_id >= FIRST_DISTRACTOR else self._names[entry_id - 1]
        return BankEntryRecord(
            org=MAIN,
            id=EventId(entry_id),
            bank=name,
            label="",
            sha256="",
            added_at=0,
            changed=EventId(1),
            frames=100,
            seconds=SECONDS,
        )


def _bank_of(clip: Clip) -> str:
    return f"{clip.family}-{clip.number}"


class LookedUp(NamedTuple):
    """What a lookup finds. banks: of priority; plainly: were they none. cpu_s: for 15 s of it."""

    banks: frozenset[str]
    plainly: frozenset[str]
    cpu_s: float


class Bench:
    """A bank with its indexes, and a sandbox to look files up with."""

    def __init__(self, folder: Path, fingerprinter: Fingerprinter, clips: Sequence[Clip]) -> None:
        self._fingerprinter = fingerprinter
        self._clips = clips
        self._peers: list[NDArray[np.uint8]] = []
        self.rows = HashIndex.open(folder / "rows")
        self.features = FeatureIndex.open(folder / "features")
        stages = [FeatureStage(self.features)]
        self.known = KnownContent(Shelf(clips, priority=True), self.rows, stages)
        self.plainly = KnownContent(Shelf(clips, priority=False), self.rows)
        self.banked_rows, self.banked_s = 0, 0.0

    def bank(self, made: Made, owner: int) -> None:
        """Put a file into its bank, as `bank add` does for a priority bank."""
        fingerprint = self._taken(made.path, "bank").fingerprint
        self.banked_rows += len(fingerprint.frames)
        self.banked_s += fingerprint.seconds
        rows = fingerprint.frames.chosen(fingerprint.frames.quality >= 50)
        owners = np.full(len(rows), owner, np.int64)
        self.rows.add(_rows(rows.bits, owners, np.round(rows.t * 1000)), applied_to=owner)
        features = features_for_bank(fingerprint.stills)
        if features is not None:
            self.features.add([(owner, features)], applied_to=owner)
        self._peers.append(made.peer)

    def look_up(self, path: Path, *, stills: bool = True) -> LookedUp:
        """Look a file up; without stills for the CPU time of installations without priority."""
        started = time.process_time()
        taken = self._taken(path, "query", stills=stills)
        known = self.known if stills else self.plainly
        matches = known.match(taken.fingerprint)
        cpu_s = taken.found.cpu_s + time.process_time() - started
        plain = self.plainly.match(taken.fingerprint) if stills else matches
        return LookedUp(
            banks=frozenset(m.bank for m in matches),
            plainly=frozenset(m.bank for m in plain),
            cpu_s=cpu_s * 15 / taken.fingerprint.seconds,
        )

    def judge(self, made: Made, tally: Tally) -> None:
        """Look a file up, with ours and with the peer's rule, and note what was found."""
        seen = self.look_up(made.path)
        tally.cpu_s.append(seen.cpu_s)
        own = _bank_of(made.clip)
        peers = self._peer_finds(made)
        if made.edit not in {NONE, ALIKE}:
            tally.note(
                made, found=own in seen.banks, default=own in seen.plainly, peer=own in peers
            )
        families = {_bank_of(clip) for clip in self._clips if clip.family == made.clip.family}
        tally.pairs += len(self._clips) - len(families) + 1
        tally.false += [f"{made.path.stem} in {bank}" for bank in sorted(seen.banks - families)]
        tally.default_false += len(seen.plainly - families)
        tally.peer_false += len(peers - families)

    def _peer_finds(self, made: Made) -> set[str]:
        asked = _peer_table(made.peer)
        return {
            _bank_of(clip)
            for clip, known in zip(self._clips, self._peers, strict=True)
            if vpdq_percentages(asked, _peer_table(known)).query >= QUERY_PERCENT
        }

    def _taken(self, path: Path, side: Side, *, stills: bool = True) -> Fingerprinted:
        taken = self._fingerprinter.take(path, side, stills=stills)
        assert not taken.found.problem, (path, taken.found.problem)
        return taken


def _peer_table(rows: NDArray[np.uint8]) -> FrameTable:
    return FrameTable.of(np.arange(len(rows), dtype=np.float64), rows[:, :32], rows[:, 32])


def _rows(bits: NDArray[np.uint8], owner: NDArray[np.int64], t_ms: NDArray[np.generic]) -> HashRows:
    return HashRows(
        bits=bits,
        owner=owner,
        t_ms=np.asarray(t_ms, np.uint32),
        quality=np.full(len(bits), 100, np.uint8),
        variant=np.zeros(len(bits), np.uint8),
    )


def add_distractors(bench: Bench, pool: ProcessPoolExecutor, size: Size) -> None:
    """Fill both indexes: hashes of distractor frames, each with many versions of some bits."""
    each = 200 if size.frames > 200 else 50
    parts = [pool.submit(distractors, at, each) for at in range(0, size.frames, each)]
    found: list[NDArray[np.uint8]] = []
    owned: list[tuple[int, LocalFeatures]] = []
    for part in parts:
        packed, bits = part.result()
        found.append(bits)
        for features in packed:
            owned.append((FIRST_DISTRACTOR + len(owned), unpack_features(features)))
    bench.features.add(owned, applied_to=0)
    bits = np.concatenate(found)
    chance = np.random.default_rng(1)
    owner = FIRST_DISTRACTOR + np.arange(len(bits)) // 10
    for _ in range(-(-size.hashes // len(bits))):
        # Half of the bits of a mask and of three more: some 16 of 256 are another.
        worn = np.bitwise_and.reduce(chance.integers(0, 256, (4, *bits.shape), np.uint8))
        t_ms = np.arange(len(bits)) % 10 * 1000
        bench.rows.add(_rows(bits ^ worn, owner, t_ms), applied_to=0)
    while bench.rows.merge_once() or bench.features.merge_once():
        pass


def timed_query_s(
    bench: Bench, pool: ProcessPoolExecutor, folder: Path, size: Size
) -> tuple[float, float]:
    """Look up clips as feeds serve them, 576 x 1024: the median of CPU s for 15 s of them, with
    the second stage and without.
    """
    parts = [
        pool.submit(feed_clip, number, size.timed_s, folder / f"feed-{number}.mp4")
        for number in range(size.timed)
    ]
    paths = [part.result() for part in parts]
    bench.look_up(paths[0])
    full, plain = (
        statistics.median(bench.look_up(path, stills=stills).cpu_s for path in paths * 3)
        for stills in (True, False)
    )
    return full, plain


def looked_up(clips: Sequence[Clip], size: Size) -> Iterator[tuple[Clip, str]]:
    """Name everything that is looked up: each known clip in each edit, then strangers."""
    for clip in clips:
        for edit in size.edits:
            yield clip, edit
    for number in range(size.unrelated):
        clip = Clip(family=f"stranger {number}", number=1000 + number, is_marked=number % 3 == 0)
        yield clip, (ALIKE if clip.is_marked else NONE)


def known_clips(size: Size) -> list[Clip]:
    """Name the clips of the bank: drawn ones, two of them marked, and those at hand."""
    clips = [
        Clip(family=f"film {number}", number=number, is_marked=number < 2)
        for number in range(size.films)
    ]
    if "FIELDFARE_DATA_AT_HAND" in os.environ:
        filmed = enumerate(AT_HAND[: size.filmed])
        clips += [Clip(family=one.family, number=at, is_filmed=True) for at, one in filmed]
    return clips


def ahead(
    pool: ProcessPoolExecutor, work: Iterator[tuple[Clip, str]], seed: int, folder: Path
) -> Iterator[Made]:
    """Make files in other processes, a few ahead of what is looked up, and delete them after."""
    waiting: deque[Future[Made]] = deque()
    for clip, edit in work:
        waiting.append(pool.submit(make, clip, edit, seed, folder))
        if len(waiting) > 8:
            yield from _given(waiting.popleft())
    while waiting:
        yield from _given(waiting.popleft())


def _given(future: "Future[Made]") -> Iterator[Made]:
    made = future.result()
    yield made
    made.path.unlink()


def measure(size: Size, seed: int, folder: Path) -> tuple[Tally, dict[str, float]]:
    """Build the bank, look everything up: (what was found, other figures)."""
    clips = known_clips(size)
    context = get_context("spawn")
    with ProcessPoolExecutor(2, context) as pool, Fingerprinter() as fingerprinter:
        bench = Bench(folder, fingerprinter, clips)
        for owner, made in enumerate(
            ahead(pool, ((clip, KNOWN) for clip in clips), seed, folder), start=1
        ):
            bench.bank(made, owner)
        add_distractors(bench, pool, size)
        tally = Tally()
        for made in ahead(pool, looked_up(clips, size), seed, folder):
            bench.judge(made, tally)
            if len(tally.cpu_s) % 50 == 0:
                print(f"{len(tally.cpu_s)} files looked up", file=sys.stderr)
        timed, plainly_timed = timed_query_s(bench, pool, folder, size)
        figures = {
            "query_cpu_s": round(timed, 3),
            "default_query_cpu_s": round(plainly_timed, 3),
            "rows_per_bank_second": round(bench.banked_rows / bench.banked_s, 2),
            "edited_query_cpu_s": round(statistics.median(tally.cpu_s), 3),
            "hashes": len(bench.rows),
            "frames": len(bench.features),
        }
        return tally, figures


def main() -> None:
    """Measure, print what was found, and end with one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print only the line of JSON")
    parser.add_argument("--quick", action="store_true", help="few clips, edits and distractors")
    parser.add_argument("--seed", type=int, default=1, help="what clips and edits are drawn from")
    for name in ("films", "unrelated", "frames"):
        parser.add_argument(f"--{name}", type=int, help=f"{name} in place of {getattr(FULL, name)}")
    asked = parser.parse_args()
    size = QUICK if asked.quick else FULL
    given = {name: getattr(asked, name) for name in ("films", "unrelated", "frames")}
    size = replace(size, **{name: value for name, value in given.items() if value is not None})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        warm()
        tally, figures = measure(size, asked.seed, folder)
    with redirect_stdout(io.StringIO() if asked.json else sys.stdout):
        line = report(tally, figures)
    print(json.dumps({"seed": asked.seed, **line}))


if __name__ == "__main__":
    main()
