"""Exchanges at work: fetching what others share, page by page, and telling what we found.

An exchange is fetched by one at a time and holds up no other: what is due takes turns of BUDGET_S
each. A fetch goes on from the checkpoint that was stored with the last page; where the service is
not there, it is tried again later, and later still. Nothing a service or a connection says is
repeated without having been made ours first: errors that are stored name the service and say what
to do.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import structlog

from fieldfare.engine.exchange_http import HttpAsk, StopWaiting
from fieldfare.engine.exchange_pages import (
    exchange_pseudonym,
    forecast,
    progress_of,
    save_progress,
    store_page,
)
from fieldfare.engine.exchange_records import (
    ExchangeProgress,
    ExchangeRecord,
    FetchCounts,
    FetchState,
)
from fieldfare.engine.exchange_removals import confirm, foreseen, removal_of, settle
from fieldfare.engine.exchange_telling import Teller
from fieldfare.engine.health import PartHealth
from fieldfare.engine.settings import Settings
from fieldfare.engine.unit import Store, UnitOfWork
from fieldfare.engine.upkeep import Chore, Keeper
from fieldfare.kernel import Clock, Conflict, FieldfareError, JsonValue, NotFound, Org
from fieldfare.matching.exchanges import Ask, ExchangeClient, ExchangeSetup, Page, api_named
from fieldfare.records import NewEvent, Subject

FETCH_EVERY_S: Final = 15.0
BUDGET_S: Final = 20.0
"""How long a call, or a turn, fetches before it says that there is more."""
RESTS_S: Final = (60, 300, 900, 3_600)
"""After a failure; the last again and again."""
MAX_ERROR: Final = 500
FETCHED: Final = "exchange.fetched"

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What a fetch did. more: it was cut off by its budget, and goes on when it is called again.

    counts: of this call alone. problems: of rows that could not be read, in words.
    """

    counts: FetchCounts
    pages: int
    more: bool
    problems: tuple[str, ...] = ()


class Exchanges:
    """Fetches and tells. Safe to use from any thread; no exchange is fetched twice at once.

    folder: where local files lie. hosts: those of the operator's own (`exchange_hosts`). ask: how
    services are reached, for a test.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        folder: Path,
        hosts: frozenset[str] = frozenset(),
        ask: Ask | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._folder = folder
        self._hosts = hosts
        self._stop = threading.Event()
        self._ask = ask
        self._own: HttpAsk | None = None
        self._lock = threading.Lock()
        self._busy: set[tuple[Org, str]] = set()
        self._teller = Teller(store, self.client)

    def chores(self) -> tuple[Chore, ...]:
        return (Chore("exchanges", FETCH_EVERY_S, self.step),)

    def health(self, keepers: Mapping[str, Keeper]) -> PartHealth:
        """Say whether fetching goes on. A service that is not there is its own affair."""
        keeper = keepers.get("exchanges")
        failing = len([each for each in self._every() if each.enabled and each.progress.failures])
        failures = keeper.failures if keeper else 0
        held = [each for each in self._every() if each.progress.state is FetchState.HELD]
        detail: dict[str, JsonValue] = {
            "failures": failures,
            "exchanges_failing": failing,
            "exchanges_held": len(held),
        }
        return PartHealth(name="exchanges", ok=keeper is None or keeper.is_alive, detail=detail)

    def step(self) -> int:
        """Fetch what is due and tell what there is to tell; returns how many were fetched."""
        done, more = 0, True
        while more:
            more = False
            for exchange in self._due():
                if self._stop.is_set():
                    return done
                fetched = self._take_turn(exchange)
                done += fetched is not None and not fetched.more
                more = more or (fetched is not None and fetched.more)
        return done

    def fetch(self, org: Org, name: str, *, budget_s: float = BUDGET_S) -> Fetched:
        """Fetch one exchange now, for as long as the budget lasts.

        Raises NotFound if there is none, Conflict while it is being fetched, and what the service
        makes it raise, which is stored as well.
        """
        with self._turn(org, name):
            return self._fetch(org, name, until_ms=self._until(budget_s))

    def confirm(self, org: Org, name: str, *, entries: int, by: str) -> int:
        """Remove the entries whose removal was held back; returns how many went.

        entries: how many the person who confirms it was told of. Raises NotFound, and Conflict if
        nothing waits, if it is more by now, or while it is being fetched.
        """
        with self._turn(org, name):
            over = self._stop.is_set
            return confirm(self._store, org, name, entries=entries, by=by, is_over=over)

    def try_out(self, org: Org, name: str, *, budget_s: float = BUDGET_S) -> Fetched:
        """Fetch and store nothing, to see what a fetch from here would do."""
        exchange = self._get(org, name)
        until_ms = self._until(budget_s)
        counts, pages, problems, more = FetchCounts(), 0, list[str](), False
        met, is_listing, is_whole = 0, False, False
        for page in self._pages(exchange):
            would, known = self._foresee(org, name, page)
            counts, met, pages = counts.plus(would), met + known, pages + 1
            is_listing = is_listing or page.begins
            is_whole = is_listing and page.ends
            problems += page.problems
            more = not page.last
            if self._is_over(until_ms):
                break
        else:
            more = False
        if is_whole:
            gone = self._store.read(lambda uow: foreseen(uow, org, name, met=met))
            counts = counts.plus(gone)
        return Fetched(counts=counts, pages=pages, more=more, problems=tuple(problems[:10]))

    def introduce(self, org: Org, name: str) -> str:
        """Ask the service who we are to it. Raises what the service makes it raise."""
        return self.client(self._get(org, name)).introduce()

    def tell(self, org: Org, name: str) -> tuple[int, int]:
        """Give the service our reviewers' opinions now: (how many it took, how many it did not)."""
        return self._teller.tell(self._get(org, name))

    def close(self) -> None:
        """Let what is being fetched end as soon as it can."""
        self._stop.set()
        if self._own is not None:
            self._own.close()

    def client(self, exchange: ExchangeRecord) -> ExchangeClient:
        """Make the client of an exchange."""
        return api_named(exchange.api).make(
            ExchangeSetup(
                config=exchange.config,
                secrets=exchange.credentials,
                ask=self._ask or self._over_http(),
                folder=self._folder,
            )
        )

    def _over_http(self) -> HttpAsk:
        with self._lock:
            if self._own is None:
                self._own = HttpAsk(self._wait, hosts=self._hosts, clock=self._clock)
            return self._own

    def _due(self) -> Sequence[ExchangeRecord]:
        now_ms = self._clock.now_ms()
        return [each for each in self._every() if each.enabled and due_at(each) <= now_ms]

    def _every(self) -> Sequence[ExchangeRecord]:
        def read(uow: UnitOfWork) -> list[ExchangeRecord]:
            return [each for org in uow.organisations.all() for each in uow.exchanges.all(org)]

        return self._store.read(read)

    def _take_turn(self, exchange: ExchangeRecord) -> Fetched | None:
        """Fetch a due exchange for a while. What fails is stored with it, and breaks nothing."""
        org, name = exchange.org, exchange.name
        try:
            with self._turn(org, name):
                fetched = self._fetch(org, name, until_ms=self._until(BUDGET_S))
                if exchange.tells and not fetched.more:
                    until_ms = self._until(BUDGET_S)
                    self._teller.tell(self._get(org, name), is_over=lambda: self._is_over(until_ms))
        except StopWaiting:
            return None
        except FieldfareError as error:
            _log.warning("exchange failed", exchange=name, org=org, problem=error.slug)
            return None
        except Exception:  # noqa: BLE001  # a defect with one exchange keeps no other from its turn
            _log.exception("exchange failed", exchange=name, org=org)
            return None
        return fetched

    def _fetch(self, org: Org, name: str, *, until_ms: int) -> Fetched:
        exchange = self._begin(org, name)
        pages, more = 0, False
        try:
            for page in self._pages(exchange):
                self._take(org, name, page)
                pages += 1
                # A service that takes a whole turn for one answer has nothing more after its last.
                more = not page.last
                if self._is_over(until_ms):
                    break
            else:
                more = False
            state = FetchState.PARTIAL if more else self._settle(org, name)
        except StopWaiting:
            self._end(org, name, FetchState.PARTIAL)
            raise
        except FieldfareError as error:
            self._end(org, name, FetchState.FAILED, error=str(error))
            raise
        except Exception:
            # A defect of ours must not look like a fetch that is still going on.
            self._end(org, name, FetchState.FAILED, error="It broke on our side; see the log.")
            raise
        ended = self._end(org, name, state)
        more = state is FetchState.PARTIAL
        return Fetched(counts=ended.counts, pages=pages, more=more, problems=ended.problems)

    def _take(self, org: Org, name: str, page: Page) -> FetchCounts:
        return self._store.write(lambda uow: store_page(uow, org, name, page))

    def _foresee(self, org: Org, name: str, page: Page) -> tuple[FetchCounts, int]:
        return self._store.read(lambda uow: forecast(uow, org, name, page))

    def _pages(self, exchange: ExchangeRecord) -> Iterator[Page]:
        now_s = self._clock.now_ms() // 1000
        return self.client(exchange).pages(exchange.progress.checkpoint, now_s=now_s)

    def _settle(self, org: Org, name: str) -> FetchState:
        return settle(self._store, org, name, is_over=self._stop.is_set)

    def _begin(self, org: Org, name: str) -> ExchangeRecord:
        now_ms = self._clock.now_ms()

        def write(uow: UnitOfWork) -> ExchangeRecord:
            progress = replace(
                progress_of(uow, org, name),
                state=FetchState.FETCHING,
                started_at=now_ms,
                counts=FetchCounts(),
                problems=(),
            )
            save_progress(uow, org, name, progress)
            return the_exchange(uow, org, name)

        return self._store.write(write)

    def _end(self, org: Org, name: str, state: FetchState, *, error: str = "") -> ExchangeProgress:
        now_ms = self._clock.now_ms()

        def write(uow: UnitOfWork) -> ExchangeProgress:
            before = progress_of(uow, org, name)
            succeeded = state in {FetchState.IDLE, FetchState.HELD}
            counts, told = before.counts, error
            if state is FetchState.HELD:
                removal = removal_of(uow, org, name)
                counts, told = replace(counts, withheld=removal.entries), removal.told(name)
            after = replace(
                before,
                state=state,
                counts=counts,
                ended_at=now_ms,
                succeeded_at=now_ms if succeeded else before.succeeded_at,
                failures=before.failures + 1 if state is FetchState.FAILED else 0,
                error=told[:MAX_ERROR],
            )
            save_progress(uow, org, name, after)
            if before.counts.did_anything or told:
                _note_fetch(uow, org, name, after)
            return after

        return self._store.write(write)

    def _get(self, org: Org, name: str) -> ExchangeRecord:
        return self._store.read(lambda uow: the_exchange(uow, org, name))

    def _until(self, budget_s: float) -> int:
        return self._clock.now_ms() + round(budget_s * 1000)

    def _is_over(self, until_ms: int) -> bool:
        return self._stop.is_set() or self._clock.now_ms() >= until_ms

    def _wait(self, seconds: float) -> None:
        if self._stop.wait(seconds):
            raise StopWaiting

    @contextmanager
    def _turn(self, org: Org, name: str) -> Iterator[None]:
        """Hold the right to fetch an exchange. Raises Conflict if somebody has it."""
        with self._lock:
            if (org, name) in self._busy:
                hint = "Come again in a while; see `fieldfare exchange list`."
                raise Conflict(f"{name!r} is being fetched", hint=hint)
            self._busy.add((org, name))
        try:
            yield
        finally:
            with self._lock:
                self._busy.discard((org, name))


def exchanges_of(settings: Settings, store: Store, clock: Clock) -> Exchanges:
    """Make what fetches the exchanges of an installation."""
    folder, hosts = settings.home / "exchanges", frozenset(settings.exchange_hosts)
    return Exchanges(store, clock, folder=folder, hosts=hosts)


def the_exchange(uow: UnitOfWork, org: Org, name: str) -> ExchangeRecord:
    """Give an exchange. Raises NotFound if there is none of that name."""
    exchange = uow.exchanges.get(org, name)
    if exchange is None:
        raise NotFound(f"no exchange {name!r}", hint="List them: fieldfare exchange list")
    return exchange


def due_at(exchange: ExchangeRecord) -> int:
    """Say when an exchange is fetched next, ms since 1970.

    At once where a fetch was cut off; after a failure later each time; else by its interval.
    """
    progress = exchange.progress
    if not progress.started_at or progress.state in {FetchState.PARTIAL, FetchState.FETCHING}:
        return 0
    if progress.failures:
        rest_s = min(RESTS_S[min(progress.failures, len(RESTS_S)) - 1], exchange.every_s)
        return progress.ended_at + rest_s * 1000
    return progress.started_at + exchange.every_s * 1000


def _note_fetch(uow: UnitOfWork, org: Org, name: str, progress: ExchangeProgress) -> None:
    counts = progress.counts
    data: dict[str, JsonValue] = {
        "added": counts.added,
        "changed": counts.changed,
        "removed": counts.removed,
        "withheld": counts.withheld,
        "failed": progress.state is FetchState.FAILED,
        "by": exchange_pseudonym(name),
    }
    uow.log.append(org, NewEvent(kind=FETCHED, subject=Subject("exchange", name), data=data))
