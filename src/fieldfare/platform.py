"""The composition root: the one place where every room is wired to the others.

A Platform is an installation that is open: store, keys, gate, evaluator and all the threads that
make `fieldfare serve`. Tests and the simulator open the same one with a clock of their own.
"""

import os
import random
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Final, Self

import structlog

import fieldfare
from fieldfare.decisions.gate import STALE_MS, MemoryGate
from fieldfare.enforcement import Carrier, HttpSend
from fieldfare.engine.backtests import Backtests
from fieldfare.engine.banks import KnownPiece
from fieldfare.engine.bounds import media_limits, remote_media, scan_workers
from fieldfare.engine.content import scan_of
from fieldfare.engine.deadlines import Deadlines
from fieldfare.engine.deciding import Deciding
from fieldfare.engine.erasing import erase_account
from fieldfare.engine.evaluator import Evaluator
from fieldfare.engine.exchanges import exchanges_of
from fieldfare.engine.grounds import Grounds, text_fields
from fieldfare.engine.health import Health, PartHealth
from fieldfare.engine.in_force import Books
from fieldfare.engine.intake import Intake
from fieldfare.engine.pool import ProcessPool
from fieldfare.engine.recognising import Recognising
from fieldfare.engine.reference_stills import keeps_pictures
from fieldfare.engine.rulings import Ruling
from fieldfare.engine.scanning import Remote, Scanning, fact_json
from fieldfare.engine.settings import Keys, Settings
from fieldfare.engine.snapshots import SNAPSHOT_EVERY_S, SnapshotKeeping
from fieldfare.engine.unit import Retention, UnitOfWork
from fieldfare.engine.upkeep import (
    DEADLINES_EVERY_S,
    SEAL_EVERY_S,
    SWEEP_EVERY_S,
    WATERMARK_EVERY_S,
    Chore,
    Keeper,
)
from fieldfare.engine.versioning import Versioning
from fieldfare.engine.walls import Walls
from fieldfare.engine.warm_start import bring_into_memory
from fieldfare.ingest.kinds import ITEM_KINDS
from fieldfare.kernel import (
    BadInput,
    Clock,
    FieldfareError,
    JsonValue,
    Org,
    SystemClock,
)
from fieldfare.ledger import Erased, Heads, Sealer, Vault, load_master_key, load_seal_key
from fieldfare.matching.index import keep_compiled_in
from fieldfare.matching.repositories import BankRecord
from fieldfare.metrics.overview import Overview, overview
from fieldfare.policies import OnEdit, PolicyPack, RestrictionKinds
from fieldfare.records import Decision, Event, ItemVersion, Subject
from fieldfare.review import Reviewing, ReviewTimes
from fieldfare.rules import RuleSet
from fieldfare.rules.labels import Entity
from fieldfare.signals.scanner import Scanner
from fieldfare.storage import FileBlobs, FileSnapshots, SqlStore
from fieldfare.storage.lake import LakeFolder, LakeKeeping

STAGED: Final = frozenset(kind.name for kind in ITEM_KINDS.values() if kind.media != "none")

_log = structlog.get_logger(__name__)


class Platform:
    """An open installation. `open` wires it, `start` sets its threads going, `close` ends them."""

    def __init__(
        self,
        settings: Settings,
        store: SqlStore,
        clock: Clock,
        vault: Vault,
        *,
        remote: Remote | None = None,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.store = store
        self.vault = vault
        self.blobs = FileBlobs(settings.home / "blobs", vault, store)
        self.books = Books()
        self.grounds = Grounds(self.books, max_keys=settings.counter_keys)
        staged = STAGED if settings.staged_exposure else frozenset[str]()
        self.gate = MemoryGate(clock, kinds=self._kinds, keeps=self._keeps, staged=staged)
        store.read(
            lambda uow: bring_into_memory(
                uow, books=self.books, grounds=self.grounds, gate=self.gate
            )
        )
        self.versioning = Versioning(store, self.books.compiler)
        self.deciding = Deciding(self.books)
        self.evaluator = Evaluator(store, self.books, self.deciding, self.grounds, self.gate)
        files = FileSnapshots(settings.home / "counters", vault)
        self.snapshots = SnapshotKeeping(store, files, self.evaluator.standing)
        self.deadlines = self._deadlines()
        bounds = (settings.lag_events, settings.lag_scans)
        self.intake = Intake(store, clock, lag=self.lag, bounds=bounds)
        self.reviewing = self._reviewing()
        self.recognising = Recognising(store, clock, vault, settings.home)
        self.scanner = Scanner(media_limits(settings), workers=scan_workers(settings))
        self.walls = Walls(self.scanner)
        self.remote = remote or remote_media(settings)
        self.scanning = self._scanning(self.remote)
        self.carrier = Carrier(store, clock, random=random.SystemRandom(), send=HttpSend())
        heads = Heads(Keys(settings.home).heads)
        self.lake_keeping = LakeKeeping(settings, store, clock, vault, self.grounds)
        self.lake = self.lake_keeping.lake
        self.exchanges = exchanges_of(settings, store, clock)
        self.backtests = self._backtests()
        self._sealer = Sealer(store, clock, key=load_seal_key(settings.home), heads=heads)
        self._scans_waiting = 0
        self._keepers: list[Keeper] = []
        self._threads: list[threading.Thread] = []
        self._stop = threading.Event()
        self._follow()

    def _follow(self) -> None:
        """Let every part that follows the log hear of each commit."""
        for follow in (
            self.lake_keeping.filling.tail.feed,
            self.gate.observe,
            self.evaluator.tail.feed,
            self.recognising.observe,
            self._wake_scanning,
        ):
            self.store.subscribe(follow)

    def _deadlines(self) -> Deadlines:
        undecided_ms = round(self.settings.undecided_s * 1000)
        return Deadlines(
            self.store, self.books, self.deciding, self.clock, undecided_ms=undecided_ms
        )

    def _backtests(self) -> Backtests:
        settings = self.settings
        return Backtests(
            self.store,
            self.clock,
            open_lake=LakeFolder(settings.home / "lake"),
            fill=self.lake_keeping.filling.fill,
            pool=lambda: ProcessPool(settings.backtest_workers),
        )

    def _scanning(self, remote: Remote) -> Scanning:
        return Scanning(
            self.store,
            self.clock,
            blobs=self.blobs,
            remote=remote,
            scanner=self.scanner,
            shelf=self.recognising.shelf,
        )

    def _reviewing(self) -> Reviewing[UnitOfWork]:
        settings = self.settings
        times = ReviewTimes(
            lease_ms=round(settings.lease_s * 1000),
            undo_ms=round(settings.undo_s * 1000),
            reveal_ms=round(settings.reveal_s * 1000),
        )
        ruling = Ruling(self.deciding, self.grounds, self.clock, undo_ms=times.undo_ms)
        # The secret of reveal tokens: they live for a minute and need not outlive the process.
        secret = os.urandom(32)
        return Reviewing[UnitOfWork](
            clock=self.clock, decide=ruling, pack=self.pack, secret=secret, times=times
        )

    @classmethod
    def open(
        cls, settings: Settings, *, clock: Clock | None = None, remote: Remote | None = None
    ) -> Self:
        """Open an installation that `init` made. Raises BadInput if there is none.

        remote: where a media_url is fetched from, for a test; None: the public network.
        """
        ticking = clock or SystemClock()
        if not settings.home.is_dir():
            hint = "Run `fieldfare init` first, or set FIELDFARE_HOME."
            raise BadInput(f"there is no installation in {settings.home}", hint=hint)
        keep_compiled_in(settings.compiled)
        vault = Vault(load_master_key(settings.home))
        store = SqlStore.open(settings.database_url, clock=ticking, vault=vault)
        try:
            return cls(settings, store, ticking, vault, remote=remote)
        except BaseException:
            store.close()
            raise

    def start(self) -> None:
        """Set the threads going: evaluating, scanning, carrying, sealing, sweeping."""
        self.store.write(lambda uow: uow.scans.release_all(now_ms=self.clock.now_ms()))
        replayed = self.evaluator.restore(self.snapshots)
        self.backtests.recover()
        _log.info("counters restored", events=replayed)
        runs: dict[str, Callable[[threading.Event], None]] = {
            "evaluator": self.evaluator.run,
            "carrier": self.carrier.run,
            "walls": self.walls.run,
            **self.recognising.runs(),
            **{f"scanner-{n}": self.scanning.run for n in range(scan_workers(self.settings))},
        }
        for name, run in runs.items():
            thread = threading.Thread(target=run, args=(self._stop,), name=f"fieldfare-{name}")
            thread.start()
            self._threads.append(thread)
        chores = (
            Chore("watermark", WATERMARK_EVERY_S, self.confirm_watermark),
            Chore("sealer", SEAL_EVERY_S, self.seal),
            Chore("deadlines", DEADLINES_EVERY_S, self.deadlines.step),
            Chore("sweeper", SWEEP_EVERY_S, self.sweep),
            Chore("counters", SNAPSHOT_EVERY_S, self.snapshots.save),
            *self.lake_keeping.chores(),
            *self.exchanges.chores(),
            self.recognising.chore(),
        )
        for chore in chores:
            keeper = Keeper(chore)
            self._keepers.append(keeper)
            keeper.start()

    def close(self) -> None:
        """End the threads, then the store; what was accepted stays on the log."""
        self._stop.set()
        self.exchanges.close()
        self.evaluator.tail.wake()
        self.scanning.wake()
        self.recognising.wake()
        for keeper in self._keepers:
            keeper.stop()
        for thread in self._threads:
            thread.join()
        self.snapshots.save_last()
        self.scanner.close()
        self.recognising.close()
        self.backtests.close()
        self.lake_keeping.close()
        self.store.close()

    def _kinds(self, org: Org) -> RestrictionKinds:
        return self.books.of(org).pack.kinds

    def _keeps(self, org: Org, code: str) -> bool:
        policy = self.books.of(org).pack.policies.get(code)
        return policy is not None and policy.on_edit is OnEdit.KEEP

    def pack(self, org: Org) -> PolicyPack:
        return self.books.of(org).pack

    def rule_set(self, org: Org) -> RuleSet:
        return self.books.of(org).rules

    def lag(self) -> tuple[int, int]:
        """Count what waits: events for the evaluator, media for the scanner."""
        return self.evaluator.tail.waiting(), self._scans_waiting

    def decision_on(self, org: Org, subject: Subject, version: int) -> Decision | None:
        """Give the latest decision on an item if it is about version number `version`."""

        def read(uow: UnitOfWork) -> Decision | None:
            item = uow.items.current(org, subject)
            if item is None or item.number != version or item.decision_id is None:
                return None
            return uow.decisions.get(org, item.decision_id)

        return self.store.read(read)

    def overview(self, org: Org, from_ms: int, to_ms: int) -> Overview:
        return self.store.read(lambda uow: overview(uow, org, from_ms=from_ms, to_ms=to_ms))

    def facts_of(self, uow: UnitOfWork, org: Org, item: ItemVersion) -> dict[str, JsonValue]:
        """Give all facts of a version: what its scan found, and its words read anew."""
        event = scan_of(uow, org, item) or uow.log.get(org, item.event_id)
        if event is None or event.data is None:
            return {}
        told = event.data.get("item")
        words = text_fields(told if isinstance(told, dict) else {})
        facts: dict[str, JsonValue] = {
            fact.name: fact_json(fact)
            for found in (self.books.of(org).reading, self.books.of(org).copies)
            for fact in found.facts(words)
        }
        scanned = event.data.get("facts")
        return facts | (scanned if isinstance(scanned, dict) else {})

    def confirm_watermark(self) -> None:
        """Tell the gate that its view is whole: a write went through the whole pipeline."""
        began = self.clock.now_ms()
        self._scans_waiting = self.store.write(lambda uow: uow.scans.waiting())
        self.gate.whole_up_to(began)

    def seal(self) -> int:
        """Seal what has been committed since the last seal, for every organisation."""
        return self._sealer.seal_once()

    def sweep(self) -> dict[str, int]:
        """Delete what has outlived its time."""
        now_ms = self.clock.now_ms()
        return self.store.write(lambda uow: uow.sweeps.sweep(Retention(), now_ms=now_ms))

    def health(self) -> Health:
        """Say how each part is. Raises nothing: a part that cannot answer is not well."""
        waiting, scans = self.lag()
        keepers = {k.chore.name: k for k in self._keepers}
        return Health(
            version=fieldfare.__version__,
            parts=(
                PartHealth(name="database", ok=self._can_read()),
                self._writer(),
                self._part("evaluator", events_waiting=waiting),
                _chore_health(
                    "counters", keepers, **self.grounds.counted(), **self.snapshots.detail()
                ),
                *self.books.health(),
                self._scanner_health(scans),
                self._part("carrier"),
                self._part("uploads", **self.recognising.detail()),
                _chore_health("sealer", keepers),
                self.lake_keeping.health(keepers),
                self.exchanges.health(keepers),
                _chore_health("deadlines", keepers, cases_overdue=self.deadlines.cases_overdue),
            ),
        )

    def _scanner_health(self, waiting: int) -> PartHealth:
        part = self._part("scanner", scans_waiting=waiting)
        detail = {**part.detail, **self.walls.detail()}
        return PartHealth(name=part.name, ok=part.ok and self.walls.ok, detail=detail)

    def _writer(self) -> PartHealth:
        """Say whether the gate follows what is written, and how many events it could not read."""
        lost = self.gate.failures
        return PartHealth(name="writer", ok=self._gate_is_fresh(), detail={"events_lost": lost})

    def _part(self, name: str, **detail: JsonValue) -> PartHealth:
        """Say whether the threads of a part live; before `start` there are none to miss."""
        threads = [each for each in self._threads if each.name.startswith(f"fieldfare-{name}")]
        return PartHealth(name=name, ok=all(each.is_alive() for each in threads), detail=detail)

    def known_file(
        self, label: str, file: IO[bytes], *, bank: BankRecord | None = None
    ) -> KnownPiece:
        """Hash a file for a bank. Raises BadInput if it cannot be looked at."""
        pictures = bank is not None and keeps_pictures(bank, self.pack(bank.org))
        return self.scanning.known_file(label, file, bank=bank, pictures=pictures)

    def erase(self, org: Org, account: Subject, by: str) -> Erased:
        """Forget a person: data key, payloads, media; the ledger keeps that it was done.

        Open cases on what they made end with it. Raises NotFound for somebody nobody knows.
        """
        now_ms = self.clock.now_ms()

        def write(uow: UnitOfWork) -> tuple[Erased, Sequence[Entity]]:
            labelled = uow.labels.of_person(org, self.vault.pseudonym(org, account))
            return erase_account(uow, self.vault, org, account, by=by, now_ms=now_ms), labelled

        erased, labelled = self.store.write(write)
        self.blobs.delete_person(org, account)
        self.gate.forget(org, account.host_id)
        self.evaluator.forget(org, account.host_id)
        self.snapshots.forget(org)
        self.grounds.forget_labels(org, labelled)
        return erased

    def _wake_scanning(self, events: Sequence[Event]) -> None:
        if any(event.kind in {"item.posted", "item.changed"} for event in events):
            self.scanning.wake()

    def _can_read(self) -> bool:
        try:
            self.store.read(lambda uow: uow.organisations.all())
        except FieldfareError:
            return False
        return True

    def _gate_is_fresh(self) -> bool:
        return not self._keepers or self.clock.now_ms() - self.gate.watermark_ms <= 2 * STALE_MS


def _chore_health(name: str, keepers: Mapping[str, Keeper], **detail: JsonValue) -> PartHealth:
    keeper = keepers.get(name)
    failures = keeper.failures if keeper else 0
    alive = keeper is None or keeper.is_alive
    return PartHealth(name=name, ok=alive, detail={"failures": failures, **detail})
