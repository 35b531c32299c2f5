"""The tail of the log: what counts as waiting."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar, cast

from fieldfare.engine.tail import Tail
from fieldfare.engine.unit import UnitOfWork
from fieldfare.kernel import EventId, Org
from fieldfare.records import Event, Subject

T = TypeVar("T")


class EmptyLog:
    """A store in which nothing was written before the reader came."""

    def submit(self, _work: Callable[[UnitOfWork], T]) -> "Future[T]":
        raise AssertionError("a reader does not write")

    def write(self, _work: Callable[[UnitOfWork], T]) -> T:
        raise AssertionError("a reader does not write")

    def read(self, _work: Callable[[UnitOfWork], T]) -> T:
        return cast("T", ())

    def close(self) -> None:
        pass


def events(*ids: int) -> list[Event]:
    subject = Subject("comment", "c1")
    return [
        Event(org=Org("main"), id=EventId(n), at=n, kind="like", subject=subject, data={})
        for n in ids
    ]


def test_an_event_waits_until_its_reader_asks_for_more() -> None:
    tail = Tail(EmptyLog(), EventId(0))
    tail.feed(events(1, 2, 3))

    taken = tail.take(2, wait_s=0)
    in_hand = tail.waiting()
    tail.take(2, wait_s=0)
    tail.feed(events(4))

    assert [event.id for event in taken] == [1, 2]
    assert in_hand == 3
    assert tail.waiting() == 2


def test_nothing_waits_once_the_reader_came_back_for_nothing() -> None:
    tail = Tail(EmptyLog(), EventId(0))
    tail.feed(events(1))
    tail.take(9, wait_s=0)

    assert tail.take(9, wait_s=0) == []
    assert tail.waiting() == 0


def test_what_was_read_before_is_not_taken_again() -> None:
    tail = Tail(EmptyLog(), EventId(5))
    tail.feed(events(4, 5, 6, 7))

    assert [event.id for event in tail.take(9, wait_s=0)] == [6, 7]
    assert tail.position == 7
