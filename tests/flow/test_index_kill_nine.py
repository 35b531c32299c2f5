"""A process that writes an index is killed with SIGKILL: nothing it acknowledged is lost."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from fieldfare.matching.index import HashIndex

WRITER = """
import sys, threading
from pathlib import Path
import numpy as np
from fieldfare.matching.index import HashIndex, HashRows

index = HashIndex.open(Path(sys.argv[1]))

def merge():
    while True:
        index.merge_once()

def add(count):
    step = index.applied_to + 1
    rows = HashRows(
        bits=np.random.default_rng(step).integers(0, 256, (count, 32), np.uint8),
        owner=np.full(count, step), t_ms=np.arange(count), quality=np.full(count, 90),
        variant=np.zeros(count),
    )
    index.add(rows, applied_to=step)
    return step

print("ready", flush=True)
threading.Thread(target=merge, daemon=True).start()
while True:
    for count in (3, 5_000, 20, 9_000):
        step = add(count)
        print("added", step, count, flush=True)
    index.remove([step - 1], applied_to=step + 1)
    print("removed", step - 1, 0, flush=True)
    index.flush()
"""


def killed_after(folder: Path, lines: int) -> list[list[str]]:
    """Let the writer do so many things, kill it in the next, and give all it acknowledged."""
    command = [sys.executable, "-c", WRITER, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        told = [writer.stdout.readline().split() for _ in range(lines)]
        writer.kill()
        told += [line.split() for line in writer.stdout.read().splitlines(keepends=True)]
    assert told[0] == ["ready"], "the writer did not start"
    return told[1:]


def bits_of(step: int) -> NDArray[np.uint8]:
    return np.random.default_rng(step).integers(0, 256, (3, 32), np.uint8)


@pytest.mark.kill
def test_killed_while_it_adds_flushes_and_merges_an_index_has_all_it_acknowledged(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "index"
    counts: dict[int, int] = {}
    gone: set[int] = set()
    for lines in (3, 13, 30):
        told = [(what, int(step), int(n)) for what, step, n in killed_after(folder, lines)]
        counts |= {step: n for what, step, n in told if what == "added"}
        gone |= {step for what, step, _ in told if what == "removed"}
        acknowledged_to = max(step + 2 * (what == "removed") for what, step, _ in told)

        index = HashIndex.open(folder)
        last, held = index.applied_to, len(index)
        found = index.search(np.concatenate([bits_of(step) for step in counts]))
        while index.merge_once():
            pass
        assert len(index) == held
        index.close()

        # What was being done when it was killed may be in or not: whole, and one thing at most.
        expected = {step for step in counts if step not in gone}
        missing = expected - set(found.owner.tolist())
        assert len(missing) <= (last > acknowledged_to)
        assert not set(found.owner.tolist()) & gone
        kept = sum(counts[step] for step in expected - missing)
        assert held - kept in {0, 3, 20, 5_000, 9_000}
        counts.update({last: held - kept} if held > kept else {})
        gone |= missing
