"""Scan tasks on every backend: put off, taken off once."""

from dataclasses import replace

from fieldfare.engine.setup import MAIN
from fieldfare.engine.unit import ScanTask, UnitOfWork
from fieldfare.kernel import EventId
from fieldfare.records import Subject
from fieldfare.storage import SqlStore

TASK = ScanTask(
    org=MAIN, event_id=EventId(7), subject=Subject("video", "v1"), version="d", attempts=0
)


def claimed(store: SqlStore, now_ms: int) -> list[ScanTask]:
    return list(
        store.write(lambda uow: uow.scans.claim(now_ms=now_ms, until_ms=now_ms + 100, limit=9))
    )


def test_a_task_put_off_is_claimed_at_its_time_and_keeps_its_attempts(store: SqlStore) -> None:
    store.write(lambda uow: uow.scans.add(TASK))
    (task,) = claimed(store, 1_000)

    def put_off(uow: UnitOfWork) -> None:
        assert uow.scans.done(task.org, task.event_id)
        uow.scans.add(replace(task, failures=1, not_before=1_050))

    store.write(put_off)

    assert claimed(store, 1_049) == []
    assert [(again.attempts, again.failures) for again in claimed(store, 1_050)] == [(2, 1)]


def test_a_task_is_taken_off_once(store: SqlStore) -> None:
    store.write(lambda uow: uow.scans.add(TASK))

    taken = [store.write(lambda uow: uow.scans.done(MAIN, EventId(7))) for _ in range(2)]

    assert taken == [True, False]
