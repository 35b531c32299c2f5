"""The outbox, whatever keeps it: what is due, in which order, and what overtakes what."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol, TypeVar

import pytest

from fieldfare.enforcement import Outbox, UnsentEffects
from fieldfare.kernel import EventId, Org
from fieldfare.records import OutboxRow, OutboxState, Subject
from fieldfare.testing import InMemoryOutbox

T = TypeVar("T")
MAIN, OTHER = Org("main"), Org("other")
NOW_MS = 1_795_000_000_000
S = OutboxState


class Unit(Protocol):
    @property
    def outbox(self) -> Outbox: ...
    @property
    def unsent(self) -> UnsentEffects: ...


class Store(Protocol):
    def read(self, work: Callable[[Unit], T], /) -> T: ...
    def write(self, work: Callable[[Unit], T], /) -> T: ...


class Box:
    """An outbox under test, each call in a transaction of its own."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, *rows: OutboxRow) -> None:
        self._store.write(lambda unit: unit.outbox.add(rows))

    def due(
        self, *, at: int = NOW_MS, limit: int = 100, skip: Sequence[tuple[Org, str]] = ()
    ) -> list[str]:
        rows = self._store.read(
            lambda unit: unit.outbox.due(now_ms=at, limit=limit, skip=frozenset(skip))
        )
        return [f"{row.org}/{row.webhook_id}/{row.id}" for row in rows]

    def mark(self, row: OutboxRow, state: OutboxState, due_at: int = NOW_MS) -> None:
        self._store.write(
            lambda unit: unit.outbox.mark(row, state=state, due_at=due_at, error=state.value)
        )

    def rows(
        self,
        org: Org = MAIN,
        *,
        states: frozenset[OutboxState] | None = None,
        before: tuple[EventId, int, str] | None = None,
        limit: int = 100,
    ) -> list[OutboxRow]:
        return list(
            self._store.read(
                lambda unit: unit.outbox.page(org, states=states, before=before, limit=limit)
            )
        )

    def state(self, row: OutboxRow) -> OutboxState:
        return next(found.state for found in self.rows(row.org) if found.place == row.place)

    def replay(self, row: OutboxRow, *, at: int = NOW_MS) -> bool:
        return self._store.write(
            lambda unit: unit.outbox.replay(row.org, row.id, row.webhook_id, now_ms=at)
        )

    def cancel(self, row: OutboxRow) -> int:
        return self._store.write(
            lambda unit: unit.unsent.cancel(row.org, row.subject, row.subject_revision)
        )


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def backend(request: pytest.FixtureRequest) -> str:
    """Run on the double as well as on the stores."""
    return str(request.param)


@pytest.fixture
def box(backend: str, request: pytest.FixtureRequest) -> Box:
    return Box(InMemoryOutbox() if backend == "memory" else request.getfixturevalue("store"))


def a_row(
    decision: int, part: int = 0, *, revision: int = 1, subject: str = "c", hook: str = "w"
) -> OutboxRow:
    return OutboxRow(
        org=MAIN,
        id=f"{decision}-{part}",
        decision_id=EventId(decision),
        part=part,
        webhook_id=hook,
        subject=Subject("comment", subject),
        subject_revision=revision,
        body=b'{"n":1}',
        state=S.DUE,
        attempts=0,
        due_at=NOW_MS,
    )


def test_a_row_comes_back_as_it_was_written(box: Box) -> None:
    row = replace(a_row(10**17, 3), body="{'é': '\N{SPARKLES}'}".encode())

    box.add(row)

    assert box.rows() == [row]


def test_rows_are_due_from_their_moment_on(box: Box) -> None:
    box.add(replace(a_row(1), due_at=NOW_MS + 1))

    assert (box.due(), box.due(at=NOW_MS + 1)) == ([], ["main/w/1-0"])


def test_a_row_waits_for_the_older_ones_of_its_subject(box: Box) -> None:
    first, second, third = a_row(1, 0), a_row(1, 1), a_row(2, 0)
    box.add(third, second, first)

    seen = []
    for row, state in ((first, S.ACKNOWLEDGED), (second, S.DEAD), (third, S.ACKNOWLEDGED)):
        seen.append(box.due())
        box.mark(row, state)

    assert seen == [["main/w/1-0"], ["main/w/1-1"], ["main/w/2-0"]]
    assert box.due() == []


def test_a_row_waits_while_an_older_one_is_to_be_tried_again_later(box: Box) -> None:
    first = a_row(1, 0)
    box.add(first, a_row(1, 1))
    box.mark(first, S.SENT, NOW_MS + 500)

    assert (box.due(), box.due(at=NOW_MS + 500)) == ([], ["main/w/1-0"])


def test_subjects_webhooks_and_organisations_do_not_wait_for_each_other(box: Box) -> None:
    box.add(
        a_row(1, subject="a"),
        a_row(2, subject="b"),
        a_row(3, subject="a", hook="v"),
        replace(a_row(4, subject="a"), org=OTHER),
        replace(a_row(5), subject=Subject("video", "a")),
    )

    assert sorted(box.due()) == [
        "main/v/3-0",
        "main/w/1-0",
        "main/w/2-0",
        "main/w/5-0",
        "other/w/4-0",
    ]


def test_the_longest_due_comes_first_and_the_limit_holds(box: Box) -> None:
    box.add(
        a_row(1, subject="a"),
        replace(a_row(2, subject="b"), due_at=NOW_MS - 5),
        a_row(3, subject="c"),
    )

    assert box.due(limit=2) == ["main/w/2-0", "main/w/1-0"]


def test_webhooks_can_be_skipped(box: Box) -> None:
    box.add(a_row(1), a_row(2, hook="v"), replace(a_row(3), org=OTHER))

    assert box.due(skip=[(MAIN, "w")]) == ["main/v/2-0", "other/w/3-0"]
    assert box.due(skip=[(MAIN, "w"), (MAIN, "v"), (OTHER, "w")]) == []


def test_a_newer_revision_supersedes_what_was_not_acknowledged(box: Box) -> None:
    done, tried, waiting = a_row(1, 0), a_row(1, 1), a_row(1, 2)
    box.add(done, tried, waiting)
    box.mark(done, S.ACKNOWLEDGED)
    box.mark(tried, S.SENT)

    box.add(a_row(2, revision=2))

    states = [box.state(row) for row in (done, tried, waiting)]
    assert states == [S.ACKNOWLEDGED, S.SUPERSEDED, S.SUPERSEDED]
    assert box.due() == ["main/w/2-0"]


def test_a_newer_revision_leaves_other_subjects_webhooks_and_organisations_alone(box: Box) -> None:
    others = [
        a_row(1, subject="other"),
        a_row(1, hook="v"),
        replace(a_row(1), org=OTHER),
        replace(a_row(3), subject=Subject("video", "c")),
    ]
    box.add(*others)

    box.add(a_row(4, revision=2))

    assert {box.state(row) for row in others} == {S.DUE}


def test_a_superseded_row_is_not_revived_by_a_late_failure_but_by_a_late_answer(box: Box) -> None:
    failed, answered = a_row(1, subject="a"), a_row(2, subject="b")
    box.add(failed, answered)
    box.add(a_row(3, revision=2, subject="a"), a_row(4, revision=2, subject="b"))

    box.mark(failed, S.SENT)
    box.mark(answered, S.ACKNOWLEDGED)

    assert (box.state(failed), box.state(answered)) == (S.SUPERSEDED, S.ACKNOWLEDGED)


def test_marking_counts_the_attempt_and_keeps_the_error(box: Box) -> None:
    row = a_row(1)
    box.add(row)
    box.mark(row, S.SENT, NOW_MS + 7)
    box.mark(row, S.DEAD, NOW_MS + 9)

    (found,) = box.rows()
    assert (found.state, found.attempts, found.due_at, found.error) == (
        S.DEAD,
        2,
        NOW_MS + 9,
        "dead",
    )


def test_pages_go_from_the_newest_back_without_gap_or_repeat(box: Box) -> None:
    rows = [a_row(n, part, hook=hook) for n in (9, 10) for part in (0, 1) for hook in ("v", "w")]
    box.add(*rows)

    seen: list[OutboxRow] = []
    while page := box.rows(before=seen[-1].place if seen else None, limit=3):
        seen += page

    assert [row.place for row in seen] == sorted((row.place for row in rows), reverse=True)


def test_pages_hold_the_wanted_states_of_one_organisation(box: Box) -> None:
    dead, due = a_row(1), a_row(2, subject="b")
    box.add(dead, due, replace(a_row(3, subject="c"), org=OTHER))
    box.mark(dead, S.DEAD)

    assert [row.id for row in box.rows(states=frozenset({S.DEAD}))] == ["1-0"]
    assert [row.id for row in box.rows(states=frozenset({S.DEAD, S.DUE}))] == ["2-0", "1-0"]
    assert box.rows(states=frozenset()) == []
    assert [row.id for row in box.rows(OTHER)] == ["3-0"]


def test_only_a_dead_row_can_be_replayed_and_it_starts_anew(box: Box) -> None:
    row = a_row(1)
    box.add(row)
    while_due = box.replay(row)
    box.mark(row, S.DEAD)

    assert (while_due, box.replay(row, at=NOW_MS + 5)) == (False, True)
    (found,) = box.rows()
    assert (found.state, found.attempts, found.due_at) == (S.DUE, 0, NOW_MS + 5)


def test_a_dead_row_is_not_replayed_over_a_newer_revision(box: Box) -> None:
    row = a_row(1)
    box.add(row)
    box.mark(row, S.DEAD)
    box.add(a_row(2, revision=2))

    assert not box.replay(row)
    assert box.state(row) is S.DEAD


def test_replaying_what_is_not_there_does_nothing(box: Box) -> None:
    assert not box.replay(a_row(404))


def test_cancelling_takes_back_only_what_was_never_tried(box: Box) -> None:
    tried, first, second = a_row(1, 0), a_row(1, 1), a_row(1, 1, hook="v")
    other = a_row(2, subject="other")
    box.add(tried, first, second, other)
    box.mark(tried, S.SENT)

    assert box.cancel(first) == 2
    states = [box.state(row) for row in (tried, first, second, other)]
    assert states == [S.SENT, S.SUPERSEDED, S.SUPERSEDED, S.DUE]
    assert box.cancel(first) == 0
