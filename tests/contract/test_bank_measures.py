"""Banks as people look at them, on either database: counts by day and state, and the search."""

from dataclasses import replace

import pytest

from fieldfare.kernel import EventId, Org
from fieldfare.matching.bank_measures import DayOfHits, EntrySearch, FoundEntries
from fieldfare.matching.repositories import BankEntryRecord, EntryHit, EntryKind, EntryState
from fieldfare.records import Subject
from fieldfare.storage import SqlStore
from fieldfare.storage.bank_measures import DAY_MS
from fieldfare.storage.unit import SqlUnit

MAIN = Org("main")
END = EventId(1 << 62)
ENTRY = BankEntryRecord(
    org=MAIN, id=EventId(1), bank="b", label="", sha256="", added_at=0, changed=EventId(1)
)


def hit(entry: int, host_id: str, at: int) -> EntryHit:
    return EntryHit(
        org=MAIN,
        entry=EventId(entry),
        item=Subject("video", host_id),
        event_id=EventId(1),
        at=at,
        means="pdq",
        distance=0,
    )


def keep(store: SqlStore, *entries: BankEntryRecord) -> None:
    def work(uow: SqlUnit) -> None:
        for entry in entries:
            uow.entries.add(entry)

    store.write(work)


def found(store: SqlStore, wanted: EntrySearch, before: EventId = END, limit: int = 9) -> list[int]:
    page = store.read(
        lambda u: u.bank_measures.search(MAIN, "b", wanted, before=before, limit=limit)
    )
    return [int(entry.id) for entry in page.entries]


def test_hits_are_counted_by_the_day_and_by_the_bank_of_their_entry(store: SqlStore) -> None:
    keep(store, ENTRY, replace(ENTRY, id=EventId(2), bank="c"))

    def work(uow: SqlUnit) -> None:
        for each in (
            hit(1, "old", DAY_MS - 1),
            hit(1, "v1", 3 * DAY_MS),
            hit(1, "v2", 4 * DAY_MS - 1),
            hit(1, "v3", 4 * DAY_MS),
            hit(2, "v1", 3 * DAY_MS),
            hit(9, "of an entry that is gone", 3 * DAY_MS),
        ):
            uow.entry_hits.put(each)

    store.write(work)

    assert list(store.read(lambda u: u.bank_measures.hits_by_day(MAIN, since_ms=DAY_MS))) == [
        DayOfHits(bank="b", day=3, hits=2),
        DayOfHits(bank="b", day=4, hits=1),
        DayOfHits(bank="c", day=3, hits=1),
    ]


def test_entries_are_counted_by_their_state(store: SqlStore) -> None:
    states = [EntryState.ACTIVE, EntryState.ACTIVE, EntryState.QUARANTINED]
    keep(store, *(replace(ENTRY, id=EventId(n), state=s) for n, s in enumerate(states, 1)))

    assert store.read(lambda u: u.bank_measures.states(MAIN, "b")) == {
        EntryState.ACTIVE: 2,
        EntryState.QUARANTINED: 1,
    }
    assert store.read(lambda u: u.bank_measures.states(MAIN, "none")) == {}


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        ("", [5, 4, 3, 2, 1]),
        ("heron", [4, 3, 2, 1]),
        ("HERON at dusk", [1]),
        ("100%", [5]),
        ("1_0", []),
        ("\\", []),
        ("no such", []),
    ],
)
def test_words_are_found_wherever_something_is_said_and_are_no_pattern(
    store: SqlStore, words: str, ids: list[int]
) -> None:
    keep(
        store,
        replace(ENTRY, label="Heron at dusk"),
        replace(ENTRY, id=EventId(2), note="like the heron"),
        replace(ENTRY, id=EventId(3), labels=("bird", "heron")),
        replace(ENTRY, id=EventId(4), content="a heron, they say"),
        replace(ENTRY, id=EventId(5), label="100% sure"),
        replace(ENTRY, id=EventId(6), label="heron", bank="c"),
    )

    assert found(store, EntrySearch(words=words)) == ids


def test_a_search_is_narrowed_by_state_and_kind(store: SqlStore) -> None:
    keep(
        store,
        ENTRY,
        replace(ENTRY, id=EventId(2), state=EntryState.DISABLED),
        replace(ENTRY, id=EventId(3), state=EntryState.DISABLED, kind=EntryKind.URL),
    )

    assert found(store, EntrySearch(state=EntryState.DISABLED)) == [3, 2]
    assert found(store, EntrySearch(state=EntryState.DISABLED, kind=EntryKind.URL)) == [3]


def test_a_search_goes_on_where_a_page_ended(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fieldfare.storage.bank_measures.SEARCHED_AT_ONCE", 3)
    keep(store, *(replace(ENTRY, id=EventId(n), label=f"n{n % 4}") for n in range(1, 9)))
    seen: list[list[int]] = []
    before: EventId | None = END

    def page_from(at: EventId) -> FoundEntries:
        wanted = EntrySearch(words="n0")
        return store.read(lambda u: u.bank_measures.search(MAIN, "b", wanted, before=at, limit=1))

    while before is not None:
        page = page_from(before)
        seen.append([int(entry.id) for entry in page.entries])
        before = page.on

    assert seen == [[8], [4], []]
