"""Cases under any sequence of acts of several people, against a model that is a few lines long."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from fieldfare.kernel import EventId, SimulatedClock
from fieldfare.records import CaseState
from fieldfare.review import Action, CaseNotLeased, Choice, Hold, UndoTooLate
from fieldfare.storage import SqlStore
from fieldfare.testing.desk import TIMES, Desk

PEOPLE = st.sampled_from(["ann", "bob", "cat"])
ALLOW = Choice(action=Action.ALLOW)


@dataclass(slots=True)
class Expected:
    """What the model knows of a case. hold: the last that was granted."""

    state: CaseState = CaseState.READY
    hold: Hold | None = None
    until: int = 0
    decided_at: int = 0
    excluded: set[str] = field(default_factory=set)


class CaseMachine(RuleBasedStateMachine):
    """Several people at one desk. Stale holds are kept and tried again at any later time."""

    store: SqlStore
    clock: SimulatedClock

    @initialize()
    def start(self) -> None:
        self.desk = Desk(self.store, self.clock)
        self.model: dict[EventId, Expected] = {}
        self.holds: list[Hold] = []

    def is_live(self, case: Expected) -> bool:
        return case.state is CaseState.LEASED and self.clock.now_ms() < case.until

    @rule()
    def open(self) -> None:
        self.model[self.desk.open().id] = Expected()

    @rule(ms=st.sampled_from([1, 5_000, TIMES.undo_ms, TIMES.lease_ms]))
    def wait(self, ms: int) -> None:
        self.clock.advance(ms)

    @rule(who=PEOPLE)
    def claim(self, who: str) -> None:
        held = self.desk.claim(who)
        mine = [c for c, e in self.model.items() if self.is_live(e) and self.holder(e) == who]
        free = [
            case
            for case, expected in self.model.items()
            if who not in expected.excluded
            and expected.state in {CaseState.READY, CaseState.LEASED}
            and not self.is_live(expected)
        ]
        if not mine and not free:
            assert held is None
            return
        assert held is not None
        assert held.case.id in (mine or free)
        self.grant(held.case.id, self.desk.hold(held, who))

    @precondition(lambda self: self.holds)
    @rule(
        data=st.data(),
        act=st.sampled_from(["close", "heartbeat", "skip", "release", "escalate"]),
        thief=st.booleans(),
    )
    def act(self, data: st.DataObject, act: str, thief: bool) -> None:  # noqa: FBT001  # drawn
        hold = data.draw(st.sampled_from(self.holds))
        if thief:
            hold = replace(hold, reviewer="mallory")
        expected = self.model[hold.case_id]
        acts: dict[str, Callable[[Hold], object]] = {
            "close": lambda hold: self.desk.close(hold, ALLOW),
            "heartbeat": self.desk.heartbeat,
            "skip": self.desk.skip,
            "release": self.desk.release,
            "escalate": self.desk.escalate,
        }
        if not self.is_live(expected) or expected.hold != hold:
            before = self.desk.case(hold.case_id)
            with pytest.raises(CaseNotLeased):
                acts[act](hold)
            assert self.desk.case(hold.case_id) == before
            return
        acts[act](hold)
        self.note(act, expected, hold)

    def note(self, act: str, expected: Expected, hold: Hold) -> None:
        if act == "heartbeat":
            expected.until = self.clock.now_ms() + TIMES.lease_ms
        elif act == "close":
            expected.state, expected.decided_at = CaseState.DECIDED, self.clock.now_ms()
        else:
            expected.state = CaseState.READY
            if act != "release":
                expected.excluded.add(hold.reviewer)

    @precondition(lambda self: self.model)
    @rule(data=st.data(), who=PEOPLE)
    def undo(self, data: st.DataObject, who: str) -> None:
        case_id = data.draw(st.sampled_from(sorted(self.model)))
        expected = self.model[case_id]
        in_time = self.clock.now_ms() < expected.decided_at + TIMES.undo_ms
        mine = expected.hold is not None and expected.hold.reviewer == who
        if expected.state is not CaseState.DECIDED or not in_time or not mine:
            with pytest.raises(UndoTooLate):
                self.desk.undo(case_id, who)
            return
        held = self.desk.undo(case_id, who)
        for other in self.model.values():
            if self.is_live(other) and self.holder(other) == who:
                other.state = CaseState.READY
        self.grant(case_id, self.desk.hold(held, who))

    def grant(self, case_id: EventId, hold: Hold) -> None:
        expected = self.model[case_id]
        expected.state, expected.hold = CaseState.LEASED, hold
        expected.until = self.clock.now_ms() + TIMES.lease_ms
        self.holds.append(hold)

    def holder(self, expected: Expected) -> str:
        return expected.hold.reviewer if expected.hold else ""

    @invariant()
    def every_case_is_where_the_model_has_it(self) -> None:
        for case_id, expected in getattr(self, "model", {}).items():
            case = self.desk.case(case_id)
            assert case.state is expected.state
            assert case.excluded == frozenset(expected.excluded)
            assert len(self.desk.standing(case)) == (case.state is CaseState.DECIDED)

    @invariant()
    def nobody_holds_two_cases(self) -> None:
        live = [self.holder(e) for e in getattr(self, "model", {}).values() if self.is_live(e)]
        assert len(live) == len(set(live))


def test_cases_go_only_where_their_states_lead(store: SqlStore, clock: SimulatedClock) -> None:
    CaseMachine.store, CaseMachine.clock = store, clock

    run_state_machine_as_test(
        CaseMachine,
        settings=settings(
            max_examples=25,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
