"""Recognising known content, put together: the shelf of banks, recent uploads, and what brings a
late entry to the copies that came before it. Each has its thread in `serve`.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import structlog

from fieldfare.engine.late_words import LateWords
from fieldfare.engine.retroactive import Retroactive
from fieldfare.engine.shelf import INDEXES, Shelf
from fieldfare.engine.unit import Store
from fieldfare.engine.upkeep import Chore
from fieldfare.engine.uploads import Uploads
from fieldfare.kernel import Clock, JsonValue, Org
from fieldfare.ledger import Vault
from fieldfare.matching.fingerprints import Fingerprint
from fieldfare.matching.known import Explained
from fieldfare.records import Event

KEEP_MS: Final = 90 * 24 * 3_600_000
"""How long an upload can be met by a hash that arrives later; hits are kept as long."""
FORGET_EVERY_S: Final = 3_600.0
IDLE_S: Final = 0.5

_log = structlog.get_logger(__name__)


class Recognising:
    """What of an open installation knows banks. home: its folder."""

    def __init__(self, store: Store, clock: Clock, vault: Vault, home: Path) -> None:
        self._store = store
        self._clock = clock
        folder = home / INDEXES
        self.shelf = Shelf(store, folder)
        self.uploads = Uploads(store, folder, vault, scanned=self._scanned)
        self.retroactive = Retroactive(store, clock, shelf=self.shelf, uploads=self.uploads)
        self.late_words = LateWords(store, clock)
        self.failures = 0

    def observe(self, events: Sequence[Event]) -> None:
        """Follow the log."""
        self.shelf.observe(events)
        self.uploads.tail.feed(events)
        self.retroactive.observe(events)

    def runs(self) -> Mapping[str, Callable[[threading.Event], None]]:
        """Name what wants a thread."""
        return {
            "shelf": self.shelf.run,
            "uploads": self._follow_uploads,
            "retroactive": self.retroactive.run,
            "late-words": self.late_words.run,
        }

    def chore(self) -> Chore:
        """Let go of what is too old, now and then."""
        return Chore("uploads", FORGET_EVERY_S, self.forget)

    def step(self) -> int:
        """Do by hand what the threads do; returns how much there was to do."""
        return self.uploads.step() + self.retroactive.step() + self.late_words.step()

    def explained(self, org: Org, fingerprint: Fingerprint) -> Explained:
        """Say what a file matches, and of what is near it why it is no match."""
        return self.shelf.known(org).explained(fingerprint, at_ms=self._clock.now_ms())

    def forget(self) -> int:
        """Let go of uploads and hits past their time; returns how many hits went."""
        before = self._clock.now_ms() - KEEP_MS
        self.uploads.forget_before(before)
        self.uploads.merge()
        return self._store.write(lambda uow: uow.entry_hits.forget_before(before))

    def wake(self) -> None:
        """Let the threads look up, as when they are to end."""
        self.shelf.wake()
        self.uploads.tail.wake()
        self.retroactive.wake()

    def close(self) -> None:
        """Let others write the indexes."""
        self.uploads.close()
        self.shelf.close()

    def detail(self) -> dict[str, JsonValue]:
        """Say how far behind the followers are, for /health."""
        return {"uploads_waiting": self.uploads.tail.waiting(), "failures": self.failures}

    def _scanned(self, scan: Event) -> None:
        self.retroactive.scanned(scan)

    def _follow_uploads(self, stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                self.uploads.step(wait_s=IDLE_S)
            except Exception:  # noqa: BLE001  # worker boundary: the store may come back
                self.failures += 1
                _log.exception("following uploads failed")
                stop.wait(IDLE_S)
