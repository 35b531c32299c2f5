"""The outbox under random use: what a model of plain dicts says, the store says too."""

import itertools
from functools import partial

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from fieldfare.kernel import EventId, Org
from fieldfare.records import OutboxRow, OutboxState, Subject
from fieldfare.storage import SqlStore
from fieldfare.storage.unit import SqlUnit
from fieldfare.testing import InMemoryOutbox

NOW_MS = 1_795_000_000_000
ORGS = (Org("main"), Org("other"))
HOOKS = ("v", "w")
SUBJECTS = (Subject("video", "a"), Subject("comment", "a"))
_runs = itertools.count()


def page_of(uow: SqlUnit, org: Org) -> list[OutboxRow]:
    return list(uow.outbox.page(org, states=None, before=None, limit=1000))


class Machine(RuleBasedStateMachine):
    """Does the same to the store and to the double, and compares all that can be seen."""

    store: SqlStore

    @initialize()
    def start(self) -> None:
        # One database serves all runs: each has organisations of its own.
        run = next(_runs)
        self.orgs = [Org(f"{org}{run}") for org in ORGS]
        self.model = InMemoryOutbox()
        self.now = NOW_MS
        self.decision = 0
        self.rows: list[OutboxRow] = []

    @rule(
        org=st.sampled_from((0, 1)),
        subject=st.sampled_from(SUBJECTS),
        parts=st.integers(1, 3),
        revision=st.integers(1, 4),
        delay=st.integers(0, 3),
    )
    def decide(self, org: int, subject: Subject, parts: int, revision: int, delay: int) -> None:
        self.decision += 1
        made = [
            OutboxRow(
                org=self.orgs[org],
                id=f"{self.decision}-{part}",
                decision_id=EventId(self.decision),
                part=part,
                webhook_id=hook,
                subject=subject,
                subject_revision=revision,
                body=b"{}",
                state=OutboxState.DUE,
                attempts=0,
                due_at=self.now + delay,
            )
            for part in range(parts)
            for hook in HOOKS
        ]
        self.rows += made
        self.model.add(made)
        self.store.write(lambda uow: uow.outbox.add(made))

    @rule(
        choice=st.integers(0, 999),
        state=st.sampled_from((OutboxState.SENT, OutboxState.ACKNOWLEDGED, OutboxState.DEAD)),
        delay=st.integers(0, 3),
    )
    def answer(self, choice: int, state: OutboxState, delay: int) -> None:
        if not self.rows:
            return
        row = self.rows[choice % len(self.rows)]
        due_at = self.now + delay

        def mark(uow: SqlUnit) -> None:
            uow.outbox.mark(row, state=state, due_at=due_at, error="e")

        self.model.mark(row, state=state, due_at=due_at, error="e")
        self.store.write(mark)

    @rule(choice=st.integers(0, 999))
    def replay(self, choice: int) -> None:
        if not self.rows:
            return
        row = self.rows[choice % len(self.rows)]
        expected = self.model.replay(row.org, row.id, row.webhook_id, now_ms=self.now)
        assert expected == self.store.write(
            lambda uow: uow.outbox.replay(row.org, row.id, row.webhook_id, now_ms=self.now)
        )

    @rule(choice=st.integers(0, 999))
    def cancel(self, choice: int) -> None:
        if not self.rows:
            return
        row = self.rows[choice % len(self.rows)]
        expected = self.model.cancel(row.org, row.subject, row.subject_revision)
        assert expected == self.store.write(
            lambda uow: uow.unsent.cancel(row.org, row.subject, row.subject_revision)
        )

    @rule(ms=st.integers(1, 4))
    def wait(self, ms: int) -> None:
        self.now += ms

    @invariant()
    def rows_are_the_same(self) -> None:
        for org in getattr(self, "orgs", []):
            kept = self.store.read(partial(page_of, org=org))
            assert kept == list(self.model.page(org, states=None, before=None, limit=1000))

    @invariant()
    def due_is_the_same(self) -> None:
        if not hasattr(self, "orgs"):
            return
        due = self.store.read(lambda uow: uow.outbox.due(now_ms=self.now, limit=10_000))
        mine = [row for row in due if row.org in self.orgs]
        assert mine == list(self.model.due(now_ms=self.now, limit=1000))


def test_the_store_agrees_with_the_model(store: SqlStore) -> None:
    machine = type("MachineOverStore", (Machine,), {"store": store})

    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=15,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
