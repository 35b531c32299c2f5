"""Items, accounts, views, calls, decisions, verdicts, cases: state as the rooms ask for it."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TypeVar

import pytest

from fieldfare.decisions.record import Conclusion, decided_by, event_of
from fieldfare.engine.unit import Retention, ScanTask, StoredVersion
from fieldfare.ingest.repositories import Account, EarlierCall
from fieldfare.kernel import EventId, Org, Span, make_id
from fieldfare.matching.repositories import ListRecord
from fieldfare.metrics.repositories import RemovedItem
from fieldfare.records import (
    Case,
    CaseState,
    Decision,
    Exposure,
    ItemState,
    ItemVersion,
    Judgement,
    Lease,
    MediaRef,
    NewEvent,
    Reason,
    Restriction,
    ReviewRequest,
    SeenValue,
    Subject,
    Verdict,
    Voice,
    Webhook,
)
from fieldfare.storage import SqlStore
from fieldfare.storage.unit import SqlUnit

T = TypeVar("T")
MAIN = Org("main")
NOW_MS = 1_795_000_000_000
VIDEO = Subject("video", "v1")
ANNA = Subject("account", "anna")
BEA = Subject("account", "bea")
DIGEST = "d" * 32
REMOVE = Restriction(
    kind="remove",
    policy="GV.GORE",
    surfaces=frozenset({"feed"}),
    until=5,
    params={"label": "blorp"},
)


def a_version(number: int = 1, *, digest: str = DIGEST, subject: Subject = VIDEO) -> ItemVersion:
    return ItemVersion(
        subject=subject,
        number=number,
        digest=digest,
        state=ItemState.RECEIVED,
        author=ANNA,
        market="DE",
        media=(MediaRef(sha256="a" * 64, size=3, name="ü.mp4", content_type="video/mp4"),),
        event_id=make_id(NOW_MS, sequence=number),
        posted_at=NOW_MS,
    )


def a_verdict(event_id: EventId, by: Voice = Voice.RULE, *, author: str = "r1") -> Verdict:
    seen = SeenValue(
        name="text.lexicon.hits",
        value=[{"term": "fnark"}, 0.5],
        op=">=",
        threshold=1,
        spans=(Span(0, 5, "char", "text"),),
    )
    return Verdict(
        by=by,
        author=author,
        subject=VIDEO,
        version=DIGEST,
        event_id=event_id,
        restrictions=(REMOVE,),
        review=(ReviewRequest(queue="gore", policy="GV.GORE"),),
        reasons=(Reason(by=author, policy="GV.GORE", description="blorp", seen=(seen,)),),
    )


def decide(
    uow: SqlUnit,
    *,
    action: str = "remove",
    by: Voice = Voice.RULE,
    subject: Subject = VIDEO,
    version: str = DIGEST,
    revision: int = 1,
    views: int = 0,
    posted_at: int = NOW_MS,
) -> Decision:
    verdict = a_verdict(EventId(1), by)
    conclusion = Conclusion(
        version=version,
        revision=revision,
        judgement=Judgement(
            action=action,
            policy="" if action == "allow" else "GV.GORE",
            by=by,
            restrictions=() if action == "allow" else (replace(REMOVE, kind=action),),
            reasons=verdict.reasons,
            unknown={"visual.nsfw.max": "no model"},
        ),
        pack="p",
        rule_set="r",
        models={"visual": "1"},
    )
    event = uow.log.append(MAIN, event_of(conclusion, subject, person=ANNA, causes=(EventId(9),)))
    made = decided_by(event, conclusion)
    uow.decisions.save(made, posted_at=posted_at, views=views)
    return made


def each(
    store: SqlStore, method: Callable[[SqlUnit], Callable[[T], None]], values: Iterable[T]
) -> None:
    """Call a method with each value, in one work."""

    def work(uow: SqlUnit) -> None:
        call = method(uow)
        for value in values:
            call(value)

    store.write(work)


def test_an_item_comes_back_as_it_was_put(store: SqlStore) -> None:
    item = a_version()
    store.write(lambda uow: uow.items.put(MAIN, item))

    assert store.read(lambda uow: uow.items.current(MAIN, VIDEO)) == item
    assert store.read(lambda uow: uow.items.current(MAIN, Subject("video", "v2"))) is None


def test_a_new_version_supersedes_the_older_one(store: SqlStore) -> None:
    first, second = a_version(1), a_version(2, digest="e" * 32)
    store.write(lambda uow: uow.items.put(MAIN, first))
    store.write(lambda uow: uow.items.put(MAIN, second))

    assert store.read(lambda uow: uow.items.current(MAIN, VIDEO)) == second
    assert store.read(lambda uow: uow.items.versions(MAIN, VIDEO)) == (
        replace(first, state=ItemState.SUPERSEDED),
        second,
    )
    assert store.read(lambda uow: list(uow.items.all_current())) == [(MAIN, second)]


def test_versions_put_in_one_work_are_seen_by_it(store: SqlStore) -> None:
    def work(uow: SqlUnit) -> ItemVersion | None:
        uow.items.put(MAIN, a_version(1))
        uow.items.put(MAIN, a_version(2, digest="e" * 32))
        return uow.items.current(MAIN, VIDEO)

    assert store.write(work) == a_version(2, digest="e" * 32)


def test_settling_touches_the_version_that_is_named(store: SqlStore) -> None:
    def work(uow: SqlUnit) -> None:
        uow.items.put(MAIN, a_version(1))
        uow.items.put(MAIN, a_version(2, digest="e" * 32))
        uow.items.settle(
            MAIN, VIDEO, "e" * 32, state=ItemState.DECIDED, decision_id=EventId(8), revision=3
        )
        uow.items.settle(MAIN, VIDEO, "e" * 32, state=ItemState.DELETED)

    store.write(work)

    first, second = store.read(lambda uow: uow.items.versions(MAIN, VIDEO))
    assert first.state is ItemState.SUPERSEDED
    assert first.decision_id is None
    assert (second.state, second.decision_id, second.revision) == (ItemState.DELETED, 8, 3)


def test_settling_content_that_came_back_means_its_newest_version(store: SqlStore) -> None:
    def work(uow: SqlUnit) -> None:
        for number, digest in enumerate(("a", "b", "a"), start=1):
            uow.items.put(MAIN, a_version(number, digest=digest))
        uow.items.settle(MAIN, VIDEO, "a", state=ItemState.SCANNED)

    store.write(work)

    states = [v.state for v in store.read(lambda uow: uow.items.versions(MAIN, VIDEO))]
    assert states == [ItemState.SUPERSEDED, ItemState.SUPERSEDED, ItemState.SCANNED]


def test_an_account_is_written_over(store: SqlStore) -> None:
    account = Account(subject=ANNA, created_at=5, market="DE")
    store.write(lambda uow: uow.accounts.put(MAIN, account))
    limited = replace(account, state="limited", decision_id=EventId(3), revision=1)
    store.write(lambda uow: uow.accounts.put(MAIN, limited))

    assert store.read(lambda uow: uow.accounts.get(MAIN, ANNA)) == limited
    assert store.read(lambda uow: list(uow.accounts.all())) == [(MAIN, limited)]


def test_views_add_up_over_versions(store: SqlStore) -> None:
    def work(uow: SqlUnit) -> list[int]:
        add = uow.views.add
        return [
            add(MAIN, VIDEO, "a", views=3, watch_ms=10),
            add(MAIN, VIDEO, "a", views=4, watch_ms=10),
            add(MAIN, VIDEO, "b", views=100, watch_ms=10),
            add(MAIN, Subject("video", "v2"), "a", views=99, watch_ms=1),
        ]

    assert store.write(work) == [3, 7, 107, 99]
    assert store.read(lambda uow: uow.views.total(MAIN, VIDEO)) == 107
    assert store.read(lambda uow: list(uow.views.at_least(100))) == [(MAIN, VIDEO, 107)]


def test_reports_count_reporters_once_and_name_none(store: SqlStore) -> None:
    def work(uow: SqlUnit) -> None:
        for event_id, reporter in ((1, ANNA), (2, BEA), (3, ANNA)):
            uow.reports.file(MAIN, VIDEO, EventId(event_id), reporter=reporter)

    store.write(work)

    assert store.read(lambda uow: uow.reports.count(MAIN, VIDEO)) == (3, 2)
    assert store.read(lambda uow: uow.reports.count(MAIN, Subject("video", "v2"))) == (0, 0)


def test_a_call_is_known_by_its_key_until_it_is_forgotten(store: SqlStore) -> None:
    old = EarlierCall(content_digest="x", event_id=EventId(10), answer=b"{}")
    new = replace(old, event_id=EventId(20))

    def work(uow: SqlUnit) -> None:
        uow.call_keys.keep(MAIN, "items", "k1", old)
        uow.call_keys.keep(MAIN, "items", "k2", new)

    store.write(work)

    assert store.read(lambda uow: uow.call_keys.find(MAIN, "items", "k1")) == old
    assert store.read(lambda uow: uow.call_keys.find(MAIN, "events", "k1")) is None
    assert store.write(lambda uow: uow.call_keys.forget_before(EventId(20))) == 1
    assert store.read(lambda uow: uow.call_keys.find(MAIN, "items", "k1")) is None
    assert store.read(lambda uow: uow.call_keys.find(MAIN, "items", "k2")) == new


def test_a_key_cannot_be_kept_twice(store: SqlStore) -> None:
    call = EarlierCall(content_digest="x", event_id=EventId(10), answer=b"{}")
    store.write(lambda uow: uow.call_keys.keep(MAIN, "items", "k", call))

    again = store.submit(lambda uow: uow.call_keys.keep(MAIN, "items", "k", call))

    assert again.exception() is not None


def test_a_decision_comes_back_with_its_reasons(store: SqlStore) -> None:
    first = store.write(decide)
    second = store.write(lambda uow: decide(uow, action="allow", by=Voice.PERSON, revision=2))

    assert store.read(lambda uow: uow.decisions.get(MAIN, first.id)) == first
    assert store.read(lambda uow: uow.decisions.of_subject(MAIN, VIDEO)) == [first, second]
    assert store.read(lambda uow: uow.decisions.page(MAIN, before=None, limit=9)) == [
        second,
        first,
    ]
    assert store.read(lambda uow: uow.decisions.page(MAIN, before=second.id, limit=9)) == [first]
    assert store.read(lambda uow: uow.decisions.get(MAIN, EventId(1))) is None


def test_only_what_restricts_now_is_loaded_into_the_gate(store: SqlStore) -> None:
    def work(uow: SqlUnit) -> tuple[Decision, Decision]:
        uow.items.put(MAIN, a_version())
        decide(uow, revision=1)
        latest = decide(uow, action="limit", revision=2)
        uow.items.settle(MAIN, VIDEO, DIGEST, state=ItemState.DECIDED, decision_id=latest.id)
        other = Subject("video", "v2")
        allowed = decide(uow, action="allow", subject=other)
        uow.items.put(MAIN, replace(a_version(subject=other), decision_id=allowed.id))
        on_account = decide(uow, action="suspend", subject=ANNA)
        uow.accounts.put(MAIN, Account(subject=ANNA, created_at=0, decision_id=on_account.id))
        return latest, on_account

    latest, on_account = store.write(work)

    found = store.read(lambda uow: list(uow.decisions.restricting()))
    assert sorted(found) == [
        (MAIN, made.id, made.judgement.restrictions) for made in (latest, on_account)
    ]


def test_verdicts_stand_until_the_rules_speak_again(store: SqlStore) -> None:
    def post(uow: SqlUnit) -> EventId:
        return uow.log.append(
            MAIN, NewEvent(kind="item.posted", subject=VIDEO, person=ANNA, data={})
        ).id

    event_id = store.write(post)
    person = a_verdict(store.write(post), Voice.PERSON, author="p1")
    old, new = a_verdict(event_id), a_verdict(event_id, author="r2")
    scanned = a_verdict(event_id, author="r3")

    def work(uow: SqlUnit) -> None:
        replace_rules = uow.verdicts.replace_rules
        replace_rules(MAIN, VIDEO, DIGEST, "item.posted", [old, old])
        replace_rules(MAIN, VIDEO, DIGEST, "item.scanned", [scanned])
        uow.verdicts.put(MAIN, person)
        replace_rules(MAIN, VIDEO, DIGEST, "item.posted", [new])

    store.write(work)
    standing = store.read(lambda uow: uow.verdicts.standing(MAIN, VIDEO, DIGEST))
    store.write(lambda uow: uow.verdicts.withdraw(MAIN, person.event_id))
    left = store.read(lambda uow: uow.verdicts.standing(MAIN, VIDEO, DIGEST))

    assert list(standing) == [new, scanned, person]
    assert list(left) == [new, scanned]
    assert store.read(lambda uow: uow.verdicts.standing(MAIN, VIDEO, "other")) == []


def a_case(number: int, **changes: object) -> Case:
    case = Case(
        org=MAIN,
        id=EventId(number),
        queue="gore",
        subject=Subject("video", f"v{number}"),
        version=DIGEST,
        policies=("GV.GORE", "AD.NUDE"),
        decision_id=EventId(5),
        reason="blorp",
        lane=1,
        opened_at=NOW_MS - 1000 * number,
        due_at=NOW_MS,
        state=CaseState.READY,
    )
    return replace(case, **changes)  # type: ignore[arg-type]  # names are those of the fields


def a_lease(reviewer: str, *, at: int = NOW_MS) -> Lease:
    return Lease(
        reviewer=reviewer, token_sha256=f"t-{reviewer}-{at}", granted_at=at, expires_at=at + 300
    )


def claim(
    store: SqlStore, reviewer: str, *, at: int = NOW_MS, queue: str | None = None
) -> EventId | None:
    lease = a_lease(reviewer, at=at)
    case = store.write(lambda uow: uow.cases.claim(MAIN, lease, now_ms=at, queue=queue))
    assert case is None or (case.lease, case.state) == (lease, CaseState.LEASED)
    assert case is None or store.read(lambda uow: uow.cases.get(MAIN, case.id)) == case
    return None if case is None else case.id


def put_cases(store: SqlStore, *cases: Case) -> None:
    each(store, lambda uow: uow.cases.put, cases)


def test_a_case_comes_back_as_it_was_put(store: SqlStore) -> None:
    ready = a_case(1, excluded=frozenset({"p1", "p2"}))
    closed = a_case(
        2, state=CaseState.DECIDED, lease=a_lease("p1"), closed_at=NOW_MS, outcome="remove"
    )
    put_cases(store, ready, closed)

    assert store.read(lambda uow: uow.cases.get(MAIN, ready.id)) == ready
    assert store.read(lambda uow: uow.cases.get(MAIN, closed.id)) == closed
    assert store.read(lambda uow: uow.cases.of_subject(MAIN, closed.subject)) == [closed]


def test_the_most_urgent_case_is_claimed_first(store: SqlStore) -> None:
    put_cases(
        store, a_case(1), a_case(2, due_at=NOW_MS - 1), a_case(3, lane=0), a_case(4, due_at=NOW_MS)
    )

    claimed = [claim(store, f"p{n}") for n in range(5)]

    assert claimed == [3, 2, 1, 4, None]


def test_a_person_gets_the_case_they_hold_again(store: SqlStore) -> None:
    put_cases(store, a_case(1), a_case(2))

    first = claim(store, "p1")
    again = claim(store, "p1", at=NOW_MS + 100)
    other = claim(store, "p2", at=NOW_MS + 350)

    assert (first, again, other) == (1, 1, 2)


def test_a_lapsed_lease_goes_back_to_the_queue(store: SqlStore) -> None:
    put_cases(store, a_case(1))
    claim(store, "p1")

    early = claim(store, "p2", at=NOW_MS + 299)
    late = claim(store, "p2", at=NOW_MS + 300)

    assert (early, late) == (None, 1)


def test_who_is_excluded_is_passed_over(store: SqlStore) -> None:
    put_cases(store, a_case(1, excluded=frozenset({"p1", "p10"})), a_case(2))

    assert claim(store, "p1") == 2
    assert claim(store, "P1") == 1


def test_a_claim_keeps_to_its_queue(store: SqlStore) -> None:
    put_cases(store, a_case(1), a_case(2, queue="spam"))

    assert claim(store, "p1", queue="spam") == 2
    assert claim(store, "p2", queue="spam") is None


def test_cases_are_paged_by_state(store: SqlStore) -> None:
    cases = [
        a_case(n, state=state)
        for n, state in enumerate(
            [CaseState.READY, CaseState.DECIDED, CaseState.READY, CaseState.CANCELLED], start=1
        )
    ]
    put_cases(store, *cases)
    wanted = frozenset({CaseState.READY, CaseState.DECIDED})

    first = store.read(lambda uow: uow.cases.page(MAIN, states=wanted, before=None, limit=2))
    then = store.read(lambda uow: uow.cases.page(MAIN, states=wanted, before=first[-1].id, limit=2))

    assert [case.id for case in first] == [3, 2]
    assert [case.id for case in then] == [1]


def test_cases_are_paged_within_a_queue(store: SqlStore) -> None:
    put_cases(store, a_case(1, queue="spam"), a_case(2), a_case(3, queue="spam"))
    wanted = frozenset({CaseState.READY})

    found = store.read(
        lambda uow: uow.cases.page(MAIN, states=wanted, before=None, limit=5, queue="spam")
    )

    assert [case.id for case in found] == [3, 1]


def test_a_queues_depth_counts_open_cases(store: SqlStore) -> None:
    put_cases(
        store,
        a_case(1),
        a_case(2, state=CaseState.LEASED, lease=a_lease("p")),
        a_case(3, state=CaseState.DECIDED),
        a_case(4, queue="spam"),
    )

    depths = store.read(lambda uow: uow.queues.depths(MAIN, now_ms=NOW_MS))

    assert depths == {"gore": (2, 2000), "spam": (1, 4000)}


def test_exposures_are_counted_since_a_moment(store: SqlStore) -> None:
    def look(number: int, reviewer: str) -> Exposure:
        return Exposure(
            org=MAIN,
            id=EventId(number),
            reviewer=reviewer,
            case_id=EventId(1),
            version=DIGEST,
            policy="GV.GORE",
            what="video",
            at=NOW_MS + number,
        )

    each(store, lambda uow: uow.exposures.add, [look(n, f"p{n % 2}") for n in range(5)])

    assert store.read(lambda uow: uow.exposures.count(MAIN, "p0", since_ms=NOW_MS + 2)) == 2
    assert store.read(lambda uow: uow.exposures.count(MAIN, "p1", since_ms=0)) == 2


def test_secrets_of_webhooks_are_stored_encrypted(store: SqlStore) -> None:
    hook = Webhook(
        org=MAIN,
        id="w1",
        url="https://example.test/hook",
        secrets=("whsec_bmV3", "whsec_b2xk"),
        kinds=frozenset({"remove", "limit"}),
    )
    store.write(lambda uow: uow.webhooks.put(hook))
    off = replace(hook, id="w2", enabled=False, kinds=frozenset())
    store.write(lambda uow: uow.webhooks.put(off))

    def stored(uow: SqlUnit) -> list[bytes]:
        cursor = uow.webhooks._tx.connection.cursor()
        cursor.execute("SELECT secrets FROM webhooks")
        return [bytes(row[0]) for row in cursor.fetchall()]

    assert store.read(lambda uow: uow.webhooks.all(MAIN)) == [hook, off]
    assert all(b"whsec" not in secrets for secrets in store.read(stored))
    store.write(lambda uow: uow.webhooks.remove(MAIN, "w1"))
    assert store.read(lambda uow: uow.webhooks.all(MAIN)) == [off]


def test_scans_are_claimed_oldest_first_and_come_back_when_lapsed(store: SqlStore) -> None:
    def task(number: int) -> ScanTask:
        return ScanTask(
            org=MAIN,
            event_id=EventId(number),
            subject=Subject("video", f"v{number}"),
            version=DIGEST,
            attempts=0,
        )

    def claimed(now: int, limit: int = 9) -> list[tuple[EventId, int]]:
        tasks = store.write(
            lambda uow: uow.scans.claim(now_ms=now, until_ms=now + 100, limit=limit)
        )
        return [(found.event_id, found.attempts) for found in tasks]

    each(store, lambda uow: uow.scans.add, [task(n) for n in (3, 1, 2)])

    assert claimed(1000, limit=2) == [(1, 1), (2, 1)]
    assert claimed(1050) == [(3, 1)]
    store.write(lambda uow: uow.scans.done(MAIN, EventId(1)))
    assert claimed(1100) == [(2, 2)]
    assert store.read(lambda uow: uow.scans.waiting()) == 2
    assert store.write(lambda uow: uow.scans.release_all(now_ms=1050)) == 2
    assert claimed(1100) == [(3, 2)]
    assert claimed(2050) == [(2, 3), (3, 3)]


def test_the_version_in_force_is_the_newest_by_then(store: SqlStore) -> None:
    def version(content: str, since: int, kind: str = "rules") -> StoredVersion:
        return StoredVersion(
            org=MAIN, kind=kind, hash=content, files={"a.sml": content}, since=EventId(since)
        )

    puts = [version("h1", 10), version("h2", 20), version("h1", 30), version("p", 5, "policies")]
    each(store, lambda uow: uow.versions.put, puts)

    def in_force(as_of: int) -> StoredVersion | None:
        return store.read(lambda uow: uow.versions.in_force(MAIN, "rules", as_of=EventId(as_of)))

    assert [in_force(n) for n in (9, 10, 29, 30)] == [None, puts[0], puts[1], puts[2]]
    assert store.read(lambda uow: uow.versions.get(MAIN, "rules", "h2")) == puts[1]
    assert store.read(lambda uow: uow.versions.get(MAIN, "rules", "h9")) is None
    assert store.read(lambda uow: uow.versions.history(MAIN, "rules")) == puts[:3]


def test_a_list_is_read_as_of_an_event(store: SqlStore) -> None:
    def record(name: str, since: int) -> ListRecord:
        return ListRecord(
            org=MAIN, name=name, kind="list", text=f"{name}@{since}", hash="h", since=EventId(since)
        )

    puts = [record("a", 10), record("b", 15), record("a", 20)]
    each(store, lambda uow: uow.lists.put, puts)

    def current(as_of: int) -> list[ListRecord]:
        return list(store.read(lambda uow: uow.lists.current(MAIN, as_of=EventId(as_of))))

    assert current(9) == []
    assert current(19) == [puts[0], puts[1]]
    assert current(20) == [puts[2], puts[1]]


def test_a_cursor_moves_with_what_it_wrote(store: SqlStore) -> None:
    def fails(uow: SqlUnit) -> None:
        uow.cursors.move("evaluator", EventId(9))
        raise KeyError("no")

    store.write(lambda uow: uow.cursors.move("evaluator", EventId(7)))
    failed = store.submit(fails)

    assert isinstance(failed.exception(), KeyError)
    assert store.read(lambda uow: uow.cursors.get("evaluator")) == 7
    assert store.read(lambda uow: uow.cursors.get("nobody")) == 0


def test_a_removal_is_measured_with_its_circumstances(store: SqlStore) -> None:
    posted_at = NOW_MS - 5_000

    def work(uow: SqlUnit) -> tuple[Decision, Decision]:
        uow.items.put(MAIN, a_version())
        removed = decide(uow, views=7, posted_at=posted_at)
        decide(uow, revision=2, views=9, posted_at=posted_at)
        other = Subject("video", "v2")
        uow.items.put(MAIN, a_version(subject=other))
        by_hand = decide(uow, subject=other, by=Voice.PERSON, posted_at=posted_at)
        back = decide(uow, subject=other, action="allow", by=Voice.APPEAL, revision=2)
        uow.items.settle(MAIN, other, DIGEST, state=ItemState.DECIDED, decision_id=back.id)
        decide(uow, subject=ANNA)
        uow.reports.file(MAIN, other, make_id(NOW_MS - 3_000), reporter=BEA)
        uow.reports.file(MAIN, other, make_id(NOW_MS - 2_000), reporter=ANNA)
        return removed, by_hand

    removed, by_hand = store.write(work)

    span = {"from_ms": NOW_MS - 1, "to_ms": NOW_MS + 1_000}
    assert store.read(lambda uow: uow.measures.removed(MAIN, **span)) == [
        RemovedItem(
            kind="video",
            host_id=host_id,
            policy="GV.GORE",
            policies=("GV.GORE",),
            decision_id=made.id,
            posted_at=posted_at,
            removed_at=NOW_MS,
            views_at_removal=views,
            reported_at=reported_at,
            automated=automated,
            restored=restored,
        )
        for host_id, made, views, reported_at, automated, restored in (
            ("v1", removed, 7, None, True, False),
            ("v2", by_hand, 0, NOW_MS - 3_000, False, True),
        )
    ]
    assert store.read(lambda uow: uow.measures.posted(MAIN, **span)) == {"video": 2}
    assert store.read(lambda uow: uow.measures.actions(MAIN, **span)) == {("allow", "appeal"): 1}
    before = {"from_ms": 0, "to_ms": NOW_MS}
    assert store.read(lambda uow: uow.measures.removed(MAIN, **before)) == []
    assert store.read(lambda uow: uow.measures.posted(MAIN, **before)) == {}


@pytest.mark.parametrize(("age_ms", "gone"), [(1_000, 0), (24 * 3_600_000 + 1, 1)])
def test_what_outlived_its_time_is_swept(store: SqlStore, age_ms: int, gone: int) -> None:
    call = EarlierCall(content_digest="x", event_id=make_id(NOW_MS), answer=b"")
    store.write(lambda uow: uow.call_keys.keep(MAIN, "items", "k", call))

    swept = store.write(lambda uow: uow.sweeps.sweep(Retention(), now_ms=NOW_MS + age_ms))

    assert swept["call_keys"] == gone
    assert sum(swept.values()) == gone
