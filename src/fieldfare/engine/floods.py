"""Floods: an entry that matches too many items in an hour is taken for a question, and told of.

In flow the matches of a scan or of the words of a post, in the transaction that records it; out
flow hits by entry and item, and where a bank's limit is passed the entry's quarantine: an event,
and an alert to every webhook. A person releases it. Equal bytes are no question, however often they
come: only what was found by likeness counts.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import structlog
from prometheus_client import Counter

from fieldfare.engine.administration import note
from fieldfare.engine.alerts import alert
from fieldfare.engine.banks import BANK, change_entry
from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import EventId, JsonValue, Unknown, at_of
from fieldfare.matching.matches import DIGESTS
from fieldfare.matching.pdq import RADIUS
from fieldfare.matching.repositories import BankEntryRecord, BankRecord, EntryHit, EntryState
from fieldfare.records import Event, FactValue, Subject
from fieldfare.signals.copies import TEXT_MATCHES, URL_MATCHES

Facts = Mapping[str, FactValue | Unknown]
HOUR_MS: Final = 3_600_000
QUARANTINED: Final = "entry.quarantined"
ALERT: Final = "alert.entry_quarantined"
BY: Final = "floods"

_FLOODS: Final = Counter(
    "fieldfare_entries_quarantined_total", "Entries that matched too much.", ("org", "bank")
)
_log = structlog.get_logger(__name__)


def note_hits(uow: UnitOfWork, scanned: Event, *, first: Event | None = None) -> None:
    """Keep which entries a scan matched, and quarantine those that have passed their limit.

    first: the scan of an upload from before its entry, if this one tells of it anew. Such a hit is
    kept as of then: the uploads of months that a new entry meets at once are no flood, and do not
    make one of the next upload either.
    """
    for match in matches_of(scanned.data or {}):
        _note(uow, scanned, match, distance=_bits_of(match), first=first)


def _bits_of(match: Mapping[str, JsonValue]) -> int:
    """Read the distance; what was found by no hash is kept as the farthest that matches."""
    distance = match.get("distance", 0)
    return RADIUS if distance is None else int(str(distance))


def note_word_hits(uow: UnitOfWork, event: Event, facts: Facts) -> None:
    """Likewise for the words of a post: their distance is the share that differs, in percent."""
    for name in (TEXT_MATCHES[-1], URL_MATCHES[-1]):
        found = facts.get(name)
        for match in found if isinstance(found, list) else ():
            likeness = match.get("similarity") if isinstance(match, dict) else None
            if isinstance(match, dict) and isinstance(likeness, int | float):
                _note(uow, event, match, distance=round(100 * (1 - likeness)))


def _note(
    uow: UnitOfWork,
    event: Event,
    match: Mapping[str, JsonValue],
    *,
    distance: int,
    first: Event | None = None,
) -> None:
    entry = uow.entries.get(event.org, EventId(int(str(match["entry"]))))
    bank = None if entry is None else uow.banks.get(event.org, entry.bank)
    if entry is None or bank is None:
        return
    hit = EntryHit(
        org=event.org,
        entry=entry.id,
        item=event.subject,
        event_id=event.id,
        at=event.at if first is None else first.at,
        means=str(match.get("means", "")),
        distance=distance,
    )
    uow.entry_hits.put(hit)
    counts = first is None and hit.means not in DIGESTS
    if counts and bank.hourly_limit and entry.state is EntryState.ACTIVE:
        # What a person saw when they released it does not count against it again.
        since_ms = max(event.at - HOUR_MS, at_of(entry.changed))
        hits = uow.entry_hits.count(event.org, entry.id, since_ms=since_ms)
        if hits > bank.hourly_limit:
            _quarantine(uow, event, bank, entry, hits)


def matches_of(data: Mapping[str, JsonValue]) -> Iterator[Mapping[str, JsonValue]]:
    """Give what the parts of an item matched, as its scan tells of it."""
    hashes = data.get("hashes")
    parts: Sequence[JsonValue] = hashes if isinstance(hashes, list) else ()
    for part in parts:
        matches = part.get("matches") if isinstance(part, dict) else None
        for match in matches if isinstance(matches, list) else ():
            if isinstance(match, dict) and str(match.get("entry", "")).isdigit():
                yield match


def _quarantine(
    uow: UnitOfWork, scanned: Event, bank: BankRecord, entry: BankEntryRecord, hits: int
) -> None:
    change_entry(uow, scanned.org, entry.id, {"state": EntryState.QUARANTINED}, by=BY)
    told: dict[str, JsonValue] = {
        "bank": bank.name,
        "entry": str(entry.id),
        "items": hits,
        "limit": bank.hourly_limit,
    }
    subject = Subject(BANK, bank.name)
    event_id = note(uow, scanned.org, QUARANTINED, subject, data=told, by=BY)
    event = uow.log.get(scanned.org, event_id)
    if event is not None:
        alert(uow, event, ALERT, subject, told)
    _FLOODS.labels(scanned.org, bank.name).inc()
    _log.error("an entry matches too much and is quarantined", org=scanned.org, **told)
