"""Kept backtests: started by people, run in the background, and found again afterwards.

In flow a candidate's files and a span of time; out flow records with their state, progress and, in
the end, the result. A backtest that a restart cut short says so; it is never silently begun again.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Final

import msgspec
import structlog

from fieldfare.engine.administration import note
from fieldfare.engine.backtest import BacktestResult, Plan, backtest
from fieldfare.engine.backtest.plan import OpensLake
from fieldfare.engine.backtest.planning import Wanted, planned
from fieldfare.engine.backtest.results import result_of
from fieldfare.engine.backtest_records import BacktestRecord, BacktestState
from fieldfare.engine.pool import Cancelled, Pool
from fieldfare.engine.unit import Store, UnitOfWork
from fieldfare.kernel import Clock, EventId, FieldfareError, JsonValue, NotFound, Org, Overloaded
from fieldfare.records import Subject

MAX_WAITING: Final = 20
FILLS: Final = 200
"""Batches of the log that are put into the lake at most before a backtest reads it."""

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Run:
    """A backtest at work. progress: events done, of how many."""

    stop: threading.Event
    thread: threading.Thread | None = None
    progress: tuple[int, int] = (0, 0)


class Backtests:
    """Runs backtests one after the other; any thread.

    fill: brings the lake up to the log, a batch a call, 0 once there is no more.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        open_lake: OpensLake,
        fill: Callable[[], int],
        pool: Callable[[], Pool],
    ) -> None:
        self._store = store
        self._clock = clock
        self._open_lake = open_lake
        self._fill = fill
        self._pool = pool
        self._runs: dict[tuple[Org, EventId], _Run] = {}
        self._turn = threading.Lock()
        self._closing = False

    def recover(self) -> int:
        """Say of what a restart cut short that it did; how many those were."""
        now_ms = self._clock.now_ms()
        return self._store.write(lambda uow: uow.backtests.interrupt(now_ms=now_ms))

    def start(self, org: Org, wanted: Wanted, *, by: str) -> BacktestRecord:
        """Check a candidate and start; gives the record at once.

        Raises RuleSetDoesNotCompile with every problem, BadInput for an empty span, Overloaded if
        too many wait.
        """
        if len(self._runs) >= MAX_WAITING:
            raise Overloaded("Many backtests are waiting.", retry_after_s=60)
        plan = self._store.read(lambda uow: planned(uow, org, wanted))
        rule_set = plan.rules.hash

        def write(uow: UnitOfWork) -> BacktestRecord:
            data: dict[str, JsonValue] = {
                "hash": rule_set,
                "from_ms": wanted.from_ms,
                "to_ms": wanted.to_ms,
            }
            subject = Subject("backtest", rule_set[:12])
            record = BacktestRecord(
                org=org,
                id=note(uow, org, "backtest.started", subject, data=data, by=by),
                rule_set=rule_set,
                from_ms=wanted.from_ms,
                to_ms=wanted.to_ms,
                by=by,
                started_at=self._clock.now_ms(),
            )
            uow.backtests.put(record)
            return record

        record = self._store.write(write)
        run = _Run(stop=threading.Event())
        self._runs[org, record.id] = run
        name = f"fieldfare-backtest-{record.id}"
        run.thread = threading.Thread(target=self._run, args=(record, plan, run), name=name)
        run.thread.start()
        return record

    def progress(self, org: Org, backtest_id: EventId) -> tuple[int, int]:
        """Tell how many events are done, of how many; (0, 0) while it waits or is over."""
        run = self._runs.get((org, backtest_id))
        return run.progress if run else (0, 0)

    def get(self, org: Org, backtest_id: EventId) -> BacktestRecord:
        """Give one. Raises NotFound if there is none."""
        at_work = set(self._runs)
        found = self._store.read(lambda uow: uow.backtests.get(org, backtest_id))
        if found is None:
            raise NotFound(f"no backtest {backtest_id}", hint="List them: GET /v1/backtests")
        return _as_it_is(found, at_work)

    def newest(self, org: Org, *, limit: int) -> Sequence[BacktestRecord]:
        """Give the newest, without their results."""
        at_work = set(self._runs)
        found = self._store.read(lambda uow: uow.backtests.newest(org, limit=limit))
        return [_as_it_is(record, at_work) for record in found]

    def result(self, org: Org, record: BacktestRecord) -> BacktestResult | None:
        """Give a kept result with the examples that can still be opened."""
        if not record.result:
            return None
        bare = result_of(msgspec.json.decode(record.result))
        return self._store.read(lambda uow: with_names(uow, org, bare))

    def cancel(self, org: Org, backtest_id: EventId) -> BacktestRecord:
        """Stop one; what is over stays as it is. Raises NotFound if there is none."""
        record = self.get(org, backtest_id)
        if run := self._runs.get((org, backtest_id)):
            run.stop.set()
        return record

    def close(self) -> None:
        """Stop all; each says that it was cut short."""
        self._closing = True
        for run in tuple(self._runs.values()):
            run.stop.set()
        for run in tuple(self._runs.values()):
            if run.thread:
                run.thread.join()

    def _run(self, record: BacktestRecord, plan: Plan, run: _Run) -> None:
        try:
            with self._turn:
                ended = self._judged(record, plan, run)
        except Cancelled:
            state = BacktestState.INTERRUPTED if self._closing else BacktestState.CANCELLED
            ended = replace(record, state=state)
        except FieldfareError as e:
            ended = replace(record, state=BacktestState.FAILED, why=str(e))
        except Exception as e:  # noqa: BLE001  # worker boundary: the record says that it failed
            _log.exception("a backtest failed", backtest=str(record.id))
            ended = replace(record, state=BacktestState.FAILED, why=f"{type(e).__name__}: {e}")
        ended = replace(ended, ended_at=self._clock.now_ms())
        try:
            self._store.write(lambda uow: uow.backtests.put(ended))
        finally:
            self._runs.pop((record.org, record.id), None)

    def _judged(self, record: BacktestRecord, plan: Plan, run: _Run) -> BacktestRecord:
        for _ in range(FILLS):
            if run.stop.is_set():
                raise Cancelled("It was stopped.")
            if not self._fill():
                break

        def progress(done: int, total: int) -> None:
            run.progress = (done, total)

        found = backtest(plan, self._open_lake, self._pool(), progress=progress, stop=run.stop)
        return replace(
            record,
            state=BacktestState.DONE,
            events=found.events,
            result=msgspec.json.encode(without_names(found)).decode(),
        )


def _as_it_is(record: BacktestRecord, at_work: AbstractSet[tuple[Org, EventId]]) -> BacktestRecord:
    """Say of a record that says it runs, and does not, that it was cut short: a kill wrote nothing.

    at_work: what ran before the record was read, so that one that just ended is not taken for one.
    """
    if record.state is BacktestState.RUNNING and (record.org, record.id) not in at_work:
        return replace(record, state=BacktestState.INTERRUPTED)
    return record


def without_names(result: BacktestResult) -> BacktestResult:
    """Leave of each example only the event that it came from."""
    return _renamed(result, None)


def with_names(uow: UnitOfWork, org: Org, result: BacktestResult) -> BacktestResult:
    """Say of each example whom its event is about; leave out what was erased."""
    kept = [group.examples for group in (*result.changes, *result.accounts)]
    kept += [result.known.examples, *(hits.examples for hits in result.hits)]
    ids = {example.event_id for examples in kept for example in examples}
    found: dict[str, Subject] = {}
    for event_id in ids:
        event = uow.log.get(org, EventId(int(event_id))) if event_id else None
        if event is not None and event.data is not None:
            found[event_id] = event.subject
    return _renamed(result, found)


def _renamed(result: BacktestResult, names: Mapping[str, Subject] | None) -> BacktestResult:
    built = msgspec.to_builtins(result)
    for group in (*built["hits"], *built["changes"], *built["accounts"], built["known"]):
        examples = []
        for example in group["examples"]:
            if names is None:
                examples.append(example | {"kind": "", "host_id": ""})
            elif subject := names.get(example["event_id"]):
                examples.append(example | {"kind": subject.kind, "host_id": subject.host_id})
        group["examples"] = examples
    return msgspec.convert(built, BacktestResult)
