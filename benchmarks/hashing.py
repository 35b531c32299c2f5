"""How many pictures are hashed in a second, beside the reference program in the same run.

In: synthetic pictures of several sizes, in sRGB. Out: a table, and one line of JSON. Both sides
hash the same pixels, from sRGB, on one thread, counted in CPU seconds; rounds alternate, the
medians are compared. What the sealed child does is quicker still, for it takes the luma as the
decoder made it. Then what one clip costs, in one process: plain decoding, the side of a bank (every
frame) and the side of a query (keyframes and what lies between).
"""

import argparse
import io
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pdqhash
from numpy.typing import NDArray

from fieldfare.media import hash_many, luma_of
from fieldfare.media.errand import Errand
from fieldfare.media.examine import examine
from fieldfare.media.limits import MediaLimits
from fieldfare.media.taps import TAPS
from fieldfare.signals.fingerprinting import BANK_TAPS, QUERY_GAP_S, QUERY_TAPS
from fieldfare.testing.clips import Clip, texture, write_clip

SIZES = ((64, 64), (100, 120), (256, 256), (512, 512), (576, 1024), (1280, 720), (1920, 1080))
BATCH = {64: 256, 100: 128, 256: 64}

Pictures = NDArray[np.uint8]


def cpu_s(work: Callable[[], object]) -> float:
    """Give the CPU seconds of this process that `work` takes."""
    started = time.process_time()
    work()
    return time.process_time() - started


def reference(pictures: Pictures) -> list[tuple[NDArray[np.uint8], int]]:
    """Hash with the reference program."""
    return [pdqhash.compute(picture) for picture in pictures]


def apart(pictures: Pictures) -> tuple[int, int]:
    """Give the most bits and the most quality by which the two sides differ."""
    bits, quality = hash_many(pictures)
    theirs = reference(pictures)
    expected = np.stack([np.packbits(row) for row, _ in theirs])
    qualities = np.array([good for _, good in theirs], int)
    most_bits = int(np.bitwise_count(bits ^ expected).sum(axis=1).max())
    return most_bits, int(np.abs(quality.astype(int) - qualities).max())


def measure_size(width: int, height: int, rounds: int) -> Mapping[str, float]:
    """Hash a batch with both, in turn: pictures a second, and how far the results are apart."""
    n = BATCH.get(width, 8)
    pictures = np.stack(
        [texture(Clip(width=width, height=height, seed=seed), 0) for seed in range(n)]
    )
    lumas = luma_of(pictures).astype(np.uint8)
    bits, quality = apart(pictures)  # this also warms up both
    hash_many(lumas)
    ours, planes, theirs = [], [], []
    for _ in range(rounds):
        ours.append(cpu_s(lambda: hash_many(pictures)))
        planes.append(cpu_s(lambda: hash_many(lumas)))
        theirs.append(cpu_s(lambda: reference(pictures)))
    return {
        "ours_per_s": n / statistics.median(ours),
        "luma_per_s": n / statistics.median(planes),
        "pdqhash_per_s": n / statistics.median(theirs),
        "ratio": statistics.median(theirs) / statistics.median(ours),
        "bits_apart": bits,
        "quality_apart": quality,
    }


def examined_s(path: Path, taps: tuple[str, ...], gap_s: float | None) -> float:
    """Examine a clip as the sealed child does: CPU seconds."""
    errand = Errand(limits=MediaLimits(cpu_s=600), taps=taps, gap_s=gap_s)
    started = time.process_time()
    with io.FileIO(path) as file:
        answer, _ = examine(file, errand, taps=TAPS, report=None, tell=lambda _: None)
    assert answer.complete, answer.problem
    return time.process_time() - started


def measure_clip(rounds: int, *, frames: int) -> Mapping[str, float]:
    """Give the CPU seconds of each side for a clip of 576x1024, its keyframes 2 s apart."""
    clip = Clip(
        width=576,
        height=1024,
        fps=30,
        frames=frames,
        grain=3.0,
        options=(("preset", "veryfast"), ("crf", "-1"), ("b", "1M")),
    )
    sides: dict[str, tuple[tuple[str, ...], float | None]] = {
        "decode_s": ((), None),
        "bank_s": (BANK_TAPS, None),
        "query_s": (QUERY_TAPS, QUERY_GAP_S),
    }
    taken: dict[str, list[float]] = {name: [] for name in sides}
    with tempfile.TemporaryDirectory() as folder:
        path = write_clip(Path(folder, "clip.mp4"), clip)
        for _ in range(rounds + 1):
            for name, (taps, gap_s) in sides.items():
                taken[name].append(examined_s(path, taps, gap_s))
    return {name: statistics.median(each[1:]) for name, each in taken.items()}


def start_again_on_one_thread() -> None:
    """Begin anew with one thread for matrix products, as the sealed child has.

    It has to be said before NumPy is imported; threads that spin while they wait are no work.
    """
    one = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    if not one.items() <= os.environ.items():
        command = [sys.executable, *sys.argv]
        os.execve(sys.executable, command, {**os.environ, **one})  # noqa: S606  # ourselves, no shell


def main() -> None:
    """Measure, print what was found, and end with one line of JSON."""
    start_again_on_one_thread()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print only the line of JSON")
    parser.add_argument("--quick", action="store_true", help="fewer sizes and rounds")
    asked = parser.parse_args()
    rounds = 3 if asked.quick else 9
    found = {
        f"{width}x{height}": measure_size(width, height, rounds)
        for width, height in (SIZES[:3] if asked.quick else SIZES)
    }
    sides = measure_clip(min(rounds, 5), frames=60 if asked.quick else 450)
    if not asked.json:
        print("size        ours/s  of luma/s  pdqhash/s   ratio  bits  quality apart")
        for size, row in found.items():
            print(
                f"{size:10s} {row['ours_per_s']:7,.0f} {row['luma_per_s']:10,.0f} "
                f"{row['pdqhash_per_s']:10,.0f} {row['ratio']:7.1f} {row['bits_apart']:5.0f} "
                f"{row['quality_apart']:8.0f}"
            )
        for name, taken in sides.items():
            print(
                f"{name:10s} {taken:.3f} CPU s   {taken / sides['decode_s']:.0%} of plain decoding"
            )
    figures = {
        "ratio": round(min(row["ratio"] for row in found.values()), 2),
        "bits_apart": max(row["bits_apart"] for row in found.values()),
        **{name: round(taken, 3) for name, taken in sides.items()},
        "sizes": {size: round(row["ratio"], 2) for size, row in found.items()},
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
