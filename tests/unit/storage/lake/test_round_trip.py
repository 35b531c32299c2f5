"""What goes into the lake comes out of it: the same values of the same types, whatever they are."""

from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fieldfare.engine.in_force import FACTS
from fieldfare.engine.lake import LakeBatch, LakeEvent
from fieldfare.kernel import EventId, JsonValue, Org, Unknown, make_id, unix_ms
from fieldfare.records import ACCOUNT, FactValue, Subject
from fieldfare.storage.lake import LakeWriter, ParquetLake
from fieldfare.storage.lake.columns import data_columns
from fieldfare.testing.lakes import MemoryLake

ORG = Org("main")
BEGINNING = unix_ms("2026-03-02T09:00:00Z")
END = EventId((1 << 63) - 1)
KINDS = ("item.posted", "views.reached", "follow", "host.invented")
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(1 << 63), (1 << 64) - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3)
)
NAMES = st.sampled_from(
    sorted(
        {part for kind in KINDS for name in data_columns(kind) for part in (name, name[5:])}
        | {"item", "kind", "key", "odd", "item.caption", "", "a.b"}
    )
)
FACT_VALUES = VALUES | TEXT.map(Unknown)
Data = Mapping[str, JsonValue]
Facts = Mapping[str, FactValue | Unknown]


def read_back(folder: Path, events: list[LakeEvent], *, compacted: bool) -> list[LakeEvent]:
    """Put events into a new lake, each half at a time, and read them."""
    writer = LakeWriter(folder, lambda _org, subject: str(subject))
    try:
        for half in (events[: len(events) // 2], events[len(events) // 2 :]):
            writer.add(LakeBatch(events=half, applied_to=events[-1].id, history_to={}))
        if compacted:
            writer.compact()
    finally:
        writer.close()
    lake = ParquetLake(folder, MemoryLake(), threads=1)
    try:
        batches = list(lake.events(ORG, after=EventId(0), up_to=END))
    finally:
        lake.close()
    return [event for batch in batches for event in batch]


def an_event(number: int, kind: str, data: Data, facts: Facts, version: str) -> LakeEvent:
    return LakeEvent(
        org=ORG,
        id=make_id(BEGINNING + number),
        kind=kind,
        subject=Subject("comment", f"c{number}"),
        person=Subject(ACCOUNT, "") if number % 2 else None,
        version=version,
        data={"kind": kind, **data},
        facts=facts,
        judged=bool(number % 3),
    )


def exactly(event: LakeEvent) -> bytes:
    """Write an event so that 1, 1.0 and True differ, and 0.0 and -0.0."""
    facts = {
        name: {"why": value.why} if isinstance(value, Unknown) else [value]
        for name, value in event.facts.items()
    }
    data = msgspec.json.encode([event.data, facts], order="deterministic")
    return (
        repr((event.id, event.subject, event.person, event.version, event.judged)).encode() + data
    )


@given(
    drawn=st.lists(
        st.tuples(
            st.sampled_from(KINDS),
            st.dictionaries(NAMES, VALUES | st.dictionaries(NAMES, VALUES, max_size=4), max_size=6),
            st.dictionaries(st.sampled_from([*FACTS, "odd"]), FACT_VALUES, max_size=5),
            TEXT,
        ),
        min_size=1,
        max_size=6,
    ),
    compacted=st.booleans(),
)
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_any_event_comes_back_exactly(
    tmp_path_factory: pytest.TempPathFactory,
    drawn: list[tuple[str, Data, Facts, str]],
    *,
    compacted: bool,
) -> None:
    events = [an_event(n, *each) for n, each in enumerate(drawn)]

    found = read_back(tmp_path_factory.mktemp("lake"), events, compacted=compacted)

    assert [exactly(event) for event in found] == [exactly(event) for event in events]


def test_what_fits_a_typed_column_stands_in_it(tmp_path: Path) -> None:
    data: Data = {"item": {"caption": "sarno", "hashtags": ["a"]}, "number": 2, "odd": 1}
    facts: Facts = {"author.age_s": 1.5, "media.readable": Unknown("nobody looked")}

    read_back(tmp_path, [an_event(0, "item.posted", data, facts, "d")], compacted=False)

    manifest = msgspec.json.decode((tmp_path / "manifest.json").read_bytes())
    (columns,) = manifest["schemas"].values()
    assert ["data.item.caption", "VARCHAR"] in columns
    assert ["data.number", "BIGINT"] in columns
    assert ["data.item.hashtags", "JSON"] in columns
    assert ["fact.author.age_s", "DOUBLE"] in columns
    assert ["unknown", "JSON"] in columns
    assert ["rest", "JSON"] in columns
    assert not [name for name, _ in columns if name == "fact.media.readable"]


def test_a_column_that_came_later_reads_as_missing_before(tmp_path: Path) -> None:
    events = [
        an_event(0, "item.posted", {"item": {"text": "sarno"}}, {}, ""),
        an_event(1, "item.posted", {"item": {"caption": "wivel"}}, {"item.views": 3}, ""),
    ]

    for compacted in (False, True):
        found = read_back(tmp_path / str(compacted), events, compacted=compacted)

        assert found == events
