"""The tail under any sequence of commits, reads and rewinds: no gap, no repeat, in order."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from types import SimpleNamespace
from typing import TypeVar, cast

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from fieldfare.engine import tail as tail_module
from fieldfare.engine.tail import Tail
from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import EventId, Org
from fieldfare.records import Event, Subject

T = TypeVar("T")
KEEP = 5
COMMENT = Subject("comment", "c1")


class GrowingLog:
    """A log that feeds a tail as the writer does, also in the middle of the tail's reads."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.reads = 0
        self.before_read = 0
        self.after_read = 0
        self.tail: Tail | None = None

    def after(self, event_id: EventId, *, limit: int) -> Sequence[Event]:
        return [event for event in self.events if event.id > event_id][:limit]

    def commit(self, count: int) -> None:
        start = len(self.events) + 1
        new = [
            Event(org=Org("main"), id=EventId(n), at=n, kind="like", subject=COMMENT, data={})
            for n in range(start, start + count)
        ]
        self.events += new
        if self.tail is not None and new:
            self.tail.feed(new)

    def read(self, work: Callable[[UnitOfWork], T]) -> T:
        self.reads += 1
        count, self.before_read = self.before_read, 0
        self.commit(count)
        found = work(cast("UnitOfWork", SimpleNamespace(log=self)))
        count, self.after_read = self.after_read, 0
        self.commit(count)
        return found

    def submit(self, _work: Callable[[UnitOfWork], T]) -> "Future[T]":
        raise AssertionError("a reader does not write")

    def write(self, _work: Callable[[UnitOfWork], T]) -> T:
        raise AssertionError("a reader does not write")

    def close(self) -> None:
        pass


def a_tail(before: int = 0) -> tuple[GrowingLog, Tail]:
    log = GrowingLog()
    log.commit(before)
    tail = log.tail = Tail(log, EventId(0))
    return log, tail


def while_waiting(tail: Tail, act: Callable[[], None]) -> None:
    """Let something happen when the tail next waits, instead of time."""

    def waits(timeout: float | None = None) -> bool:  # noqa: ARG001  # as Condition.wait names it
        act()
        return True

    tail._changed.wait = waits  # type: ignore[method-assign]  # the one place that would wait


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail_module, "KEEP", KEEP)


def ids(events: Sequence[Event]) -> list[int]:
    return [int(event.id) for event in events]


def test_a_reader_that_starts_late_reads_the_store_and_then_memory_alone() -> None:
    log, tail = a_tail(before=3)

    first = ids(tail.take(9, wait_s=0))
    log.commit(2)
    second = ids(tail.take(9, wait_s=0))

    assert (first, second, log.reads) == ([1, 2, 3], [4, 5], 1)


def test_a_reader_that_fell_behind_goes_back_to_the_store() -> None:
    log, tail = a_tail()
    tail.take(9, wait_s=0)

    log.commit(KEEP + 3)

    assert tail.waiting() == KEEP + 3
    assert ids(tail.take(4, wait_s=0)) == [1, 2, 3, 4]
    assert ids(tail.take(99, wait_s=0)) == [5, 6, 7, 8]


def test_more_than_is_kept_arriving_while_it_waits_leaves_no_gap() -> None:
    log, tail = a_tail()
    tail.take(9, wait_s=0)
    while_waiting(tail, lambda: log.commit(KEEP + 3))

    assert ids(tail.take(99, wait_s=1)) == list(range(1, KEEP + 4))


def test_more_than_is_kept_arriving_while_it_reads_leaves_no_gap() -> None:
    log, tail = a_tail()
    log.after_read = KEEP + 3

    first = ids(tail.take(99, wait_s=0))

    assert first + ids(tail.take(99, wait_s=0)) == list(range(1, KEEP + 4))


def test_what_was_not_done_is_read_again_after_a_rewind() -> None:
    log, tail = a_tail()
    log.commit(4)
    tail.take(3, wait_s=0)

    tail.rewind(EventId(1))

    assert ids(tail.take(9, wait_s=0)) == [2, 3, 4]
    assert tail.position == 4


def test_a_wake_lets_a_waiting_reader_return_with_nothing() -> None:
    _, tail = a_tail()
    tail.take(9, wait_s=0)
    while_waiting(tail, tail.wake)

    assert tail.take(9, wait_s=60) == []


class Reading(RuleBasedStateMachine):
    """What one reader takes is the log, in order, whatever happens around it."""

    def __init__(self) -> None:
        super().__init__()
        self._kept = tail_module.KEEP
        vars(tail_module)["KEEP"] = KEEP
        self.log, self.tail = a_tail()
        self.taken: list[int] = []

    def teardown(self) -> None:
        vars(tail_module)["KEEP"] = self._kept

    @rule(count=st.integers(1, 2 * KEEP))
    def commit(self, count: int) -> None:
        self.log.commit(count)

    @rule(before=st.integers(0, 2 * KEEP), after=st.integers(0, 2 * KEEP))
    def commit_around_the_next_read(self, before: int, after: int) -> None:
        self.log.before_read, self.log.after_read = before, after

    @rule(limit=st.integers(1, 3 * KEEP), during=st.integers(0, 2 * KEEP))
    def take(self, limit: int, during: int) -> None:
        while_waiting(self.tail, lambda: self.log.commit(during))
        found = ids(self.tail.take(limit, wait_s=0))
        assert len(found) <= limit
        self.taken += found

    @precondition(lambda self: self.taken)
    @rule(data=st.data())
    def rewind(self, data: st.DataObject) -> None:
        keep = data.draw(st.integers(0, len(self.taken)))
        self.taken = self.taken[:keep]
        self.tail.rewind(EventId(keep))

    @invariant()
    def what_was_taken_is_the_beginning_of_the_log(self) -> None:
        assert self.taken == list(range(1, len(self.taken) + 1))
        assert self.tail.position == len(self.taken)

    @rule()
    def catch_up(self) -> None:
        while_waiting(self.tail, lambda: None)
        self.log.before_read = self.log.after_read = 0
        while found := ids(self.tail.take(7, wait_s=0)):
            self.taken += found
        assert len(self.taken) == len(self.log.events)
        assert self.tail.waiting() == 0


TestReading = Reading.TestCase
TestReading.settings = settings(max_examples=200, stateful_step_count=30, deadline=None)
