"""Known content of one item: what its scan matched and why, and which banks have it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

import msgspec

from fieldfare.engine.content import scan_of
from fieldfare.engine.near_copies import frames_of
from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import EventId, JsonValue, Org
from fieldfare.matching.matches import DECIDED_PREFIX, BankMatch
from fieldfare.policies import PolicyPack
from fieldfare.records import Event, ItemVersion
from fieldfare.web.console.views.match_pictures import NO_PICTURES, Pictures
from fieldfare.web.console.views.matching import Drawing, MatchLine, entry_path
from fieldfare.web.console.views.scan_pictures import seconds_of, stills_of

DURATION: Final = "media.duration_s"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownMatch:
    """A match, and what the reader said of it; "" for nothing."""

    line: MatchLine
    mine: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownOfItem:
    """matches: the best of each bank. held: banks that have the very file, and where.

    banks: to which its media can be added, none where it has no media.
    """

    matches: tuple[KnownMatch, ...] = ()
    held: tuple[tuple[str, str], ...] = ()
    banks: tuple[str, ...] = ()


def known_of_item(
    uow: UnitOfWork, org: Org, item: ItemVersion | None, pack: PolicyPack, *, by: str
) -> KnownOfItem:
    """Gather what is known of a version of an item. by: who reads, by pseudonym."""
    if item is None or not item.media:
        return KnownOfItem()
    banks = {bank.name: bank for bank in uow.banks.banks(org)}
    scan = scan_of(uow, org, item)
    kept = _pictures(item, scan)
    matches: list[KnownMatch] = []
    for told in _parts(scan):
        drawn = Drawing(
            uow=uow,
            org=org,
            banks=banks,
            pack=pack,
            frames=frames_of(told),
            stills=kept,
            seconds=_seconds(scan),
        )
        for match in _matches(told):
            said = uow.feedback.of_entry(org, EventId(int(match.entry)))
            mine = [e.opinion.value for e in said if e.by == by and e.item == item.subject]
            matches.append(KnownMatch(line=drawn.line(match), mine=mine[-1] if mine else ""))
    held = {
        (entry.bank, entry_path(entry.bank, str(entry.id)))
        for part in item.media
        for entry in uow.entry_pages.of_digest(org, part.sha256)
    }
    theirs = tuple(name for name in banks if not name.startswith(DECIDED_PREFIX))
    return KnownOfItem(matches=tuple(matches), held=tuple(sorted(held)), banks=theirs)


def _pictures(item: ItemVersion, scan: Event | None) -> Pictures:
    """Give the pictures a scan kept; of several files it does not say which a picture is of."""
    if len(item.media) > 1:
        return NO_PICTURES
    kept = stills_of(scan)
    path = f"/media/items/{quote(item.subject.kind, safe='')}/{quote(item.subject.host_id)}"
    return Pictures(
        times=[still.t for still in kept],
        address=lambda n: f"{path}/stills/{kept[n].number}",
    )


def _parts(scan: Event | None) -> Iterator[dict[str, JsonValue]]:
    """Give what a scan told of each file, as far as it was not erased."""
    hashes = (scan.data or {}).get("hashes") if scan else None
    yield from (
        (part for part in hashes if isinstance(part, dict)) if isinstance(hashes, list) else ()
    )


def _matches(told: Mapping[str, JsonValue]) -> Iterator[BankMatch]:
    """Read the matches of a file; those of before matches were explained are passed over."""
    listed = told.get("matches")
    for each in listed if isinstance(listed, list) else ():
        try:
            match = msgspec.convert(each, BankMatch)
        except msgspec.ValidationError:
            continue
        if match.entry.isdigit():
            yield match


def _seconds(scan: Event | None) -> float:
    facts = (scan.data or {}).get("facts") if scan else None
    fact = facts.get(DURATION) if isinstance(facts, dict) else None
    return seconds_of(fact.get("value") if isinstance(fact, dict) else None)
