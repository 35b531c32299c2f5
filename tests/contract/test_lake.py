"""What every lake does, in memory and on disk: events in id order, each as the rules saw it."""

from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter
from pathlib import Path

import pytest

from fieldfare.engine.lake import Lake, LakeBatch, LakeEvent, LakeSpan
from fieldfare.kernel import EventId, Org, Unknown, make_id, unix_ms
from fieldfare.records import ACCOUNT, Subject
from fieldfare.storage.lake import LakeWriter, ParquetLake
from fieldfare.testing.lakes import MemoryLake

ONE, OTHER = Org("one"), Org("other")
BEGINNING = unix_ms("2026-03-02T23:59:59Z")
END = EventId((1 << 63) - 1)
Lakes = Callable[[Iterable[LakeEvent]], Lake]


class _Folders:
    """Makes lakes on disk, and closes them in the end."""

    def __init__(self, folder: Path, *, at_once: int, compacted: bool, tail: bool) -> None:
        self._folder = folder
        self._at_once = at_once
        self._compacted = compacted
        self._tail = tail
        self._open: list[ParquetLake] = []

    def __call__(self, events: Iterable[LakeEvent]) -> Lake:
        given = sorted(events, key=attrgetter("id"))
        rest = given[len(given) // 2 :] if self._tail else []
        writer = LakeWriter(self._folder, lambda _org, subject: str(subject))
        stored = given[: len(given) - len(rest)]
        for start in range(0, len(stored), self._at_once):
            batch = stored[start : start + self._at_once]
            writer.add(LakeBatch(events=batch, applied_to=batch[-1].id, history_to={}))
        if self._compacted:
            writer.compact()
        writer.close()
        lake = ParquetLake(self._folder, MemoryLake(rest), threads=1)
        self._open.append(lake)
        return lake

    def close(self) -> None:
        for lake in self._open:
            lake.close()


FOLDERS = {"flushed": (2, False, False), "compacted": (2, True, False), "tailed": (3, False, True)}


@pytest.fixture(params=["memory", *FOLDERS])
def lakes(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lakes]:
    if request.param == "memory":
        yield lambda events: MemoryLake(events, batch=2)
        return
    at_once, compacted, tail = FOLDERS[request.param]
    folders = _Folders(tmp_path / "lake", at_once=at_once, compacted=compacted, tail=tail)
    yield folders
    folders.close()


def an_event(number: int, *, org: Org = ONE, kind: str = "item.posted") -> LakeEvent:
    """Make the event `number` half-seconds after the beginning, just before midnight."""
    host_id = f"c{number}"
    return LakeEvent(
        org=org,
        id=make_id(BEGINNING + number * 500),
        kind=kind,
        subject=Subject("comment", host_id),
        person=Subject(ACCOUNT, f"u{number % 3}"),
        version=f"{number:064x}",
        data={
            "kind": kind,
            "item": {"kind": "comment", "host_id": host_id, "text": f"sarno {number}"},
            "actor": f"u{number % 3}",
        },
        facts={"text.normalised": f"sarno {number}", "author.age_s": Unknown("nobody told")},
        judged=kind != "item.viewed",
    )


def all_of(lake: Lake, org: Org, **bounds: EventId) -> list[LakeEvent]:
    """Read what there is between two ids."""
    whole = {"after": EventId(0), "up_to": END, **bounds}
    batches = list(lake.events(org, after=whole["after"], up_to=whole["up_to"]))
    assert all(batches)
    return [event for batch in batches for event in batch]


def test_events_come_back_as_they_were_in_id_order(lakes: Lakes) -> None:
    kinds = ("item.posted", "item.viewed", "report.filed")
    events = [an_event(n, kind=kinds[n % 3]) for n in range(9)]

    lake = lakes(events)

    assert all_of(lake, ONE) == events


def test_bounds_leave_out_the_first_and_keep_the_last(lakes: Lakes) -> None:
    events = [an_event(n) for n in range(6)]
    lake = lakes(events)

    found = all_of(lake, ONE, after=events[1].id, up_to=events[4].id)

    assert found == events[2:5]


def test_only_the_kinds_asked_for_are_read(lakes: Lakes) -> None:
    events = [an_event(n, kind=("item.posted", "item.viewed")[n % 2]) for n in range(6)]
    lake = lakes(events)

    batches = lake.events(ONE, after=EventId(0), up_to=END, kinds=["item.viewed"])

    assert [event for batch in batches for event in batch] == events[1::2]


def test_the_fields_asked_for_are_there(lakes: Lakes) -> None:
    events = [an_event(n) for n in range(4)]
    lake = lakes(events)
    fields = ["data.item.text", "fact.author.age_s"]

    batches = lake.events(ONE, after=EventId(0), up_to=END, fields=fields)

    found = [event for batch in batches for event in batch]
    texts = [event.data["item"] for event in events]
    assert [(e.id, e.subject, e.version, e.judged) for e in found] == [
        (e.id, e.subject, e.version, e.judged) for e in events
    ]
    for event, item in zip(found, texts, strict=True):
        read = event.data["item"]
        assert isinstance(read, dict)
        assert isinstance(item, dict)
        assert read["text"] == item["text"]
        assert event.facts["author.age_s"] == Unknown("nobody told")


def test_an_organisation_reads_its_own_alone(lakes: Lakes) -> None:
    ours, theirs = [an_event(0), an_event(2)], [an_event(1, org=OTHER)]
    lake = lakes([*ours, *theirs])

    assert all_of(lake, ONE) == ours
    assert all_of(lake, OTHER) == theirs
    assert lake.span(OTHER) == LakeSpan(first=theirs[0].id, last=theirs[0].id)
    assert dict(lake.counts(OTHER, after=EventId(0), up_to=END)) == {"item.posted": 1}


def test_an_empty_lake_has_nothing(lakes: Lakes) -> None:
    lake = lakes([])

    assert all_of(lake, ONE) == []
    assert lake.span(ONE) is None
    assert dict(lake.counts(ONE, after=EventId(0), up_to=END)) == {}


def test_events_are_counted_by_kind_between_two_ids(lakes: Lakes) -> None:
    events = [an_event(n, kind=("item.posted", "item.viewed")[n % 2]) for n in range(7)]
    lake = lakes(events)

    found = lake.counts(ONE, after=events[0].id, up_to=events[5].id)

    assert dict(found) == {"item.posted": 2, "item.viewed": 3}
    assert lake.span(ONE) == LakeSpan(first=events[0].id, last=events[-1].id)
