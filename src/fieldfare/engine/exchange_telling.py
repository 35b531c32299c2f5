"""Telling exchanges what our reviewers found: what was confirmed and what was denied.

Feedback on matches of an exchange's entries flows in, in the order it was given; out it flows as
opinions, each record's latest. The place reached is stored after each, so that a restart may tell
one of them twice, which services take as once. A suggestion is no opinion and is not told.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import structlog

from fieldfare.engine.exchange_pages import exchange_pseudonym, progress_of, save_progress
from fieldfare.engine.exchange_records import ExchangeRecord
from fieldfare.engine.unit import Store, UnitOfWork
from fieldfare.kernel import EventId, Org
from fieldfare.matching.exchanges import (
    ExchangeClient,
    ExchangeRefused,
    OpinionNotTaken,
    OwnOpinion,
    Signal,
    SignalKind,
)
from fieldfare.matching.fingerprints import WHOLE, unpack_frames
from fieldfare.matching.repositories import Feedback, Opinion

PORTION: Final = 100
_SAID: Final = frozenset({Opinion.CONFIRMED, Opinion.DENIED})

_log = structlog.get_logger(__name__)


class Teller:
    """Reads on in the feedback from where it was, and tells what is for the exchange."""

    def __init__(self, store: Store, client: Callable[[ExchangeRecord], ExchangeClient]) -> None:
        self._store = store
        self._client = client

    def tell(
        self, exchange: ExchangeRecord, *, is_over: Callable[[], bool] = lambda: False
    ) -> tuple[int, int]:
        """Tell what there is: (how many were taken, how many were not).

        is_over: asked before each; what is left once it says so is told the next time.
        Raises ExchangeUnavailable where the service is not there; the rest is told later.
        """
        if not exchange.tells:
            return 0, 0
        org, name = exchange.org, exchange.name
        after, told, untold = exchange.progress.told_to, 0, 0
        client = self._client(exchange)
        while portion := self._portion(org, after):
            for feedback in portion:
                opinion = self._opinion(org, name, feedback)
                if opinion is None:
                    continue
                if is_over():
                    return told, untold
                after = feedback.event_id
                taken = self._one(client, name, opinion)
                told, untold = told + taken, untold + (not taken)
                self._save(org, name, after, taken=taken)
            after = portion[-1].event_id
            self._save(org, name, after, taken=None)
        return told, untold

    def _portion(self, org: Org, after: EventId) -> list[Feedback]:
        return list(self._store.read(lambda uow: uow.feedback.since(org, after, limit=PORTION)))

    def _one(self, client: ExchangeClient, name: str, opinion: OwnOpinion) -> bool:
        try:
            client.tell(opinion)
        except (OpinionNotTaken, ExchangeRefused) as error:
            _log.warning("opinion not taken", exchange=name, problem=error.slug)
            return False
        return True

    def _opinion(self, org: Org, name: str, feedback: Feedback) -> OwnOpinion | None:
        """Make an opinion of feedback on an entry that came from this exchange."""

        def read(uow: UnitOfWork) -> OwnOpinion | None:
            entry = uow.entries.get(org, feedback.entry)
            if entry is None or entry.source != exchange_pseudonym(name):
                return None
            held = uow.held_records.get(org, name, entry.source_id)
            hashes = uow.entries.hashes(org, entry.id)
            signals = [
                Signal(kind, value)
                for kind, value in ((SignalKind.MD5, entry.md5), (SignalKind.SHA256, entry.sha256))
                if value
            ]
            if hashes is not None and hashes.frames and not entry.seconds:
                table = unpack_frames(hashes.frames)
                rows = table.bits[table.window == WHOLE]
                signals += [Signal(SignalKind.PDQ, row.tobytes().hex()) for row in rows]
            return OwnOpinion(
                key=entry.source_id,
                agrees=feedback.opinion is Opinion.CONFIRMED,
                signals=tuple(signals),
                address=held.address if held else {},
            )

        return self._store.read(read) if feedback.opinion in _SAID else None

    def _save(self, org: Org, name: str, after: EventId, *, taken: bool | None) -> None:
        def write(uow: UnitOfWork) -> None:
            progress = progress_of(uow, org, name)
            told = progress.told + (taken is True)
            untold = progress.untold + (taken is False)
            save_progress(
                uow, org, name, replace(progress, told_to=after, told=told, untold=untold)
            )

        self._store.write(write)
