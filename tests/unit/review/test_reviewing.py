"""The workflows of a case on a real store."""

from dataclasses import replace

import pytest

from fieldfare.kernel import Org, SimulatedClock
from fieldfare.records import CaseState
from fieldfare.review import (
    Action,
    CaseNotLeased,
    CaseUnknown,
    Choice,
    RevealRefused,
    UndoTooLate,
)
from fieldfare.storage import SqlStore
from fieldfare.testing.desk import TIMES, Desk

ALLOW = Choice(action=Action.ALLOW)
REMOVE = Choice(action=Action.REMOVE, policy="AD.NUDE", note="at the start")


@pytest.fixture
def desk(store: SqlStore, clock: SimulatedClock) -> Desk:
    return Desk(store, clock)


def test_the_most_urgent_case_is_claimed_first(desk: Desk) -> None:
    late = desk.open(lane=1, due_in_ms=50)
    desk.open(lane=1, due_in_ms=500)
    top = desk.open(lane=0, due_in_ms=9_000)

    assert desk.claimed("ann").case.id == top.id
    assert desk.claimed("bob").case.id == late.id


def test_nobody_claims_what_somebody_holds(desk: Desk) -> None:
    desk.open()
    desk.claimed("ann")

    assert desk.claim("bob") is None


def test_a_person_who_claims_twice_has_one_case_under_the_newer_token(desk: Desk) -> None:
    desk.open()
    desk.open()
    first = desk.claimed("ann")

    second = desk.claimed("ann")

    assert second.case.id == first.case.id
    with pytest.raises(CaseNotLeased):
        desk.heartbeat(desk.hold(first, "ann"))
    desk.heartbeat(desk.hold(second, "ann"))


def test_claim_expires_back_to_the_queue(desk: Desk, clock: SimulatedClock) -> None:
    case = desk.open()
    held = desk.claimed("ann")
    clock.advance(TIMES.lease_ms)

    again = desk.claimed("bob")

    assert again.case.id == case.id
    with pytest.raises(CaseNotLeased):
        desk.close(desk.hold(held, "ann"), REMOVE)
    assert desk.case(case.id).state is CaseState.LEASED
    assert desk.decide.asked == []
    assert desk.kinds_after(case.id) == []


def test_a_lapsed_lease_decides_nothing_even_if_nobody_took_the_case(
    desk: Desk, clock: SimulatedClock
) -> None:
    desk.open()
    hold = desk.hold(desk.claimed("ann"), "ann")
    clock.advance(TIMES.lease_ms)

    with pytest.raises(CaseNotLeased, match="lapsed"):
        desk.close(hold, ALLOW)
    with pytest.raises(CaseNotLeased, match="lapsed"):
        desk.heartbeat(hold)


def test_a_heartbeat_extends_the_lease_from_now(desk: Desk, clock: SimulatedClock) -> None:
    desk.open()
    held = desk.claimed("ann")
    clock.advance(TIMES.lease_ms - 1)

    case = desk.heartbeat(desk.hold(held, "ann"))
    clock.advance(TIMES.lease_ms - 1)

    assert case.lease is not None
    assert case.lease.expires_at == clock.now_ms() + 1
    assert desk.claim("bob") is None


@pytest.mark.parametrize("reviewer", ["ann", "bob"])
def test_a_foreign_token_or_person_decides_nothing(desk: Desk, reviewer: str) -> None:
    case = desk.open()
    held = desk.claimed("ann")
    forged = replace(desk.hold(held, reviewer), token=held.token if reviewer == "bob" else "0" * 32)

    with pytest.raises(CaseNotLeased):
        desk.close(forged, REMOVE)

    assert desk.case(case.id).state is CaseState.LEASED
    assert desk.decide.asked == []


def test_the_token_is_not_stored(desk: Desk) -> None:
    case = desk.open()
    held = desk.claimed("ann")

    assert held.token not in repr(desk.case(case.id))
    assert len(bytes.fromhex(held.token)) == 16


def test_a_decision_gives_its_verdict_and_closes_the_case_in_one(desk: Desk) -> None:
    case = desk.open()

    closed = desk.close(desk.hold(desk.claimed("ann"), "ann"), REMOVE)

    (verdict,) = desk.decide.asked
    assert verdict is not None
    assert verdict.author == "ann"
    assert [r.kind for r in verdict.restrictions] == ["remove"]
    assert {r.policy for r in verdict.restrictions} == {"AD.NUDE"}
    assert desk.standing(case) == [verdict]
    assert closed.decision is not None
    stored = desk.case(case.id)
    assert (stored.state, stored.outcome) == (CaseState.DECIDED, "remove AD.NUDE")
    assert desk.kinds_after(case.id) == ["verdict.given"]


def test_a_decision_that_breaks_leaves_the_case_as_it_was(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = desk.open()
    hold = desk.hold(desk.claimed("ann"), "ann")

    def broken(*_: object) -> None:
        raise RuntimeError("the engine broke")

    monkeypatch.setattr(desk.reviewing, "_decide", broken)
    with pytest.raises(RuntimeError, match="engine broke"):
        desk.close(hold, REMOVE)

    assert desk.case(case.id).state is CaseState.LEASED
    assert desk.standing(case) == []
    assert desk.kinds_after(case.id) == []


def test_a_case_is_decided_once(desk: Desk) -> None:
    desk.open()
    hold = desk.hold(desk.claimed("ann"), "ann")
    desk.close(hold, ALLOW)

    with pytest.raises(CaseNotLeased, match="decided"):
        desk.close(hold, REMOVE)


def test_undo_withdraws_the_verdict_and_gives_the_case_back(desk: Desk) -> None:
    case = desk.open()
    desk.close(desk.hold(desk.claimed("ann"), "ann"), REMOVE)

    held = desk.undo(case.id, "ann")

    assert desk.standing(case) == []
    assert desk.decide.asked[-1] is None
    assert desk.kinds_after(case.id) == ["verdict.given", "verdict.withdrawn"]
    desk.close(desk.hold(held, "ann"), ALLOW)
    assert desk.case(case.id).outcome == "allow"


def test_undo_twice_withdraws_the_newer_verdict(desk: Desk) -> None:
    case = desk.open()
    desk.close(desk.hold(desk.claimed("ann"), "ann"), REMOVE)
    desk.close(desk.hold(desk.undo(case.id, "ann"), "ann"), REMOVE)

    desk.undo(case.id, "ann")

    assert desk.standing(case) == []


def test_undo_puts_a_case_taken_meanwhile_back_into_the_queue(desk: Desk) -> None:
    first = desk.open(lane=0)
    second = desk.open(lane=1)
    desk.close(desk.hold(desk.claimed("ann"), "ann"), REMOVE)
    desk.claimed("ann")

    desk.undo(first.id, "ann")

    assert desk.case(second.id).state is CaseState.READY
    assert desk.claimed("bob").case.id == second.id


@pytest.mark.parametrize(
    ("who", "after_ms"), [("bob", 0), ("ann", TIMES.undo_ms), ("ann", TIMES.undo_ms + 1)]
)
def test_undo_is_for_the_one_who_decided_and_for_a_moment(
    desk: Desk, clock: SimulatedClock, who: str, after_ms: int
) -> None:
    case = desk.open()
    desk.close(desk.hold(desk.claimed("ann"), "ann"), REMOVE)
    clock.advance(after_ms)

    with pytest.raises(UndoTooLate):
        desk.undo(case.id, who)

    assert desk.case(case.id).state is CaseState.DECIDED
    assert len(desk.standing(case)) == 1


def test_an_undecided_case_has_nothing_to_undo(desk: Desk) -> None:
    case = desk.open()

    with pytest.raises(UndoTooLate, match="ready"):
        desk.undo(case.id, "ann")


def test_whoever_skips_a_case_never_gets_it_back(desk: Desk) -> None:
    case = desk.open()
    desk.skip(desk.hold(desk.claimed("ann"), "ann"))

    assert desk.claim("ann") is None
    assert desk.claimed("bob").case.id == case.id
    assert desk.kinds_after(case.id) == ["case.skipped"]


def test_a_released_case_may_come_back_to_the_same_person(desk: Desk) -> None:
    case = desk.open()
    desk.release(desk.hold(desk.claimed("ann"), "ann"))

    assert desk.claimed("ann").case.id == case.id


def test_an_escalated_case_goes_to_the_top_of_another_queue(desk: Desk) -> None:
    case = desk.open(lane=3)
    desk.escalate(desk.hold(desk.claimed("ann"), "ann"))
    desk.open(lane=1)

    assert desk.claim("bob", queue="escalation") is not None
    after = desk.case(case.id)
    assert (after.queue, after.lane, after.excluded) == ("escalation", 0, frozenset({"ann"}))


def test_another_organisation_s_case_is_unknown(desk: Desk) -> None:
    desk.open()
    hold = desk.hold(desk.claimed("ann"), "ann")

    with pytest.raises(CaseUnknown):
        desk.close(replace(hold, org=Org("elsewhere")), ALLOW)


def test_a_reveal_is_recorded_and_counted_at_once(desk: Desk, clock: SimulatedClock) -> None:
    case = desk.open()
    hold = desk.hold(desk.claimed("ann"), "ann")

    desk.store.write(lambda uow: desk.reviewing.reveal(uow, hold, what="video"))

    assert desk.kinds_after(case.id) == ["media.revealed"]
    since = clock.now_ms() - 1_000
    count = desk.store.read(lambda uow: uow.exposures.count(desk.org, "ann", since_ms=since))
    assert count == 1


def test_a_reveal_token_opens_one_case_to_one_person_for_a_minute(
    desk: Desk, clock: SimulatedClock
) -> None:
    first, second = desk.open(lane=0), desk.open(lane=1)
    hold = desk.hold(desk.claimed("ann"), "ann")
    right = desk.store.write(lambda uow: desk.reviewing.reveal(uow, hold, what="stills"))

    def look(case_id: int, who: str, token: str) -> None:
        desk.store.read(
            lambda uow: desk.reviewing.may_see(uow, desk.org, case_id, who, token, what="stills")  # type: ignore[arg-type]  # an id
        )

    look(first.id, "ann", right.token)
    later = f"{right.expires_at + 1}.{right.token.partition('.')[2]}"
    for case_id, who, token in (
        (second.id, "ann", right.token),
        (first.id, "bob", right.token),
        (first.id, "ann", later),
        (first.id, "ann", ""),
        (first.id, "ann", "x.y"),
    ):
        with pytest.raises(RevealRefused):
            look(case_id, who, token)
    clock.advance(TIMES.reveal_ms)
    with pytest.raises(RevealRefused):
        look(first.id, "ann", right.token)


@pytest.mark.parametrize(
    ("asked", "seen", "opens"),
    [
        ("stills", "stills", True),
        ("stills", "video", False),
        ("video", "video", True),
        ("video", "stills", True),
    ],
)
def test_a_reveal_of_the_stills_does_not_open_the_video(
    desk: Desk, asked: str, seen: str, *, opens: bool
) -> None:
    case = desk.open()
    hold = desk.hold(desk.claimed("ann"), "ann")
    right = desk.store.write(lambda uow: desk.reviewing.reveal(uow, hold, what=asked))
    claims_more = right.token.replace(asked, seen)

    def look(token: str) -> None:
        desk.store.read(
            lambda uow: desk.reviewing.may_see(uow, desk.org, case.id, "ann", token, what=seen)
        )

    if opens:
        look(right.token)
    else:
        for token in (right.token, claims_more):
            with pytest.raises(RevealRefused):
                look(token)


def test_only_the_holder_of_a_case_may_reveal_it(desk: Desk) -> None:
    desk.open()
    hold = desk.hold(desk.claimed("ann"), "ann")

    with pytest.raises(CaseNotLeased):
        desk.store.write(
            lambda uow: desk.reviewing.reveal(uow, replace(hold, reviewer="bob"), what="video")
        )
