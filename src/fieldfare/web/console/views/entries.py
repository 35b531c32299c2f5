"""One entry of a bank: what it is found by, where it is from, what it matched, what people said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from fieldfare.engine.banks import the_bank, the_entry
from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import EventId, Org
from fieldfare.matching.fingerprints import unpack_frames
from fieldfare.matching.matches import has_distance
from fieldfare.matching.pdq import hex_of
from fieldfare.matching.repositories import (
    DECIDED,
    EXCHANGED,
    BankEntryRecord,
    EntryHit,
    Feedback,
    Opinion,
)
from fieldfare.policies import PolicyPack
from fieldfare.web.console.charts import Columns, columns
from fieldfare.web.console.moments import Moment
from fieldfare.web.console.views.banks import (
    BankLine,
    EntryLine,
    bank_line,
    entry_line,
)

ROWS_SHOWN: Final = 60
HITS_SHOWN: Final = 100
DAYS: Final = 30
DAY_MS: Final = 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameLine:
    """One hash of a frame. t: seconds from the start; quality: 0..100."""

    t: float
    hex: str
    quality: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpinionLine:
    """What somebody said of a match, and of whom it is the own opinion."""

    opinion: str
    by: str
    note: str
    at: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class HitLine:
    """An item that matched, with what people said of that match. mine: what the reader said."""

    kind: str
    host_id: str
    means: str
    distance: int | None
    at: Moment
    opinions: tuple[OpinionLine, ...]
    mine: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where an entry is from. item: (kind, host id) of the item a decision was about."""

    source: str
    source_id: str
    by: str
    item: tuple[str, str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryView:
    """An entry. frames: the first of its hashes; hits: the newest, with what was said of them.

    confirmed, denied: how often people said so, of any match. values, errors: of the form that
    changes it. stills: how many pictures it has to compare; clear: those shown clearly, once that
    was asked for. has_no_pictures: whether its policy lets nobody see any, nor hashes of frames.
    """

    bank: BankLine
    entry: EntryLine
    sha256: str
    md5: str
    note: str
    origin: Origin
    frames: tuple[FrameLine, ...]
    has_sound: bool
    has_features: bool
    hits: tuple[HitLine, ...]
    confirmed: int
    denied: int
    chart: Columns | None
    values: Mapping[str, str]
    errors: Mapping[str, str]
    stills: int
    clear: tuple[str, ...]
    has_no_pictures: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who reads the page, when, and what they typed into it last.

    pack: that says what may be pictured. clear: stills that are shown clearly, as data URIs.
    """

    by: str
    now_ms: int
    pack: PolicyPack
    clear: tuple[str, ...] = ()
    values: Mapping[str, str] | None = None
    errors: Mapping[str, str] | None = None


def entry_view(uow: UnitOfWork, org: Org, bank: str, entry_id: EventId, asked: Asked) -> EntryView:
    """Show an entry. Raises NotFound for no such bank or no such entry in it."""
    entry = entry_of_bank(uow, org, bank, entry_id)
    record = the_bank(uow, org, bank)
    may_picture = asked.pack.may_picture(record.policy)
    hashes = uow.entries.hashes(org, entry_id)
    said = uow.feedback.of_entry(org, entry_id)
    hits = uow.entry_hits.of_entry(org, entry_id, limit=HITS_SHOWN)
    return EntryView(
        bank=bank_line(record, 0, (), now_ms=asked.now_ms),
        entry=entry_line(entry),
        sha256=entry.sha256,
        md5=entry.md5,
        note=entry.note,
        origin=_origin(uow, entry),
        frames=_frames(hashes.frames if hashes and may_picture else b""),
        has_sound=bool(hashes and hashes.sound),
        has_features=bool(hashes and hashes.features),
        hits=tuple(_hit(hit, said, asked.by) for hit in hits),
        confirmed=sum(each.opinion is Opinion.CONFIRMED for each in said),
        denied=sum(each.opinion is Opinion.DENIED for each in said),
        chart=_chart(hits, asked.now_ms),
        stills=len(entry.stills) if may_picture else 0,
        clear=asked.clear,
        has_no_pictures=not may_picture,
        values={**values_of(entry), **(asked.values or {})},
        errors=asked.errors or {},
    )


def entry_of_bank(uow: UnitOfWork, org: Org, bank: str, entry_id: EventId) -> BankEntryRecord:
    """Give an entry of a bank. Raises NotFound if it is not in that bank."""
    the_bank(uow, org, bank)
    entry = the_entry(uow, org, entry_id)
    return entry if entry.bank == bank else the_entry(uow, org, EventId(0))


def values_of(entry: BankEntryRecord) -> dict[str, str]:
    """Write what can be changed of an entry as its form shows it."""
    until = entry.disabled_until
    return {
        "label": entry.label,
        "note": entry.note,
        "labels": ", ".join(entry.labels),
        "state": entry.state.value,
        "disabled_until": ""
        if until is None
        else f"{datetime.fromtimestamp(until / 1000, UTC):%Y-%m-%dT%H:%M}",
    }


def _origin(uow: UnitOfWork, entry: BankEntryRecord) -> Origin:
    """Name who added an entry, and the item a decision on which made it."""
    # The first of a batch has the id of its event; the others only name it until they change.
    events = (uow.log.get(entry.org, each) for each in (entry.id, entry.changed))
    told = (event.data or {} for event in events if event is not None)
    by = next((str(data.get("by", "")) for data in told if "count" in data), "")
    item = None
    if entry.source == DECIDED:
        kind, _, rest = entry.source_id.rpartition("@")[0].partition(":")
        item = (kind, rest) if kind and rest else None
    name = entry.source.removeprefix(EXCHANGED) if entry.source.startswith(EXCHANGED) else by
    return Origin(source=entry.source, source_id=entry.source_id, by=name, item=item)


def _frames(packed: bytes) -> tuple[FrameLine, ...]:
    if not packed:
        return ()
    table = unpack_frames(packed)
    return tuple(
        FrameLine(t=float(t), hex=hex_of(bits), quality=int(quality))
        for t, bits, quality in zip(
            table.t[:ROWS_SHOWN], table.bits[:ROWS_SHOWN], table.quality[:ROWS_SHOWN], strict=True
        )
    )


def _hit(hit: EntryHit, said: Sequence[Feedback], reader: str) -> HitLine:
    opinions = [each for each in said if each.item == hit.item]
    mine = next((each.opinion.value for each in opinions if each.by == reader), "")
    return HitLine(
        kind=hit.item.kind,
        host_id=hit.item.host_id,
        means=hit.means,
        distance=hit.distance if has_distance(hit.means) else None,
        at=Moment(hit.at),
        opinions=tuple(
            OpinionLine(opinion=e.opinion.value, by=e.by, note=e.note, at=Moment(e.at))
            for e in opinions
        ),
        mine=mine,
    )


def _chart(hits: Sequence[EntryHit], now_ms: int) -> Columns | None:
    """Draw by day when items last matched; of the newest hits, where there are many."""
    first = now_ms // DAY_MS - DAYS + 1
    days = [0] * DAYS
    for hit in hits:
        if 0 <= hit.at // DAY_MS - first < DAYS:
            days[hit.at // DAY_MS - first] += 1
    labels = [Moment((first + day) * DAY_MS).day.rsplit(" ", 1)[0] for day in range(DAYS)]
    return columns([days], labels)
