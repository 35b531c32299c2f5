"""Lanes: how ids are given in commit order by several writers, and how far readers may read.

Each writing process has a lane, a row it locks for the length of its transaction. Everything at or
below the smallest last id over open lanes is committed: that is the low watermark. A lane that is
idle beside others beats, so that it does not hold the watermark back; one that has not beaten for
ten seconds is closed by another, and takes itself up again above everything already read.
"""

from typing import Final

from sqlalchemy import bindparam, func, select

from fieldfare.kernel import EPOCH_MS, HISTORY_LANE, BadInput, Clock, EventId, next_id
from fieldfare.kernel.ids import SEQUENCE_BITS, TIME_SHIFT
from fieldfare.storage.statements import Statement, insert_if_absent
from fieldfare.storage.tables import lanes
from fieldfare.storage.transaction import Transaction, only

BEAT_S: Final = 0.5
LOST_AFTER_MS: Final = 10_000

_LOCK: Final = Statement(
    select(lanes.c.last_id, lanes.c.is_open)
    .where(lanes.c.lane == bindparam("lane_is"))
    .with_for_update()
)
_HIGHEST: Final = Statement(select(func.max(lanes.c.last_id)))
_WATERMARK: Final = Statement(
    select(func.min(lanes.c.last_id)).where(lanes.c.is_open == bindparam("open"))
)
_MAKE: Final = insert_if_absent(lanes)
_MOVE: Final = Statement(
    lanes.update()
    .where(lanes.c.lane == bindparam("lane_is"))
    .values(last_id=bindparam("last"), is_open=bindparam("open"), beat_at=bindparam("now"))
)
_OTHERS: Final = Statement(
    select(func.count())
    .select_from(lanes)
    .where(lanes.c.lane != bindparam("lane_is"), lanes.c.is_open == bindparam("open"))
)
_CLOSE_LOST: Final = Statement(
    lanes.update()
    .where(
        lanes.c.lane != bindparam("lane_is"),
        lanes.c.is_open == bindparam("open"),
        lanes.c.beat_at < bindparam("before"),
    )
    .values(is_open=bindparam("shut"))
)


def watermark(tx: Transaction) -> EventId:
    """Give the smallest last id over open lanes; when none is open, the highest of all."""
    low = only(tx.row(_WATERMARK, open=True))
    return EventId(low if low is not None else only(tx.row(_HIGHEST)) or 0)


class Lane:
    """The lane of one writer. `lock` at the start of a transaction, `store` before its commit."""

    def __init__(self, number: int, clock: Clock) -> None:
        if not 0 <= number < HISTORY_LANE:
            raise BadInput(
                f"lane {number} is not one of 0 to {HISTORY_LANE - 1}",
                hint="Give each writing process a lane of its own.",
            )
        self.number = number
        self._clock = clock
        self._last = self._stored = 0

    def open(self, tx: Transaction) -> None:
        """Take the lane up, above everything that may have been read."""
        tx.run(_MAKE, lane=self.number, last_id=0, is_open=False, beat_at=0)
        self.lock(tx)
        self._move(tx, is_open=True)

    def lock(self, tx: Transaction) -> None:
        """Read the lane's last id and keep other writers of this lane out until the commit."""
        found = tx.row(_LOCK, lane_is=self.number)
        last, is_open = found if found is not None else (0, False)
        self._last = self._stored = last
        if not is_open:
            # Closed at a stop, or by another process that took us for lost.
            self._last = max(last, only(tx.row(_HIGHEST)) or 0)
            self._move(tx, is_open=True)

    @property
    def last(self) -> EventId:
        """The last id given."""
        return EventId(self._last)

    def next(self) -> EventId:
        """Give the next id. It counts once the transaction has committed."""
        given = next_id(self._last, now_ms=self._clock.now_ms(), lane=self.number)
        self._last = given
        return given

    def store(self, tx: Transaction) -> None:
        """Write the last id given, in the transaction that gave it."""
        if self._last != self._stored:
            self._move(tx, is_open=True)

    def beat(self, tx: Transaction) -> None:
        """Raise the last id to now and above the other lanes, and close those that are lost.

        A lane that is alone and ahead of those that are closed holds nobody back.
        """
        self.lock(tx)
        highest = only(tx.row(_HIGHEST))
        if highest <= self._last and not only(tx.row(_OTHERS, lane_is=self.number, open=True)):
            return
        now = self._clock.now_ms()
        floor = (now - EPOCH_MS) << TIME_SHIFT | self.number << SEQUENCE_BITS
        self._last = max(self._last, floor, highest)
        self._move(tx, is_open=True)
        tx.run(_CLOSE_LOST, lane_is=self.number, open=True, before=now - LOST_AFTER_MS, shut=False)

    def close(self, tx: Transaction) -> None:
        """Stop holding the watermark."""
        self.lock(tx)
        self._move(tx, is_open=False)

    def _move(self, tx: Transaction, *, is_open: bool) -> None:
        now = self._clock.now_ms()
        tx.run(_MOVE, lane_is=self.number, last=self._last, open=is_open, now=now)
        self._stored = self._last
