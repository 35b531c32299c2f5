"""The lake of a whole platform: what stands in it is what the rules were told, however it came."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import msgspec
import pytest

from fieldfare.engine.grounds import Facts, HandOver
from fieldfare.engine.history import import_history
from fieldfare.engine.lake import LakeEvent
from fieldfare.engine.setup import MAIN
from fieldfare.engine.unit import UnitOfWork
from fieldfare.ingest.schemas import EVENT_KINDS, HostEvent
from fieldfare.kernel import EventId, JsonValue, Unavailable, Unknown, is_history
from fieldfare.records import ACCOUNT, Event, Subject
from fieldfare.testing.platforms import Community, a_comment, reopened

END = EventId((1 << 63) - 1)
Told = dict[EventId, tuple[Mapping[str, JsonValue], Facts]]


def read(community: Community, *kinds: str) -> list[LakeEvent]:
    """Read the whole lake, the tail included."""
    lake = community.platform.lake
    batches = lake.events(community.org, after=EventId(0), up_to=END, kinds=kinds or None)
    return [event for batch in batches for event in batch]


def fill(community: Community) -> int:
    """Put all there is into the lake."""
    filling, rows = community.platform.lake_keeping.filling, 0
    while put := filling.fill():
        rows += put
    return rows


def listen(community: Community) -> Told:
    """Note what the rules are told from now on, beside what the lake is handed."""
    told: Told = {}
    grounds = community.platform.grounds
    hand_over = grounds.hand_over

    def noted(event: Event, data: Mapping[str, JsonValue], facts: Facts) -> None:
        told[event.id] = (data, facts)
        hand_over(event, data, facts)

    grounds.hand_over = noted
    return told


def play(community: Community) -> None:
    """Let a few things happen: accounts, comments, an edit, views across a threshold, a report."""
    item = {"kind": "comment", "host_id": "c1"}
    made: dict[str, JsonValue] = {"kind": "account.created", "actor": "ana", "market": "DE"}
    community.platform.intake.post(community.org, a_comment("sarno zorblat"), ()).result(30)
    community.send({**made, "key": "a", "created_at": "2026-03-01T09:00:00Z"})
    community.clock.advance(1)
    community.posted(a_comment("sarno wivel"))
    community.posted(a_comment("tobrek", host_id="c2", author="ben"))
    viewed = {"kind": "item.viewed", "item": item, "window_start": "2026-03-02T09:00:00Z",
              "window_s": 60, "watch_ms": 1, "surface": "feed", "market": "DE",
              "age_band": "18_plus"}  # fmt: skip
    community.send({**viewed, "key": "v", "views": 1_500})
    community.send(
        {"kind": "report.filed", "key": "r", "item": item, "reporter": "eva", "reason": "spam"}
    )


def plain(told: Told, events: list[LakeEvent]) -> dict[EventId, object]:
    return {event.id: (dict(event.data), dict(event.facts)) for event in events if event.id in told}


def test_the_lake_has_what_the_rules_were_told(community: Community) -> None:
    told = listen(community)
    play(community)

    before, _, after = read(community), fill(community), read(community)

    judged = [event for event in after if event.judged and event.id in told]
    assert {event.kind for event in judged} == {
        "item.posted",
        "item.changed",
        "views.reached",
        "report.filed",
    }
    assert len(judged) == len(told)
    assert plain(told, judged) == {
        key: (dict(data), dict(facts)) for key, (data, facts) in told.items()
    }
    assert before == after, "the tail is read as the lake will have it"
    ages = [event.facts["author.age_s"] for event in judged if event.person == _account("ana")]
    assert isinstance(ages[0], Unknown)
    assert isinstance(ages[1], float)


def test_what_is_gathered_again_is_what_the_rules_were_told(community: Community) -> None:
    play(community)
    community.bank("policy: HS.SLUR\nterms: [tobrek]", name="more")
    community.posted(a_comment("tobrek", host_id="c3", author="ben"))
    fill(community)
    handed = read(community)

    community.platform.lake_keeping.filling.rebuild()
    fill(community)

    assert read(community) == handed
    judged = [event for event in handed if event.judged and event.person == _account("ben")]
    hits = [event.facts["text.lexicon.policy"] for event in judged]
    assert len(hits) > 1
    assert len({str(hit) for hit in hits}) > 1


def test_a_restart_goes_on_where_the_lake_ends(community: Community) -> None:
    play(community)
    fill(community)
    community.posted(a_comment("wivel", host_id="c9", author="zed"))
    whole = read(community)
    community.platform.close()

    with reopened(community.platform.settings, community.clock) as platform:
        again = replace(community, platform=platform)
        assert read(again) == whole
        assert fill(again) > 0
        assert read(again) == whole
        assert fill(again) == 0
        assert platform.lake_keeping.filling.state().rows == len(whole)


def test_imported_history_is_in_the_lake_and_judged_there(community: Community) -> None:
    fill(community)
    past = [
        EVENT_KINDS.decode(
            msgspec.json.encode(
                {
                    "kind": "item.posted",
                    "key": f"h{number}",
                    "occurred_at": f"2026-01-0{number + 1}T10:00:00Z",
                    "item": {
                        "kind": "comment",
                        "host_id": f"h{number}",
                        "author": "old",
                        "text": "sarno zorblat",
                    },
                }
            )
        )
        for number in range(3)
    ]

    for some in (past[:2], past[2:]):
        take_in = partial(_taken_in, some, community.clock.now_ms())
        community.platform.store.write(take_in)
        community.settle()
        fill(community)

    found = [event for event in read(community, "item.posted") if is_history(event.id)]
    assert [event.subject.host_id for event in found] == ["h0", "h1", "h2"]
    assert all(event.judged for event in found)
    assert found[0].facts["text.lexicon.policy"] == "HS.SLUR"
    community.platform.lake_keeping.filling.rebuild()
    fill(community)
    assert [event for event in read(community, "item.posted") if is_history(event.id)] == found


def test_an_erased_person_is_gone_from_the_disk(community: Community) -> None:
    play(community)
    fill(community)
    community.platform.lake_keeping.filling.compact()
    assert on_disk(community, b"sarno")

    community.platform.erase(community.org, Subject(ACCOUNT, "ana"), by="test")
    community.posted(a_comment("medin", host_id="c8", author="zed"))
    community.settle()
    fill(community)

    left = read(community)
    assert "ana" not in {event.person.host_id for event in left if event.person}
    assert not [event for event in left if event.data.get("actor") == "ana"]
    assert {"ben", "eva", "zed"} <= {event.person.host_id for event in left if event.person}
    assert not any(b"sarno" in words for words in texts(community))
    counted = community.platform.lake.counts(community.org, after=EventId(0), up_to=END)
    assert sum(counted.values()) > len(left), "rows stay, with pseudonyms"
    handed = left
    community.platform.lake_keeping.filling.rebuild()
    fill(community)
    assert read(community) == handed


def test_events_go_in_after_a_minute_and_an_erasure_at_once(community: Community) -> None:
    filling = community.platform.lake_keeping.filling
    fill(community)
    community.posted(a_comment("wivel", host_id="c1"))

    assert filling.step() == 0
    assert filling.waiting() > 0
    community.clock.advance(60_000)
    assert filling.step() > 0
    assert filling.waiting() == 0
    community.platform.erase(community.org, _account("ana"), by="test")
    community.settle()
    assert filling.step() > 0
    assert not [event for event in read(community) if event.person == _account("ana")]


def test_days_past_their_time_are_let_go(community: Community) -> None:
    settings = replace(community.platform.settings, lake_days=2)
    community.posted(a_comment("wivel", host_id="c1"))
    fill(community)
    community.platform.close()
    community.clock.advance(2 * 86_400_000)

    with reopened(settings, community.clock) as platform:
        again = replace(community, platform=platform)
        again.posted(a_comment("sarno", host_id="c2"))
        fill(again)
        platform.lake_keeping.filling.compact()
        assert {event.subject.host_id for event in read(again, "item.posted")} == {"c1", "c2"}
        again.clock.advance(86_400_000)
        platform.lake_keeping.filling.compact()

        assert {event.subject.host_id for event in read(again, "item.posted")} == {"c2"}


def test_a_lake_that_knows_more_than_the_log_says_so_until_it_is_made_anew(
    community: Community,
) -> None:
    community.posted(a_comment("wivel", host_id="c1"))
    fill(community)
    platform, filling = community.platform, community.platform.lake_keeping.filling
    first = read(community)[0].id
    platform.store.write(lambda uow: uow.cursors.move("evaluator", first))

    with pytest.raises(Unavailable, match="restored"):
        filling.step()
    (part,) = [part for part in platform.health().parts if part.name == "lake"]
    assert not part.ok
    assert "restored" in str(part.detail["broken"])

    filling.rebuild()
    fill(community)
    assert filling.state().rows == 1
    assert not filling.broken


def test_what_is_no_longer_in_memory_is_gathered_from_the_log(community: Community) -> None:
    told = listen(community)
    community.platform.grounds.hand_over = _noting(told)
    play(community)

    fill(community)

    found = [event for event in read(community) if event.id in told]
    assert plain(told, found) == {
        key: (dict(data), dict(facts)) for key, (data, facts) in told.items()
    }


def _noting(told: Told) -> HandOver:
    """Note what rules are told, and keep it from the lake."""

    def noted(event: Event, data: Mapping[str, JsonValue], facts: Facts) -> None:
        told[event.id] = (data, facts)

    return noted


def on_disk(community: Community, words: bytes) -> bool:
    return any(words in text for text in texts(community))


def texts(community: Community) -> list[bytes]:
    """Read every value of every file in the lake's folder, named by the manifest or not."""
    import duckdb

    folder = community.platform.settings.home / "lake"
    files = sorted(folder.rglob("*.parquet*"))
    assert files
    with duckdb.connect() as connection:
        return [repr(connection.read_parquet(str(path)).fetchall()).encode() for path in files]


def _taken_in(past: list[HostEvent], now_ms: int, uow: UnitOfWork) -> None:
    import_history(uow, MAIN, past, now_ms=now_ms)


def _account(host_id: str) -> Subject:
    return Subject(ACCOUNT, host_id)
