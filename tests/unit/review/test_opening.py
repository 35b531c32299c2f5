"""Decisions that ask for people, and the cases they open."""

import pytest

from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import SimulatedClock
from fieldfare.records import (
    Case,
    CaseState,
    Decision,
    Judgement,
    NewEvent,
    ReviewRequest,
    Subject,
    Voice,
)
from fieldfare.review import Action, Choice, end_cases, open_cases
from fieldfare.storage import SqlStore
from fieldfare.testing.desk import PACK, VERSION, Desk

VIDEO = Subject("video", "v1")


@pytest.fixture
def desk(store: SqlStore, clock: SimulatedClock) -> Desk:
    return Desk(store, clock)


def a_request(policy: str = "AD.NUDE", *, lane: int = 1, reason: str = "") -> ReviewRequest:
    queue = PACK.policy(policy).queue if policy else "technical"
    return ReviewRequest(queue=queue, policy=policy, reason=reason, lane=lane)


def ask(desk: Desk, *requests: ReviewRequest, again: bool = False) -> tuple[Case, ...]:
    def write(uow: UnitOfWork) -> tuple[Case, ...]:
        event = uow.log.append(desk.org, NewEvent(kind="decision.made", subject=VIDEO, data={}))
        decision = Decision(
            org=desk.org,
            id=event.id,
            at=event.at,
            subject=VIDEO,
            version=VERSION,
            revision=1,
            judgement=Judgement(action="hold", policy="", by=Voice.RULE, review=requests),
            pack=PACK.hash,
            rule_set="",
        )
        return open_cases(uow, decision, PACK, again=again)

    return desk.store.write(write)


def test_one_case_a_queue_with_the_gravest_policy_first_and_the_nearest_deadline(
    desk: Desk,
) -> None:
    grave, mild = sorted(
        (code for code, policy in PACK.policies.items() if policy.queue == "adult"),
        key=PACK.rank,
    )[:: len([c for c, p in PACK.policies.items() if p.queue == "adult"]) - 1]

    (case,) = ask(desk, a_request(mild, lane=2, reason="a"), a_request(grave, reason="b"))

    assert case.policies == (grave, mild)
    assert case.lane == 1
    assert case.reason == "a; b"
    nearest = min(PACK.policy(grave).deadline_min, PACK.policy(mild).deadline_min)
    assert case.due_at == case.opened_at + nearest * 60_000


def test_the_case_is_named_by_its_entry_on_the_log_which_follows_from_the_decision(
    desk: Desk,
) -> None:
    (case,) = ask(desk, a_request())

    event = desk.store.read(lambda uow: uow.log.get(desk.org, case.id))
    assert event is not None
    assert event.kind == "case.opened"
    assert event.causes == (case.decision_id,)
    assert desk.case(case.id) == case


def test_requests_for_two_queues_open_two_cases(desk: Desk) -> None:
    cases = ask(desk, a_request("AD.NUDE"), a_request("CS.CSAM"))

    assert {case.queue for case in cases} == {"adult", "child_safety"}


def test_a_technical_request_without_a_policy_has_a_deadline_too(desk: Desk) -> None:
    (case,) = ask(desk, a_request(""))

    assert case.policies == ()
    assert case.due_at > case.opened_at


def test_an_open_question_is_not_asked_twice(desk: Desk) -> None:
    ask(desk, a_request())

    assert ask(desk, a_request()) == ()
    assert ask(desk, a_request(), again=True) == ()


def test_an_answered_question_is_asked_again_only_if_there_is_something_new(desk: Desk) -> None:
    ask(desk, a_request())
    desk.close(desk.hold(desk.claimed("ann"), "ann"), Choice(action=Action.ALLOW))

    assert ask(desk, a_request()) == ()
    assert len(ask(desk, a_request(), again=True)) == 1


def test_a_decision_that_asks_nobody_opens_nothing(desk: Desk) -> None:
    assert ask(desk) == ()


def test_a_new_version_supersedes_the_open_cases_of_the_old_one(desk: Desk) -> None:
    (case,) = ask(desk, a_request())
    now_ms = desk.clock.now_ms()

    closed = desk.store.write(
        lambda uow: end_cases(uow, desk.org, VIDEO, keep="b" * 32, now_ms=now_ms)
    )

    assert closed == (desk.case(case.id),)
    assert desk.case(case.id).state is CaseState.SUPERSEDED


def test_the_cases_of_the_version_that_stays_are_kept(desk: Desk) -> None:
    (case,) = ask(desk, a_request())

    desk.store.write(lambda uow: end_cases(uow, desk.org, VIDEO, keep=VERSION, now_ms=1))

    assert desk.case(case.id) == case


def test_deletion_cancels_open_cases_and_leaves_decided_ones(desk: Desk) -> None:
    ask(desk, a_request("AD.NUDE"), a_request("CS.CSAM"))
    decided = desk.close(desk.hold(desk.claimed("ann"), "ann"), Choice(action=Action.ALLOW)).case

    closed = desk.store.write(lambda uow: end_cases(uow, desk.org, VIDEO, keep="", now_ms=1))

    assert [case.state for case in closed] == [CaseState.CANCELLED]
    assert desk.case(decided.id) == decided
