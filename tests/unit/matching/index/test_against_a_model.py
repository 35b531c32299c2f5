"""Whatever is done in whatever order, an index finds what comparing with every row finds."""

import shutil
import tempfile
from pathlib import Path

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from numpy.typing import NDArray

from fieldfare.matching.index import HashIndex, HashRows

CENTRES = np.random.default_rng(5).integers(0, 256, (6, 32), np.uint8)
OWNERS = st.integers(0, 40)
SEEDS = st.integers(0, 2**32 - 1)


def near_centres(seed: int, count: int) -> NDArray[np.uint8]:
    """Draw hashes of few bits' difference from a few, so that many are near each other."""
    draw = np.random.default_rng(seed)
    flips = draw.random((count, 256)) < draw.choice([0.0, 0.03, 0.08, 0.5], (count, 1))
    bits = np.unpackbits(CENTRES[draw.integers(0, len(CENTRES), count)], axis=1)
    return np.packbits(bits ^ flips, axis=1)


class AgainstAModel(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="fieldfare-index-"))
        self.index = HashIndex.open(self.folder)
        self.reader = HashIndex.open(self.folder, writable=False)
        self.bits = np.empty((0, 32), np.uint8)
        self.owner = np.empty(0, np.int64)
        self.step = 0
        self.floor = 0

    def teardown(self) -> None:
        self.index.close()
        shutil.rmtree(self.folder)

    def keep(self, kept: NDArray[np.bool_]) -> None:
        self.bits, self.owner = self.bits[kept], self.owner[kept]

    @rule(seed=SEEDS, owner=OWNERS, count=st.sampled_from([0, 1, 3, 30, 4_096]))
    def add(self, seed: int, owner: int, count: int) -> None:
        bits = near_centres(seed, count)
        owners = (owner + np.arange(count) % 3).astype(np.int64)
        self.step += 1
        rows = HashRows(
            bits=bits,
            owner=owners,
            t_ms=np.full(count, self.step, np.uint32),
            quality=np.full(count, 80, np.uint8),
            variant=np.zeros(count, np.uint8),
        )
        self.index.add(rows, applied_to=self.step)
        kept = owners >= self.floor
        self.bits = np.concatenate([self.bits, bits[kept]])
        self.owner = np.concatenate([self.owner, owners[kept]])

    @rule(owners=st.lists(OWNERS, max_size=5))
    def remove(self, owners: list[int]) -> None:
        self.step += 1
        self.index.remove(owners, applied_to=self.step)
        self.keep(~np.isin(self.owner, owners))

    @rule(floor=st.integers(0, 12))
    def drop_below(self, floor: int) -> None:
        self.floor = max(self.floor, floor)
        self.index.drop_below(floor)
        self.keep(self.owner >= self.floor)

    @rule()
    def flush(self) -> None:
        self.index.flush()

    @rule()
    def merge(self) -> None:
        self.index.merge_once()

    @rule()
    def reopen(self) -> None:
        self.index.close()
        self.index = HashIndex.open(self.folder)

    @rule(seed=SEEDS, radius=st.sampled_from([0, 9, 16, 25, 31, 31, 40, 50]), far=st.booleans())
    def search(self, seed: int, radius: int, far: bool) -> None:  # noqa: FBT001  # a rule's own draw
        queries = near_centres(seed, 4)
        if far:
            self.reader.refresh()
        hits = (self.reader if far else self.index).search(queries, radius)

        distance = np.bitwise_count(queries[:, None, :] ^ self.bits[None, :, :]).sum(axis=2)
        query, row = np.nonzero(distance <= radius)
        expected = zip(query, self.owner[row], distance[query, row], strict=True)
        assert sorted(zip(hits.query, hits.owner, hits.distance, strict=True)) == sorted(expected)

    @invariant()
    def counts_its_rows(self) -> None:
        if self.step:
            assert len(self.index) == len(self.bits)
            assert self.index.applied_to == self.step


AgainstAModel.TestCase.settings = settings(
    max_examples=12, stateful_step_count=20, deadline=None, derandomize=True
)
TestAgainstAModel = AgainstAModel.TestCase
