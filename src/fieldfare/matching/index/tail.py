"""The fresh tail: the newest rows, in memory, compared one by one; they match at once.

Snapshots share the arrays: rows are only ever written behind the end that a snapshot knows.
"""

import numpy as np
from numpy.typing import NDArray

from fieldfare.matching.index.rows import NO_ROWS, ROW_BYTES, HashRows, joined


class Tail:
    def __init__(self) -> None:
        self._rows = NO_ROWS
        self._room = NO_ROWS

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def rows(self) -> HashRows:
        return self._rows

    def add(self, rows: HashRows) -> None:
        start, stop = len(self._rows), len(self._rows) + len(rows)
        if stop > len(self._room):
            self._room = joined([self._rows, _room_for(stop)])
        room = self._room
        room.bits[start:stop] = rows.bits
        room.owner[start:stop] = rows.owner
        room.t_ms[start:stop] = rows.t_ms
        room.quality[start:stop] = rows.quality
        room.variant[start:stop] = rows.variant
        self._rows = room.part(0, stop)

    def remove(self, owners: NDArray[np.int64]) -> None:
        self._keep(self._rows.where(~np.isin(self._rows.owner, owners)))

    def drop_below(self, owner: int) -> None:
        self._keep(self._rows.where(self._rows.owner >= owner))

    def _keep(self, rows: HashRows) -> None:
        if len(rows) < len(self._rows):
            self._rows = self._room = rows


def _room_for(rows: int) -> HashRows:
    return HashRows(
        bits=np.zeros((rows, ROW_BYTES), np.uint8),
        owner=np.zeros(rows, np.int64),
        t_ms=np.zeros(rows, np.uint32),
        quality=np.zeros(rows, np.uint8),
        variant=np.zeros(rows, np.uint8),
    )
