"""The log on either database: one order, nothing lost, nothing seen before its commit."""

import threading
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path

import pytest

from fieldfare.kernel import (
    BadInput,
    Conflict,
    EventId,
    Org,
    SimulatedClock,
    Unavailable,
    at_of,
    is_history,
    make_id,
)
from fieldfare.ledger import Vault
from fieldfare.records import Event, NewEvent, Subject
from fieldfare.storage import SqlStore
from fieldfare.storage.unit import SqlUnit
from fieldfare.storage.writer import Writer

MAIN, OTHER = Org("main"), Org("other")
START = EventId(0)
ANNA = Subject("account", "anna")


def an_event(
    name: str = "c1",
    *,
    person: Subject | None = ANNA,
    text: str = "blorp",
    causes: tuple[EventId, ...] = (),
    occurred_at: int | None = None,
) -> NewEvent:
    return NewEvent(
        kind="item.posted",
        subject=Subject("comment", name),
        person=person,
        data={"item": {"text": text, "n": [1, 2.5, None, True]}},
        causes=causes,
        occurred_at=occurred_at,
    )


def append(store: SqlStore, *events: NewEvent, org: Org = MAIN) -> list[Event]:
    return store.write(lambda uow: [uow.log.append(org, event) for event in events])


def beat(store: SqlStore) -> None:
    """Do now what an idle writer does twice a second."""
    writer = store._writer
    assert writer is not None
    store.write(lambda _: writer._lane.beat(writer._tx))


def everything(store: SqlStore) -> Sequence[Event]:
    return store.read(lambda uow: uow.log.after(START, limit=10_000))


def test_an_event_comes_back_as_it_was_appended(store: SqlStore, clock: SimulatedClock) -> None:
    first, second = append(store, an_event("c1"), an_event("c2"))
    causes = (second.id, first.id)
    (third,) = append(store, an_event("ça\u2028\N{SPARKLES}", causes=causes, occurred_at=5))

    found = store.read(lambda uow: uow.log.get(MAIN, third.id))

    assert found == third
    assert third.causes == causes
    assert third.at == at_of(third.id) == clock.now_ms()


def test_an_event_of_nobody_is_kept_under_the_organisations_key(store: SqlStore) -> None:
    (event,) = append(store, an_event(person=None))

    assert store.read(lambda uow: uow.log.get(MAIN, event.id)) == event


def test_ids_grow_although_the_clock_stands_still(store: SqlStore) -> None:
    ids = [event.id for event in append(store, *(an_event(f"c{n}") for n in range(300)))]

    assert ids == sorted(set(ids))
    assert [event.id for event in everything(store)] == ids


def test_reading_on_from_an_id_leaves_it_out_and_keeps_the_limit(store: SqlStore) -> None:
    events = append(store, *(an_event(f"c{n}") for n in range(5)))

    page = store.read(lambda uow: uow.log.after(events[1].id, limit=2))

    assert page == events[2:4]


def test_all_organisations_are_read_in_one_order(store: SqlStore) -> None:
    appended = [append(store, an_event(), org=org)[0] for org in (MAIN, OTHER, MAIN, OTHER)]

    assert everything(store) == appended


def test_effects_are_found_by_their_cause(store: SqlStore) -> None:
    (cause,) = append(store, an_event())
    effects = append(store, an_event(causes=(cause.id,)), an_event(causes=(EventId(7), cause.id)))

    found = store.read(lambda uow: uow.log.caused_by(MAIN, cause.id))

    assert list(found) == [effect.id for effect in effects]


def test_the_newest_events_of_a_subject_come_oldest_first(store: SqlStore) -> None:
    mine = append(store, *(an_event("mine", text=f"t{n}") for n in range(4)))
    append(store, an_event("theirs"))

    found = store.read(lambda uow: uow.log.of_subject(MAIN, Subject("comment", "mine"), limit=3))

    assert found == mine[1:]


def test_an_organisation_is_read_between_two_ids(store: SqlStore) -> None:
    ours = append(store, *(an_event() for _ in range(3)))
    append(store, an_event(), org=OTHER)
    beat(store)

    first = store.read(lambda uow: uow.recall.of_org(MAIN, ours[0].id, ours[2].id, limit=1))
    rest = store.read(lambda uow: uow.recall.of_org(MAIN, ours[1].id, ours[2].id, limit=9))

    assert [*first, *rest] == ours[1:]


def test_the_newest_event_of_a_kind_about_a_subject_is_found(store: SqlStore) -> None:
    first, second, _ = append(store, *(an_event() for _ in range(3)))

    found = store.read(
        lambda uow: uow.recall.last_of(MAIN, first.kind, first.subject, EventId(second.id + 1))
    )
    nothing = store.read(lambda uow: uow.recall.last_of(MAIN, "no.kind", first.subject, second.id))

    assert found == second
    assert nothing is None


def test_a_work_that_raises_takes_back_only_itself(store: SqlStore) -> None:
    told: list[EventId] = []
    store.subscribe(lambda events: told.extend(event.id for event in events))
    gate = threading.Event()

    def bad(uow: SqlUnit) -> None:
        uow.log.append(MAIN, an_event("bad", person=Subject("account", "new")))
        raise KeyError("no")

    # Held up, so that all three share a commit.
    blocked = store.submit(lambda _: gate.wait())
    before = store.submit(lambda uow: uow.log.append(MAIN, an_event("before")))
    failed = store.submit(bad)
    after = store.submit(lambda uow: uow.log.append(MAIN, an_event("after")))
    gate.set()

    assert blocked.result()
    assert isinstance(failed.exception(), KeyError)
    # The last of them may have a commit of its own: it is read once that is done.
    kept = [before.result(), after.result()]
    assert everything(store) == kept
    assert told == [before.result().id, after.result().id]


def test_a_key_made_by_a_work_that_failed_encrypts_nothing(
    url: str, clock: SimulatedClock, vault: Vault
) -> None:
    store = SqlStore.open(url, clock=clock, vault=vault)

    def bad(uow: SqlUnit) -> None:
        uow.log.append(MAIN, an_event("bad"))
        raise KeyError("no")

    assert isinstance(store.submit(bad).exception(), KeyError)
    (kept,) = append(store, an_event("good"))
    store.close()

    with_fresh_memory = SqlStore.open(url, clock=clock, vault=Vault(bytes(range(32))))
    found = with_fresh_memory.read(lambda uow: uow.log.get(MAIN, kept.id))
    with_fresh_memory.close()
    assert found == kept


def test_a_statement_that_fails_leaves_the_rest_of_the_group(store: SqlStore) -> None:
    (event,) = append(store, an_event())
    gate = threading.Event()

    def twice_the_same_id(uow: SqlUnit) -> None:
        uow.log.write(MAIN, event.id, an_event("again"))

    blocked = store.submit(lambda _: gate.wait())
    failed = store.submit(twice_the_same_id)
    after = store.submit(lambda uow: uow.log.append(MAIN, an_event("after")))
    gate.set()

    assert blocked.result()
    assert failed.exception() is not None
    assert everything(store) == [event, after.result()]


def test_a_future_resolves_only_after_its_commit(
    url: str, store: SqlStore, clock: SimulatedClock, vault: Vault
) -> None:
    other = SqlStore.open(url, clock=clock, vault=vault, read_only=True)
    seen: list[int] = []
    inside: list[int] = []

    def write(uow: SqlUnit) -> Event:
        event = uow.log.append(MAIN, an_event())
        inside.append(len(everything(other)))
        return event

    future = store.submit(write)
    future.add_done_callback(lambda _: seen.append(len(everything(other))))
    event = future.result()
    store.write(lambda _: None)
    other.close()

    assert inside == [0]
    assert seen == [1]
    assert event.subject.host_id == "c1"


def test_what_was_committed_survives_a_reopening(
    url: str, store: SqlStore, clock: SimulatedClock
) -> None:
    events = append(store, an_event("a"), an_event("b"))
    store.close()

    again = SqlStore.open(url, clock=clock, vault=Vault(bytes(range(32))))
    (third,) = append(again, an_event("c"))
    found = everything(again)
    again.close()

    assert found == [*events, third]
    assert third.id > events[-1].id


def test_ids_do_not_go_back_when_the_clock_does(
    url: str, store: SqlStore, vault: Vault, clock: SimulatedClock
) -> None:
    (event,) = append(store, an_event())
    store.close()

    again = SqlStore.open(url, clock=SimulatedClock(clock.now_ms() - 10_000), vault=vault)
    (later,) = append(again, an_event())
    again.close()

    assert later.id > event.id


def test_a_commit_that_fails_fails_the_whole_group(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[Event] = []
    store.subscribe(heard.extend)
    gate = threading.Event()

    def no_commit(_writer: Writer) -> None:
        raise OSError("disk full")

    blocked = store.submit(lambda _: gate.wait())
    first = store.submit(lambda uow: uow.log.append(MAIN, an_event()))
    second = store.submit(lambda uow: uow.log.append(MAIN, an_event()))
    with monkeypatch.context() as broken:
        broken.setattr(Writer, "_commit", no_commit)
        gate.set()
        failures = [blocked.exception(), first.exception(), second.exception()]
    (kept,) = append(store, an_event("later"))

    assert [type(failure) for failure in failures] == [Unavailable] * 3
    assert heard == [kept]
    assert list(everything(store)) == [kept]


@pytest.mark.postgres
@pytest.mark.parametrize("backend", ["postgres"])
def test_a_lost_connection_is_replaced(store: SqlStore, url: str) -> None:
    import psycopg

    (before,) = append(store, an_event("before"))
    assert list(everything(store)) == [before]
    with psycopg.connect(url, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

    lost = store.submit(lambda uow: uow.log.append(MAIN, an_event("lost")))

    assert isinstance(lost.exception(), Unavailable)
    (after,) = append(store, an_event("after"))
    assert list(everything(store)) == [before, after]


def test_listeners_hear_each_commit_in_order_before_its_future(store: SqlStore) -> None:
    heard: list[Event] = []
    order: list[str] = []

    def hear(events: Sequence[Event]) -> None:
        heard.extend(events)
        order.append("listener")

    store.subscribe(hear)

    future: Future[Event] = Future()
    gate = threading.Event()
    blocked = store.submit(lambda _: gate.wait())
    future = store.submit(lambda uow: uow.log.append(MAIN, an_event()))
    future.add_done_callback(lambda _: order.append("future"))
    gate.set()

    assert blocked.result()
    assert [future.result()] == heard == list(everything(store))
    store.write(lambda _: None)
    assert order == ["listener", "future"]


def test_a_listener_that_fails_stops_nobody(store: SqlStore) -> None:
    heard: list[Event] = []

    def fail(_events: Sequence[Event]) -> None:
        raise RuntimeError("deaf")

    store.subscribe(fail)
    store.subscribe(heard.extend)

    (event,) = append(store, an_event())

    assert heard == [event]


def test_a_read_cannot_write(store: SqlStore) -> None:
    with pytest.raises(Conflict):
        store.read(lambda uow: uow.log.append(MAIN, an_event()))
    with pytest.raises(Conflict):
        store.read(lambda uow: uow.cursors.move("r", START))

    assert everything(store) == []


def test_a_read_sees_one_moment(store: SqlStore) -> None:
    append(store, an_event("a"))

    def count_twice(uow: SqlUnit) -> tuple[int, int]:
        first = len(uow.log.after(START, limit=10))
        append(store, an_event("b"))
        return first, len(uow.log.after(START, limit=10))

    assert store.read(count_twice) == (1, 1)
    assert len(everything(store)) == 2


def test_a_work_may_not_wait_for_another(store: SqlStore) -> None:
    with pytest.raises(Conflict):
        store.write(lambda _: store.write(lambda _: None))


def test_a_closed_store_takes_nothing_more(store: SqlStore) -> None:
    last = store.submit(lambda uow: uow.log.append(MAIN, an_event()))
    store.close()

    assert last.result().org == MAIN
    with pytest.raises(Unavailable):
        store.submit(lambda _: None)
    with pytest.raises(Unavailable):
        store.read(lambda _: None)


def test_history_goes_below_what_is_live(store: SqlStore, clock: SimulatedClock) -> None:
    (live,) = append(store, an_event("live"))
    past = clock.now_ms() - 1_000_000

    told = store.write(
        lambda uow: uow.history.append(
            MAIN,
            [
                an_event("second", occurred_at=past + 5),
                an_event("first", occurred_at=past),
                an_event("with first", occurred_at=past),
            ],
        )
    )
    more = store.write(
        lambda uow: uow.history.append(MAIN, [an_event("third", occurred_at=past + 2)])
    )

    assert [event.subject.host_id for event in everything(store)] == [
        "first",
        "with first",
        "second",
        "third",
        "live",
    ]
    assert all(is_history(event.id) for event in (*told, *more))
    assert not is_history(live.id)
    assert [event.at - past for event in told] == [0, 0, 5]
    assert store.read(lambda uow: uow.ledger_rows.history_end(MAIN)) == more[-1].id


def test_histories_of_two_organisations_share_no_id(store: SqlStore, clock: SimulatedClock) -> None:
    past = clock.now_ms() - 1_000_000
    ids = [
        event.id
        for org in (MAIN, OTHER)
        for event in store.write(
            lambda uow, org=org: uow.history.append(  # type: ignore[misc]  # a lambda's default has no type
                org, [an_event(f"c{n}", occurred_at=past) for n in range(3)]
            )
        )
    ]

    assert len(set(ids)) == 6


@pytest.mark.parametrize("occurred_at", [None, 0, make_id(1_704_067_200_000) - 1])
def test_history_without_a_moment_is_refused(store: SqlStore, occurred_at: int | None) -> None:
    with pytest.raises(BadInput):
        store.write(lambda uow: uow.history.append(MAIN, [an_event("x", occurred_at=occurred_at)]))

    assert everything(store) == []


def test_history_that_is_not_over_is_refused(store: SqlStore, clock: SimulatedClock) -> None:
    append(store, an_event("live"))

    with pytest.raises(BadInput):
        store.write(
            lambda uow: uow.history.append(MAIN, [an_event("late", occurred_at=clock.now_ms() + 1)])
        )


@pytest.mark.parametrize("backend", ["sqlite"])
def test_nothing_said_stands_in_the_file(url: str, store: SqlStore, tmp_path: Path) -> None:
    append(store, an_event(text="fnarkwibble"))
    store.close()

    held = b"".join(path.read_bytes() for path in tmp_path.glob("fieldfare.db*"))

    assert url.endswith("fieldfare.db")
    assert b"item.posted" in held
    assert b"fnarkwibble" not in held


@pytest.mark.parametrize("backend", ["sqlite"])
def test_only_one_store_writes_a_file(
    url: str, store: SqlStore, clock: SimulatedClock, vault: Vault
) -> None:
    with pytest.raises(Unavailable):
        SqlStore.open(url, clock=clock, vault=vault)
    store.close()

    SqlStore.open(url, clock=clock, vault=vault).close()


@pytest.mark.postgres
@pytest.mark.parametrize("backend", ["postgres"])
def test_two_lanes_are_read_up_to_the_slower(
    url: str, store: SqlStore, clock: SimulatedClock, vault: Vault
) -> None:
    (first,) = append(store, an_event("first"))
    clock.advance(1_000)
    second_store = SqlStore.open(url, clock=clock, vault=vault, lane=1)
    (second,) = append(second_store, an_event("second"))

    before = everything(store)
    (third,) = append(store, an_event("third"))
    after = everything(store)
    second_store.close()
    beat(store)
    at_rest = everything(store)

    assert first.id < second.id
    assert before == [first]
    assert after[:2] == [first, *([third] if third.id < second.id else [second])]
    assert sorted(event.id for event in at_rest) == sorted((first.id, second.id, third.id))


@pytest.mark.postgres
@pytest.mark.parametrize("backend", ["postgres"])
def test_a_lane_that_was_lost_takes_itself_up_above_what_was_read(
    url: str, store: SqlStore, clock: SimulatedClock, vault: Vault
) -> None:
    lost = SqlStore.open(url, clock=SimulatedClock(clock.now_ms()), vault=vault, lane=1)
    (before,) = append(lost, an_event("before"))
    clock.advance(60_000)
    (while_away,) = append(store, an_event("while away"))
    held_back = everything(store)
    beat(store)
    released = everything(store)
    (back,) = append(lost, an_event("back"))
    beat(store)
    in_the_end = everything(store)
    lost.close()

    assert while_away not in held_back
    assert released == [before, while_away]
    assert back.id > while_away.id
    assert in_the_end == [before, while_away, back]
