"""What has waited for too long, and how fast items are seen, on either database."""

from dataclasses import replace

from fieldfare.decisions.record import Conclusion, decided_by, event_of
from fieldfare.ingest.repositories import Pace
from fieldfare.kernel import EventId, Org, make_id
from fieldfare.records import (
    Case,
    CaseState,
    Decision,
    ItemState,
    ItemVersion,
    Judgement,
    Restriction,
    Subject,
    Voice,
)
from fieldfare.review import announce_overdue
from fieldfare.storage import SqlStore
from fieldfare.storage.unit import SqlUnit

MAIN, OTHER = Org("main"), Org("other")
NOW_MS = 1_795_000_000_000
HOUR_MS = 3_600_000
VIDEO, ANNA = Subject("video", "v1"), Subject("account", "anna")
START, END = EventId(0), EventId(2**62)


def a_version(sequence: int, *, org: Org = MAIN, number: int = 1) -> ItemVersion:
    return ItemVersion(
        subject=Subject("video", f"{org}-{sequence}"),
        number=number,
        digest=f"d{number}",
        state=ItemState.RECEIVED,
        author=ANNA,
        market="DE",
        media=(),
        event_id=make_id(NOW_MS, sequence=sequence),
        posted_at=NOW_MS,
    )


def held(uow: SqlUnit, *kinds: str, org: Org = MAIN, sequence: int = 1) -> Decision:
    """Put an item with a decision in force that restricts in these ways."""
    item = a_version(sequence, org=org)
    uow.organisations.add(org, "") if org not in uow.organisations.all() else None
    uow.items.put(org, item)
    asked = tuple(Restriction(kind=kind, policy="P") for kind in kinds)
    conclusion = Conclusion(
        version=item.digest,
        revision=1,
        judgement=Judgement(
            action=kinds[0] if kinds else "allow", policy="", by=Voice.RULE, restrictions=asked
        ),
        pack="p",
        rule_set="r",
        models={},
    )
    event = uow.log.append(org, event_of(conclusion, item.subject, person=ANNA, causes=()))
    made = decided_by(event, conclusion)
    uow.decisions.save(made, posted_at=NOW_MS, views=0)
    uow.items.settle(
        org, item.subject, item.digest, state=ItemState.DECIDED, decision_id=made.id, revision=1
    )
    return made


def a_case(decision: Decision, *, number: int = 5, due_at: int = NOW_MS) -> Case:
    return Case(
        org=decision.org,
        id=EventId(number),
        queue="q",
        subject=decision.subject,
        version=decision.version,
        policies=("P",),
        decision_id=decision.id,
        reason="",
        lane=1,
        opened_at=0,
        due_at=due_at,
        state=CaseState.READY,
    )


def test_only_current_versions_without_a_decision_are_undecided(store: SqlStore) -> None:
    waiting, scanned, later = a_version(1), a_version(2), a_version(3)

    def work(uow: SqlUnit) -> None:
        for item in (waiting, scanned, later):
            uow.items.put(MAIN, item)
        uow.items.settle(MAIN, scanned.subject, "d1", state=ItemState.SCANNED)
        uow.items.put(MAIN, a_version(4))
        uow.items.settle(MAIN, a_version(4).subject, "d1", state=ItemState.DELETED)
        uow.items.put(MAIN, a_version(5))
        uow.items.put(MAIN, replace(a_version(5, number=2), event_id=make_id(NOW_MS + 9)))
        held(uow, sequence=6)

    store.write(work)

    found = store.read(lambda uow: uow.overdue.undecided(START, later.event_id, limit=9))
    assert found == [(MAIN, waiting), (MAIN, replace(scanned, state=ItemState.SCANNED))]
    second = store.read(lambda uow: uow.overdue.undecided(waiting.event_id, END, limit=1))
    assert [item.subject for _, item in second] == [scanned.subject]


def test_a_hold_is_found_until_somebody_is_asked_about_it(store: SqlStore) -> None:
    def work(uow: SqlUnit) -> list[Decision]:
        held(uow, "limit", sequence=9)
        return [held(uow, "hold"), held(uow, "remove", "hold", sequence=2), held(uow, sequence=3)]

    alone, beside, _ = store.write(work)

    both = [(MAIN, alone.id), (MAIN, beside.id)]
    assert store.read(lambda uow: uow.overdue.held(START, END, limit=9)) == both
    assert store.read(lambda uow: uow.overdue.held(alone.id, END, limit=9)) == both[1:]
    assert store.read(lambda uow: uow.overdue.held(START, alone.id, limit=9)) == []
    store.write(lambda uow: uow.cases.put(a_case(alone)))
    assert store.read(lambda uow: uow.overdue.held(START, END, limit=9)) == both[1:]
    store.write(lambda uow: uow.cases.put(replace(a_case(alone), state=CaseState.DECIDED)))
    assert store.read(lambda uow: uow.overdue.held(START, END, limit=9)) == both


def test_a_hold_that_is_no_longer_in_force_is_nobodys_question(store: SqlStore) -> None:
    made = store.write(lambda uow: held(uow, "hold"))

    store.write(
        lambda uow: uow.items.settle(MAIN, made.subject, made.version, state=ItemState.DELETED)
    )

    assert store.read(lambda uow: uow.overdue.held(START, END, limit=9)) == []


def test_an_overdue_case_is_unannounced_until_the_log_says_so(store: SqlStore) -> None:
    made = store.write(lambda uow: held(uow, "hold"))
    first = a_case(made, due_at=NOW_MS - 2)
    leased = replace(a_case(made, number=6, due_at=NOW_MS - 1), state=CaseState.LEASED)

    def work(uow: SqlUnit) -> None:
        uow.cases.put(leased)
        uow.cases.put(first)
        uow.cases.put(a_case(made, number=7, due_at=NOW_MS + 1))
        uow.cases.put(replace(a_case(made, number=8), state=CaseState.CANCELLED))

    store.write(work)

    def late(uow: SqlUnit) -> list[Case]:
        return list(uow.overdue.unannounced(now_ms=NOW_MS, limit=9))

    assert store.read(late) == [first, leased]
    store.write(lambda uow: announce_overdue(uow, first))
    assert store.read(late) == [leased]
    assert store.read(lambda uow: uow.overdue.counts(now_ms=NOW_MS)) == {MAIN: 2}
    assert store.read(lambda uow: uow.overdue.counts(now_ms=NOW_MS + 1)) == {MAIN: 3}


def test_what_is_overdue_names_its_organisation(store: SqlStore) -> None:
    def work(uow: SqlUnit) -> list[tuple[Org, EventId]]:
        made = [held(uow, "hold"), held(uow, "hold", org=OTHER)]
        for org in (MAIN, OTHER):
            uow.items.put(org, a_version(7, org=org))
        for number, decision in enumerate(made, 5):
            uow.cases.put(replace(a_case(decision, number=number), version="other"))
        return [(decision.org, decision.id) for decision in made]

    decisions = store.write(work)

    assert store.read(lambda uow: uow.overdue.held(START, END, limit=9)) == decisions
    undecided = store.read(lambda uow: uow.overdue.undecided(START, END, limit=9))
    assert {(org, item.subject.host_id) for org, item in undecided} == {
        (MAIN, "main-7"),
        (OTHER, "other-7"),
    }
    late = store.read(lambda uow: uow.overdue.unannounced(now_ms=NOW_MS, limit=9))
    assert [case.org for case in late] == [MAIN, OTHER]
    assert store.read(lambda uow: uow.overdue.counts(now_ms=NOW_MS)) == {MAIN: 1, OTHER: 1}


def paced(store: SqlStore, hours: float, views: int, org: Org = MAIN) -> Pace:
    at_ms = NOW_MS // HOUR_MS * HOUR_MS + round(hours * HOUR_MS)
    return store.write(lambda uow: uow.views.pace(org, VIDEO, at_ms=at_ms, views=views))


def test_a_pace_counts_the_running_hour_beside_the_last_one_that_had_views(
    store: SqlStore,
) -> None:
    assert paced(store, 0, 5) == Pace(views=5, before=0, added=5)
    assert paced(store, 0.99, 2) == Pace(views=7, before=0, added=2)
    assert paced(store, 1, 3) == Pace(views=3, before=7, added=3)
    assert paced(store, 1.5, 0, OTHER) == Pace(views=0, before=0, added=0)
    assert paced(store, 40, 0) == Pace(views=0, before=3, added=0)
    assert paced(store, 41, 1) == Pace(views=1, before=3, added=1)
