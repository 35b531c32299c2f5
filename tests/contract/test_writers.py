"""Who may write: one process a lane, also after its connection was lost and its answers with it."""

import shutil
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from fieldfare.kernel import Org, SimulatedClock, Unavailable
from fieldfare.ledger import Vault
from fieldfare.records import Event, NewEvent, Subject
from fieldfare.storage import SqlStore
from fieldfare.storage.transaction import Transaction
from fieldfare.storage.unit import SqlUnit
from fieldfare.storage.writer import Writer

MAIN = Org("main")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fieldfare.storage.databases.LOCK_WAIT_MS", 50)


def post(store: SqlStore, name: str) -> Event:
    new = NewEvent(kind="item.posted", subject=Subject("comment", name), data={})
    return store.write(lambda uow: uow.log.append(MAIN, new))


def listening(store: SqlStore) -> list[str]:
    """Collect the host ids of the events the store tells of."""
    heard: list[str] = []

    def hear(events: Sequence[Event]) -> None:
        heard.extend(event.subject.host_id for event in events)

    store.subscribe(hear)
    return heard


def end_writing_connections(url: str) -> None:
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'fieldfare writer' AND datname = current_database()"
        )


def test_a_second_writer_is_refused_and_the_first_goes_on(
    url: str, store: SqlStore, clock: SimulatedClock, vault: Vault
) -> None:
    with pytest.raises(Unavailable, match="another process writes") as refused:
        SqlStore.open(url, clock=clock, vault=vault)

    assert "over its API" in refused.value.hint
    post(store, "a")


def test_a_reader_is_welcome_beside_the_writer(
    url: str, store: SqlStore, clock: SimulatedClock, vault: Vault
) -> None:
    made = post(store, "a")

    reader = SqlStore.open(url, clock=clock, vault=vault, read_only=True)

    assert reader.read(lambda uow: uow.log.get(MAIN, made.id)) == made
    reader.close()


def test_a_writer_that_closed_makes_room_for_the_next(
    url: str, store: SqlStore, clock: SimulatedClock, vault: Vault
) -> None:
    first = post(store, "a")
    store.close()

    with_next = SqlStore.open(url, clock=clock, vault=vault)

    assert post(with_next, "b").id > first.id
    with_next.close()


def test_an_opening_that_fails_claims_nothing(
    url: str, clock: SimulatedClock, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_database: object) -> None:
        raise Unavailable("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr("fieldfare.storage.store.bring_up_to_date", fails)
        with pytest.raises(Unavailable, match="the disk is full"):
            SqlStore.open(url, clock=clock, vault=vault)

    SqlStore.open(url, clock=clock, vault=vault).close()


def test_a_commit_whose_answer_was_lost_is_told_of_before_the_next_one(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = listening(store)
    commit = Writer._commit

    def loses_the_answer(writer: Writer) -> None:
        commit(writer)
        writer._tx.connection.close()
        raise ConnectionError("no answer")

    post(store, "a")
    with monkeypatch.context() as broken, capture_logs() as logs:
        broken.setattr(Writer, "_commit", loses_the_answer)
        with pytest.raises(Unavailable, match="no answer"):
            post(store, "b")
    post(store, "c")

    assert heard == ["a", "b", "c"]
    (entry,) = logs
    assert entry["event"] == "the writing connection is replaced"
    assert "closed" not in repr(entry)


def test_a_work_that_meets_a_lost_connection_is_told_so(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    started, go_on = threading.Event(), threading.Event()

    def waits(_uow: SqlUnit) -> None:
        started.set()
        go_on.wait(9)

    control = Transaction.control

    def lost(tx: Transaction, sql: str) -> None:
        if sql == "SAVEPOINT work":
            raise ConnectionError("no answer")
        control(tx, sql)

    monkeypatch.setattr("fieldfare.storage.writer.GROUP_S", 60.0)
    with monkeypatch.context() as broken:
        first = store.submit(waits)
        started.wait(9)
        second = store.submit(lambda uow: uow.cursors.get("a"))
        broken.setattr(Transaction, "control", lost)
        go_on.set()

        for work in (first, second):
            assert isinstance(work.exception(9), Unavailable)

    assert post(store, "c").subject.host_id == "c"


@pytest.mark.postgres
@pytest.mark.parametrize("backend", ["postgres"])
def test_a_writer_that_lost_its_connection_takes_its_lane_up_again(
    url: str, store: SqlStore, clock: SimulatedClock, vault: Vault
) -> None:
    heard = listening(store)
    first = post(store, "a")

    end_writing_connections(url)
    with pytest.raises(Unavailable):
        post(store, "b")

    assert post(store, "c").id > first.id
    assert heard == ["a", "c"]
    with pytest.raises(Unavailable, match="another process writes"):
        SqlStore.open(url, clock=clock, vault=vault)


@pytest.mark.postgres
@pytest.mark.parametrize("backend", ["postgres"])
def test_a_writer_whose_lane_was_taken_meanwhile_writes_no_more(
    url: str,
    store: SqlStore,
    clock: SimulatedClock,
    vault: Vault,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    post(store, "a")
    with monkeypatch.context() as away:
        away.setattr(Writer, "_connect", _no_network)
        end_writing_connections(url)
        with pytest.raises(Unavailable):
            post(store, "b")
    other = SqlStore.open(url, clock=clock, vault=vault)

    with pytest.raises(Unavailable):
        post(store, "c")

    taken = post(other, "d")
    assert (
        other.read(lambda uow: [e.subject.host_id for e in uow.log.after(taken.id, limit=9)]) == []
    )
    other.close()
    with pytest.raises(Unavailable):
        post(store, "e")
    assert post(store, "f").id > taken.id


def test_a_file_that_somebody_else_claimed_is_left_as_it_was(
    tmp_path: Path, clock: SimulatedClock, vault: Vault
) -> None:
    url = f"sqlite:///{tmp_path / 'one.db'}"
    first = SqlStore.open(url, clock=clock, vault=vault)
    before = (tmp_path / "one.db").read_bytes()

    with pytest.raises(Unavailable):
        SqlStore.open(url, clock=clock, vault=vault)

    assert (tmp_path / "one.db").read_bytes() == before
    first.close()


def _no_network(_writer: Writer) -> None:
    raise ConnectionError("no network")


WAL_LIMIT = 50 * 4096


@pytest.fixture
def small_log(
    sqlite_template: Path,
    tmp_path: Path,
    clock: SimulatedClock,
    vault: Vault,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[tuple[SqlStore, Path]]:
    """Give a store on SQLite whose write-ahead log is small, and the file of that log."""
    monkeypatch.setattr("fieldfare.storage.databases.WAL_PAGES", 50)
    monkeypatch.setattr("fieldfare.storage.databases.WAL_BYTES", WAL_LIMIT)
    path = tmp_path / "small.db"
    shutil.copy(sqlite_template, path)
    store = SqlStore.open(f"sqlite:///{path}", clock=clock, vault=vault)
    yield store, Path(f"{path}-wal")
    store.close()


def _append(uow: SqlUnit, *, new: NewEvent) -> None:
    uow.log.append(MAIN, new)


def grow(store: SqlStore, commits: int = 100) -> None:
    for number in range(commits):
        text = f"{number:08d}" * 2_000
        new = NewEvent(kind="x", subject=Subject("comment", f"c{number}"), data={"text": text})
        store.write(partial(_append, new=new))


def test_the_write_ahead_log_is_written_back_while_commits_go_on(
    small_log: tuple[SqlStore, Path],
) -> None:
    store, wal = small_log

    grow(store)

    assert wal.stat().st_size < 2 * WAL_LIMIT


def test_the_write_ahead_log_shrinks_when_a_long_read_has_ended(
    small_log: tuple[SqlStore, Path],
) -> None:
    store, wal = small_log
    reader = sqlite3.connect(str(wal).removesuffix("-wal"), isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM events").fetchone()
    grow(store)
    assert wal.stat().st_size > 2 * WAL_LIMIT
    reader.close()

    grow(store, 4)

    assert wal.stat().st_size <= WAL_LIMIT


def test_a_writer_leaves_no_write_ahead_log_behind(small_log: tuple[SqlStore, Path]) -> None:
    store, wal = small_log
    reader = sqlite3.connect(str(wal).removesuffix("-wal"))
    reader.execute("SELECT count(*) FROM events").fetchone()
    grow(store, 4)

    store.close()

    assert wal.stat().st_size == 0
    reader.close()
