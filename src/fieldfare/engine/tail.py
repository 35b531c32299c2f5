"""The tail of the log: committed events in id order, from memory while one keeps up, else from the
store.

The writer hands over each commit's events; a reader that starts late or falls behind reads the log
until it has caught up. So nothing is decrypted twice on the common path, and nothing is ever
skipped.
"""

import threading
from collections import deque
from collections.abc import Sequence
from typing import Final

from fieldfare.engine.unit import Store
from fieldfare.kernel import EventId
from fieldfare.records import Event

KEEP: Final = 20_000
"""Events held in memory for a reader that lags; beyond it, the reader goes back to the store."""


class Tail:
    """One reader's view of the log after `position`. Fed by any thread, taken from by one."""

    def __init__(self, store: Store, position: EventId) -> None:
        self._store = store
        self._position = position
        self._fresh: deque[Event] = deque()
        self._whole = False
        self._changed = threading.Condition()
        self._dropped = 0
        self._in_hand = 0

    @property
    def position(self) -> EventId:
        """The last event taken."""
        return self._position

    def feed(self, events: Sequence[Event]) -> None:
        """Take over what was just committed, in id order."""
        with self._changed:
            self._fresh.extend(events)
            while len(self._fresh) > KEEP:
                self._fresh.popleft()
                self._dropped += 1
                self._whole = False
            self._changed.notify_all()

    def rewind(self, position: EventId) -> None:
        """Read on from an earlier event: what was taken since was not done."""
        self._position = position
        self._whole = False

    def wake(self) -> None:
        """Let a waiting `take` return with nothing."""
        with self._changed:
            self._changed.notify_all()

    def waiting(self) -> int:
        """Count the events the reader has not finished: ahead of it, and those it took last."""
        with self._changed:
            return len(self._fresh) + self._dropped + self._in_hand

    def take(self, limit: int, *, wait_s: float) -> Sequence[Event]:
        """Give at most `limit` events after the position, waiting up to `wait_s` for the first.

        Asking for more says that those taken before are finished.
        """
        if not self._whole:
            found = self._from_store(limit)
            if found:
                return found
        with self._changed:
            self._in_hand = 0
            if self._whole and not self._fresh:
                self._changed.wait(wait_s)
            if self._whole:
                return self._moved(self._from_memory(limit))
        # More came at once than is kept, while nobody was looking.
        return self._from_store(limit)

    def _from_memory(self, limit: int) -> Sequence[Event]:
        taken: list[Event] = []
        while self._fresh and len(taken) < limit:
            event = self._fresh.popleft()
            if event.id > self._position:
                taken.append(event)
        self._in_hand = len(taken)
        return taken

    def _from_store(self, limit: int) -> Sequence[Event]:
        with self._changed:
            # Everything committed from here on is fed as well: no gap, and repeats are skipped by
            # id.
            self._whole = True
        found = self._store.read(lambda uow: uow.log.after(self._position, limit=limit))
        with self._changed:
            if len(found) == limit:
                self._whole = False
            else:
                self._dropped = 0
            self._in_hand = len(found)
        return self._moved(found)

    def _moved(self, events: Sequence[Event]) -> Sequence[Event]:
        if events:
            self._position = events[-1].id
        return events
