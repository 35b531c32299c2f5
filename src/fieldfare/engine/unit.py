"""The unit of work: one transaction over every room's records, and the store that runs it."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol, TypeVar

from fieldfare.access.repositories import ApiKeys, Organisations, People, Sessions
from fieldfare.decisions.repositories import Decisions, Quotas, Snoozes, Uses, Verdicts
from fieldfare.enforcement.repositories import Outbox, UnsentEffects, Webhooks
from fieldfare.engine.backtest_records import BacktestStore
from fieldfare.engine.exchange_records import ExchangeStore, HeldRecords
from fieldfare.engine.label_store import Labels
from fieldfare.engine.rule_versions import RuleVersions
from fieldfare.ingest.repositories import Accounts, CallKeys, Items, Reports, Views
from fieldfare.kernel import EventId, Org
from fieldfare.ledger.repositories import DataKeys, LedgerRows, Projections, Seals
from fieldfare.matching.bank_measures import BankMeasures
from fieldfare.matching.repositories import (
    BankStore,
    EntryPages,
    EntryStore,
    FeedbackStore,
    HitStore,
    ListStore,
    UploadStore,
)
from fieldfare.matching.trails import EntryTrail, WordTrail
from fieldfare.metrics.repositories import Measures
from fieldfare.metrics.rule_hits import RuleMeasures
from fieldfare.records import Case, Event, History, ItemVersion, Log, RuleHit, Subject
from fieldfare.review.repositories import Cases, Exposures, QueueDepths

T = TypeVar("T")


class Recall(Protocol):
    """The log by kind, organisation and subject, for rebuilding what was known as of an event."""

    def of_kind(self, kind: str, after: EventId, /, *, limit: int) -> Sequence[Event]:
        """Read on from an id, all organisations, events of one kind in id order."""
        ...

    def of_org(self, org: Org, after: EventId, up_to: EventId, /, *, limit: int) -> Sequence[Event]:
        """Read an organisation's events with after < id <= up_to in id order, imported ones too."""
        ...

    def last_of(self, org: Org, kind: str, subject: Subject, before: EventId, /) -> Event | None:
        """Find the newest event of a kind about a subject before an id."""
        ...

    def newest_of(self, org: Org, kind: str, /, *, limit: int) -> Sequence[Event]:
        """Give an organisation's newest events of a kind, the newest first."""
        ...


class Cursors(Protocol):
    """How far each reader of the log has come; moved in the same transaction as what it wrote."""

    def get(self, reader: str, /) -> EventId: ...

    def move(self, reader: str, event_id: EventId, /) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanTask:
    """One item version whose media wait to be scanned. event_id: of the post.

    attempts: how often it was claimed; failures: how often its scan failed, as opposed to having
    been cut off with the process. not_before: ms since 1970; the task is not claimed until then.
    """

    org: Org
    event_id: EventId
    subject: Subject
    version: str
    attempts: int
    failures: int = 0
    not_before: int = 0


class Scans(Protocol):
    def add(self, task: ScanTask, /) -> None: ...

    def claim(self, /, *, now_ms: int, until_ms: int, limit: int) -> Sequence[ScanTask]:
        """Take the oldest waiting tasks until a moment; a lapsed claim can be taken again."""
        ...

    def done(self, org: Org, event_id: EventId, /) -> bool:
        """Take a task off; False if somebody else has, and what was found is theirs to record."""
        ...

    def waiting(self, /) -> int: ...

    def release_all(self, /, *, now_ms: int) -> int:
        """Give back every claim: at start, when nobody else can be scanning for this store.

        What was cut off more than once rests for a moment, so that a file that takes the process
        down with it does not do so before every other.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVersion:
    """An immutable rule set or policy pack: its files by name, its content hash, since when in
    force.
    """

    org: Org
    kind: str
    hash: str
    files: dict[str, str]
    since: EventId


class Versions(Protocol):
    """Rule sets ("rules") and policy packs ("policies") by content, and what is in force."""

    def put(self, version: StoredVersion, /) -> None: ...

    def in_force(self, org: Org, kind: str, /, *, as_of: EventId) -> StoredVersion | None: ...

    def get(self, org: Org, kind: str, content_hash: str, /) -> StoredVersion | None: ...

    def history(self, org: Org, kind: str, /) -> Sequence[StoredVersion]: ...


class RuleHits(Protocol):
    """What the rules of every running version hit."""

    def add(self, hits: Sequence[RuleHit], /) -> None: ...


class Overdue(Protocol):
    """What has waited for too long, over all organisations; read on from an id, in id order."""

    def undecided(
        self, after: EventId, before: EventId, /, *, limit: int
    ) -> Sequence[tuple[Org, ItemVersion]]:
        """Give current versions, posted between two events, that have no decision yet."""
        ...

    def held(
        self, after: EventId, before: EventId, /, *, limit: int
    ) -> Sequence[tuple[Org, EventId]]:
        """Give decisions, made between two events, that hold an item nobody is asked about."""
        ...

    def unannounced(self, /, *, now_ms: int, limit: int) -> Sequence[Case]:
        """Give open cases past their due_at that have no case.overdue on the log, oldest first."""
        ...

    def counts(self, /, *, now_ms: int) -> Mapping[Org, int]:
        """Count the open cases past their due_at; an organisation without any is left out."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long what is not the log is kept; docs/reference/retention.md says why.

    call_keys_ms: the host's own keys; outbox_ms: rows whose carrying has ended; uses_ms: what rules
    did in each minute and day that has a quota; snoozes_ms: after they have ended. Sessions go when
    they expire.
    """

    call_keys_ms: int = 24 * 3_600_000
    outbox_ms: int = 30 * 24 * 3_600_000
    rule_hits_ms: int = 90 * 24 * 3_600_000
    uses_ms: int = 90 * 24 * 3_600_000
    snoozes_ms: int = 90 * 24 * 3_600_000


class Sweeps(Protocol):
    def sweep(self, retention: Retention, /, *, now_ms: int) -> dict[str, int]:
        """Delete what has outlived its time; how many rows by what they were."""
        ...


class UnitOfWork(Protocol):
    """All repositories inside one transaction (or one consistent read)."""

    @property
    def log(self) -> Log: ...
    @property
    def recall(self) -> Recall: ...
    @property
    def history(self) -> History: ...
    @property
    def items(self) -> Items: ...
    @property
    def accounts(self) -> Accounts: ...
    @property
    def views(self) -> Views: ...
    @property
    def reports(self) -> Reports: ...
    @property
    def call_keys(self) -> CallKeys: ...
    @property
    def decisions(self) -> Decisions: ...
    @property
    def verdicts(self) -> Verdicts: ...
    @property
    def quotas(self) -> Quotas: ...
    @property
    def uses(self) -> Uses: ...
    @property
    def snoozes(self) -> Snoozes: ...
    @property
    def labels(self) -> Labels: ...
    @property
    def cases(self) -> Cases: ...
    @property
    def queues(self) -> QueueDepths: ...
    @property
    def exposures(self) -> Exposures: ...
    @property
    def webhooks(self) -> Webhooks: ...
    @property
    def outbox(self) -> Outbox: ...
    @property
    def unsent(self) -> UnsentEffects: ...
    @property
    def banks(self) -> BankStore: ...
    @property
    def entries(self) -> EntryStore: ...
    @property
    def entry_pages(self) -> EntryPages: ...
    @property
    def entry_trail(self) -> EntryTrail: ...
    @property
    def word_trail(self) -> WordTrail: ...
    @property
    def entry_hits(self) -> HitStore: ...
    @property
    def bank_measures(self) -> BankMeasures: ...
    @property
    def feedback(self) -> FeedbackStore: ...
    @property
    def uploads(self) -> UploadStore: ...
    @property
    def exchanges(self) -> ExchangeStore: ...
    @property
    def held_records(self) -> HeldRecords: ...
    @property
    def lists(self) -> ListStore: ...
    @property
    def versions(self) -> Versions: ...
    @property
    def rule_hits(self) -> RuleHits: ...
    @property
    def rule_measures(self) -> RuleMeasures: ...
    @property
    def rule_versions(self) -> RuleVersions: ...
    @property
    def backtests(self) -> BacktestStore: ...
    @property
    def scans(self) -> Scans: ...
    @property
    def cursors(self) -> Cursors: ...
    @property
    def people(self) -> People: ...
    @property
    def sessions(self) -> Sessions: ...
    @property
    def api_keys(self) -> ApiKeys: ...
    @property
    def organisations(self) -> Organisations: ...
    @property
    def ledger_rows(self) -> LedgerRows: ...
    @property
    def seals(self) -> Seals: ...
    @property
    def data_keys(self) -> DataKeys: ...
    @property
    def projections(self) -> Projections: ...
    @property
    def measures(self) -> Measures: ...
    @property
    def overdue(self) -> Overdue: ...
    @property
    def sweeps(self) -> Sweeps: ...


class Store(Protocol):
    """Runs units of work. Writes are queued to the one writer and committed in groups."""

    def submit(self, work: Callable[[UnitOfWork], T], /) -> "Future[T]":
        """Queue a write; the future resolves only after its commit is durable.

        A work that raises is rolled back alone; its error is the future's. Several works share a
        commit.
        """
        ...

    def write(self, work: Callable[[UnitOfWork], T], /) -> T:
        """Submit and wait."""
        ...

    def read(self, work: Callable[[UnitOfWork], T], /) -> T:
        """Run over one consistent, read-only snapshot, on the caller's thread."""
        ...

    def close(self) -> None: ...
