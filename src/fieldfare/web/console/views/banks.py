"""Banks of known content: all of them, and one with the entries that are looked for in it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from fieldfare.engine.banks import the_bank
from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import BadInput, EventId, Org, parse_id
from fieldfare.kernel.ids import LAST_ID
from fieldfare.matching.bank_measures import DayOfHits, EntrySearch
from fieldfare.matching.matches import DECIDED_PREFIX
from fieldfare.matching.repositories import (
    BankEntryRecord,
    BankRecord,
    EntryKind,
    EntryState,
)
from fieldfare.web.console.charts import Columns, columns
from fieldfare.web.console.moments import Moment

WEEK: Final = 7
DAY_MS: Final = 86_400_000
PAGE: Final = 50
_DIGEST: Final = re.compile(r"(?:[0-9a-f]{32}){1,2}", re.ASCII)

BankState = Literal["on", "off", "paused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BankLine:
    """A bank, for reading. is_ours: kept by this platform of what was decided here.

    week: how many pairs of an entry and an item matched last on each of the last seven days.
    """

    name: str
    policy: str
    vetted: bool
    polarity: str
    state: BankState
    until: Moment | None
    entries: int
    week: tuple[int, ...]
    radius: int
    min_quality: int
    note: str
    is_ours: bool

    @property
    def hits(self) -> int:
        return sum(self.week)


@dataclass(frozen=True, slots=True, kw_only=True)
class BankFilter:
    """Which banks are listed; "" is any."""

    words: str = ""
    state: str = ""
    vetted: str = ""
    polarity: str = ""

    def takes(self, bank: BankLine) -> bool:
        words = self.words.strip().lower()
        return (
            any(words in said.lower() for said in (bank.name, bank.policy, bank.note))
            and self.state in {"", bank.state}
            and self.vetted in {"", "yes" if bank.vetted else "no"}
            and self.polarity in {"", bank.polarity}
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BanksView:
    """all: how many banks there are, shown or not."""

    banks: tuple[BankLine, ...]
    all: int
    asked: BankFilter


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryLine:
    """One known piece of content. digest: the SHA-256, else the MD5, else ""."""

    id: str
    bank: str
    label: str
    kind: str
    state: str
    until: Moment | None
    digest: str
    content: str
    frames: int
    seconds: float
    source: str
    labels: tuple[str, ...]
    added_at: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class EntriesAsked:
    """What is looked for among the entries; "" is anything."""

    words: str = ""
    state: str = ""
    kind: str = ""
    before: str = ""

    @property
    def is_narrow(self) -> bool:
        return bool(self.words or self.state or self.kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """What a bank asks of a match; fields as in BankRecord."""

    radius: int
    min_quality: int
    min_seconds: float
    min_frames: int
    enabled_ratio: float
    priority: bool
    hourly_limit: int
    keeps_stills: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BankView:
    """A bank and a page of its entries, the newest first. states: how many are in which.

    next: where the next page begins; "" if this is the last. by_digest: whether the words were
    taken for a digest or an id, which are looked up and not searched for.
    """

    bank: BankLine
    thresholds: Thresholds
    chart: Columns | None
    states: dict[str, int]
    entries: tuple[EntryLine, ...]
    asked: EntriesAsked
    next: str
    by_digest: bool


def banks_view(uow: UnitOfWork, org: Org, asked: BankFilter, *, now_ms: int) -> BanksView:
    counts = uow.banks.counts(org)
    weeks = _weeks(uow, org, now_ms)
    lines = [
        bank_line(bank, counts.get(bank.name, 0), weeks.get(bank.name, ()), now_ms=now_ms)
        for bank in uow.banks.banks(org)
    ]
    shown = sorted(filter(asked.takes, lines), key=lambda line: line.is_ours)
    return BanksView(banks=tuple(shown), all=len(lines), asked=asked)


def bank_view(
    uow: UnitOfWork, org: Org, name: str, asked: EntriesAsked, *, now_ms: int
) -> BankView:
    """Show one bank with the entries that are asked for. Raises NotFound for no such bank."""
    bank = the_bank(uow, org, name)
    states = uow.bank_measures.states(org, name)
    week = _weeks(uow, org, now_ms).get(name, ())
    found, on, by_digest = _entries(uow, org, name, asked)
    return BankView(
        bank=bank_line(bank, sum(states.values()), week, now_ms=now_ms),
        thresholds=_thresholds(bank),
        chart=columns([list(_whole(week))], _days(now_ms)),
        states={state.value: count for state, count in states.items()},
        entries=tuple(entry_line(entry) for entry in found),
        asked=asked,
        next=str(on) if on is not None else "",
        by_digest=by_digest,
    )


def bank_line(bank: BankRecord, entries: int, week: Sequence[int], *, now_ms: int) -> BankLine:
    paused = bank.enabled and not bank.is_asked(now_ms)
    return BankLine(
        name=bank.name,
        policy=bank.policy,
        vetted=bank.vetted,
        polarity=bank.polarity.value,
        state="paused" if paused else "on" if bank.enabled else "off",
        until=Moment(bank.disabled_until) if paused and bank.disabled_until else None,
        entries=entries,
        week=_whole(week),
        radius=bank.radius,
        min_quality=bank.min_quality,
        note=bank.note,
        is_ours=bank.name.startswith(DECIDED_PREFIX),
    )


def entry_line(entry: BankEntryRecord) -> EntryLine:
    return EntryLine(
        id=str(entry.id),
        bank=entry.bank,
        label=entry.label,
        kind=entry.kind.value,
        state=entry.state.value,
        until=Moment(entry.disabled_until) if entry.disabled_until else None,
        digest=entry.sha256 or entry.md5,
        content=entry.content,
        frames=entry.frames,
        seconds=entry.seconds,
        source=entry.source,
        labels=entry.labels,
        added_at=Moment(entry.added_at),
    )


def _thresholds(bank: BankRecord) -> Thresholds:
    return Thresholds(
        radius=bank.radius,
        min_quality=bank.min_quality,
        min_seconds=bank.min_seconds,
        min_frames=bank.min_frames,
        enabled_ratio=bank.enabled_ratio,
        priority=bank.priority,
        hourly_limit=bank.hourly_limit,
        keeps_stills=bank.keeps_stills,
    )


def _entries(
    uow: UnitOfWork, org: Org, bank: str, asked: EntriesAsked
) -> tuple[Sequence[BankEntryRecord], EventId | None, bool]:
    """Look digests and ids up, and search for everything else."""
    words = asked.words.strip()
    if _DIGEST.fullmatch(words.lower()):
        found = uow.entry_pages.of_digest(org, words.lower())
        return [entry for entry in found if entry.bank == bank], None, True
    named = _id_of(words)
    entry = None if named is None else uow.entries.get(org, named)
    if entry is not None and entry.bank == bank:
        return [entry], None, True
    wanted = EntrySearch(
        words=words,
        state=EntryState(asked.state) if asked.state in set(EntryState) else None,
        kind=EntryKind(asked.kind) if asked.kind in set(EntryKind) else None,
    )
    before = _id_of(asked.before) or LAST_ID
    page = uow.bank_measures.search(org, bank, wanted, before=before, limit=PAGE)
    return page.entries, page.on, False


def _id_of(text: str) -> EventId | None:
    try:
        return parse_id(text)
    except BadInput:
        return None


def _weeks(uow: UnitOfWork, org: Org, now_ms: int) -> Mapping[str, tuple[int, ...]]:
    """Count what each bank matched on the last seven days, today last."""
    first = now_ms // DAY_MS - WEEK + 1
    found: dict[str, list[int]] = {}
    hits: Sequence[DayOfHits] = uow.bank_measures.hits_by_day(org, since_ms=first * DAY_MS)
    for each in hits:
        if 0 <= each.day - first < WEEK:
            found.setdefault(each.bank, [0] * WEEK)[each.day - first] = each.hits
    return {bank: tuple(week) for bank, week in found.items()}


def _whole(week: Sequence[int]) -> tuple[int, ...]:
    return tuple(week) or (0,) * WEEK


def _days(now_ms: int) -> tuple[str, ...]:
    return tuple(
        Moment(now_ms - ago * DAY_MS).day.rsplit(" ", 1)[0] for ago in reversed(range(WEEK))
    )
