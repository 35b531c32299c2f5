"""The grounds of a decision: the facts, counts and rule outcomes that belong to one event.

Pure computation over an event's own data, before any transaction is open: text signals, the facts
the scan brought, the age of the author, the counters as of the event's id, and the compiled rules
over all of them.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from prometheus_client import Gauge

from fieldfare.engine.beside_running import beside_ran
from fieldfare.engine.in_force import ALONE, FACTS, Books
from fieldfare.engine.rule_hits import Ran, hits_of
from fieldfare.engine.snapshots import SnapshotKeeping
from fieldfare.kernel import EventId, JsonValue, Org, Unknown, is_history, unix_ms
from fieldfare.kernel.ids import LAST_ID
from fieldfare.matching.known_text import When
from fieldfare.matching.pdq import RADIUS
from fieldfare.matching.thresholds import Asking
from fieldfare.records import Event, FactValue, HitMode, RuleHit
from fieldfare.rules import ANY_POLICY, CounterStore, Occurrence, Outcome, Running
from fieldfare.rules.counters import MAX_KEYS
from fieldfare.rules.freezing import Frozen, freeze
from fieldfare.rules.label_book import LabelBook
from fieldfare.rules.labels import LABEL_CHANGED, Entity
from fieldfare.rules.warming import Warming, take_over, warming_of

Facts = Mapping[str, FactValue | Unknown]
HandOver = Callable[[Event, Mapping[str, JsonValue], Facts], None]
ACCOUNT_CREATED: Final = "account.created"
SCANNED: Final = "item.scanned"
CONTENT_KINDS: Final = frozenset({"item.posted", "item.changed", SCANNED})
REPORT: Final = "report.filed"
MATCHES: Final = "hash.match.all"
BANKS: Final = "hash.match.banks"
TEXT_FIELDS: Final = ("caption", "text", "hashtags")
REPORT_CLASSES: Final = frozenset(
    {
        "child_safety", "imminent_harm", "violence", "sexual", "hate", "harassment", "self_harm",
        "spam", "fraud", "misinformation", "animal_abuse", "other",
    }
)  # fmt: skip
"""The reasons a report may give; any other reason is of the class "other"."""

_KEYS: Final = Gauge("fieldfare_counter_keys", "Keys the counters of the rules hold.", ("org",))
_EVICTED: Final = Gauge(
    "fieldfare_counter_keys_evicted", "Keys that made room for others since the start.", ("org",)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """What was found about the version an event brings, and what the rules make of it.

    rule_set: hash of the version of the rules that decides. hits: of every version that ran.
    """

    version: str
    facts: Facts
    outcome: Outcome
    models: Mapping[str, str] = field(default_factory=dict)
    rule_set: str = ""
    hits: tuple[RuleHit, ...] = ()


class Grounds:
    """Computes assessments; owns the counters and the ages of accounts.

    hand_over: told of every event just before its rules run, with what they are told of it.
    """

    def __init__(self, books: Books, *, max_keys: int = MAX_KEYS) -> None:
        self._books = books
        self._max_keys = max_keys
        self._running: dict[Org, Running] = {}
        self._labels: dict[Org, LabelBook] = {}
        self._born: dict[tuple[Org, str], int] = {}
        self.hand_over: HandOver = _to_nobody

    def horizons(self) -> dict[str, int]:
        """Name the event kinds that are counted, and for how long back (ms) each counts."""
        longest: dict[str, int] = {}
        for running in self._running.values():
            for kind, window_ms in running.horizons().items():
                longest[kind] = max(longest.get(kind, 0), window_ms)
        return longest

    def open(self, org: Org) -> None:
        """Count what an organisation's rules need; what is counted already goes on."""
        if self._books.has(org):
            labels = self._labels.setdefault(org, LabelBook())
            fresh = Running(counters=CounterStore(max_keys=self._max_keys), labels=labels)
            self._running.setdefault(org, fresh).adopt(self._books.of(org).active)

    def reset(self) -> None:
        """Forget all counts, before they are rebuilt from the log; labels stay."""
        orgs = tuple(self._running)
        self._running.clear()
        for org in orgs:
            self.open(org)

    def warmings(self) -> dict[Org, Warming]:
        """Begin to count the past for every organisation with counters that do not know it."""
        return {org: warming_of(running) for org, running in self._running.items() if running.cold}

    def saved(self, snapshots: SnapshotKeeping, position: EventId) -> dict[Org, Warming]:
        """Find what snapshots tell of counters that do not know the past."""
        found: dict[Org, Warming] = {}
        for org, running in self._running.items():
            store = snapshots.load(org, position, max_keys=self._max_keys) if running.cold else None
            if store is not None:
                store.keep(running.cold)
                found[org] = Warming(running.active, store.held, store, applied_to=store.newest)
        return found

    def frozen(self) -> dict[Org, Frozen]:
        """Take hold of all counters as they stand."""
        return {org: freeze(running.counters) for org, running in self._running.items()}

    def counted(self) -> dict[str, JsonValue]:
        """Say how many keys are held, and how many made room for others, for /health."""
        found = {"keys": 0, "keys_evicted": 0}
        for org, running in tuple(self._running.items()):
            counters = running.counters
            found["keys"] += counters.keys_held()
            found["keys_evicted"] += counters.evicted
            _KEYS.labels(org).set(counters.keys_held())
            _EVICTED.labels(org).set(counters.evicted)
        return {**found}

    def warmed(self, warmings: Mapping[Org, Warming]) -> None:
        """Go on with what warming came to."""
        for org, warming in warmings.items():
            take_over(self._running[org], warming)

    def learn_account(self, org: Org, host_id: str, created_at: int) -> None:
        """Keep when an account was made (ms since 1970); 0 means nobody told."""
        if created_at:
            self._born[org, host_id] = created_at

    def learn_labels(self, org: Org, labels: LabelBook) -> None:
        """Take up the labels as of the evaluator's cursor."""
        self._labels[org] = labels
        if org in self._running:
            self._running[org].labels = labels

    def labels_of(self, org: Org) -> LabelBook:
        """Give the labels as the rules see them now."""
        return self._labels.get(org, LabelBook())

    def forget_labels(self, org: Org, entities: Iterable[Entity]) -> None:
        """Let go of the labels of an erased account."""
        book = self.labels_of(org)
        for entity in entities:
            book.forget(entity)

    def forget_account(self, org: Org, host_id: str) -> None:
        """Let go of an erased account, in what is counted too."""
        self._born.pop((org, host_id), None)
        if org in self._running:
            self._running[org].counters.forget(host_id)

    def told(self, event: Event) -> tuple[Mapping[str, JsonValue], Facts] | None:
        """Gather what rules are told of an event that can be judged now; None for any other."""
        if not _is_assessed(event) or event.data is None:
            return None
        return _rule_data(event), self._facts(event)

    def happened(self, event: Event) -> Occurrence | None:
        """Tell of an event what the rules are told of it; None where they are told nothing."""
        told = self.told(event)
        return None if told is None else _occurrence(event, *told)

    def happened_as(self, event: Event, data: Mapping[str, JsonValue], facts: Facts) -> Occurrence:
        """Likewise for an event that is judged over what is known of its item (see `judge`)."""
        return _occurrence(event, data, facts)

    def count_as(self, event: Event, data: Mapping[str, JsonValue], facts: Facts) -> None:
        """Only count an event that is judged over what is known of its item (see `judge`)."""
        self._running[event.org].count(_occurrence(event, data, facts))

    def assess(self, event: Event) -> Assessment | None:
        """Assess a version that can be judged now; None for events that bring none."""
        if event.kind == ACCOUNT_CREATED:
            # At its own place among the others: what came before it in a batch was told no age.
            self.learn_account(event.org, event.subject.host_id, born_ms(event))
        if event.kind == LABEL_CHANGED and event.data is not None and event.org in self._running:
            self.count_as(event, event.data, {})  # what comes after it sees it
        told = self.told(event)
        return None if told is None else self.judge(event, *told)

    def judge(self, event: Event, data: Mapping[str, JsonValue], facts: Facts) -> Assessment:
        """Run the rules of the event's kind over given data and facts.

        One version decides: the one the author of the event is given. The others run beside it, and
        what they find is kept and nothing more.
        """
        in_force = self._books.of(event.org)
        happened = _occurrence(event, data, facts)
        self.hand_over(event, data, facts)
        running = self._running[event.org]
        deciding = in_force.rules_for(str(data.get("actor", "")))
        outcome = running.judge(deciding, happened, in_force.lists)
        mode = HitMode.LIVE if deciding is in_force.rules else HitMode.ROLLOUT
        ran = [Ran(rule_set=deciding.hash, mode=mode, outcome=outcome)]
        if in_force.beside is not ALONE:
            ran += beside_ran(running, in_force, happened, deciding)
        return Assessment(
            version=happened.version,
            facts=facts,
            outcome=outcome,
            models=models_of(event.data),
            rule_set=deciding.hash,
            hits=hits_of(event, happened.version, ran, in_force.pack.kinds),
        )

    def failed(self, event: Event, why: str) -> Assessment | None:
        """Stand in for an assessment that broke: every fact is Unknown, so the policies hold."""
        if not _is_content(event) or event.data is None:
            return None
        unknown = Unknown(f"evaluation failed: {why}")
        return Assessment(
            version=str(event.data.get("version", "")),
            facts=dict.fromkeys(FACTS, unknown),
            outcome=Outcome(fired=(), verdicts=(), errors=(why,), undecided=(ANY_POLICY,)),
        )

    def age_s(self, org: Org, author: str, at_ms: int) -> float | Unknown:
        """Age of an account in seconds, or Unknown if the host never told when it was made."""
        born = self._born.get((org, author))
        return Unknown("the host did not tell") if born is None else max(0, at_ms - born) / 1000

    def facts_of(
        self,
        org: Org,
        at_ms: int,
        data: Mapping[str, JsonValue],
        *,
        as_of: EventId = LAST_ID,
    ) -> Facts:
        """All facts of a version from its event's data: text now, media as the scan left them.

        as_of: the event that asks; later entries of banks are not known to it.
        """
        item = data.get("item")
        item = item if isinstance(item, dict) else {}
        fields = text_fields(item)
        in_force = self._books.of(org)
        facts = {fact.name: fact.value for fact in in_force.text.facts(fields)}
        facts.update(in_force.copies.values(fields, _when(at_ms, item, as_of)))
        facts["author.age_s"] = self.age_s(org, str(data.get("actor", "")), at_ms)
        scanned = data.get("facts")
        if isinstance(scanned, dict):
            facts.update({name: fact_value(told) for name, told in scanned.items()})
        if MATCHES in facts:
            facts[BANKS] = banks_in(facts[MATCHES])
        return facts

    def _facts(self, event: Event) -> Facts:
        data = event.data or {}
        if event.kind == REPORT:
            return {
                "item.views": data.get("views", Unknown("not told")),
                "report.class": report_class(str(data.get("reason", ""))),
                "author.age_s": Unknown("a report is not about its sender"),
            }
        return self.facts_of(event.org, event.at, data, as_of=event.id)


def _when(at_ms: int, item: Mapping[str, JsonValue], as_of: EventId) -> When:
    """Say for which item known words are asked: shares of items are drawn by its kind and id."""
    drawn_by = f"{item.get('kind', '')}/{item.get('host_id', '')}"
    return When(asking=Asking(at_ms=at_ms, item=drawn_by), as_of=as_of)


def banks_in(matches: FactValue | Unknown) -> FactValue | Unknown:
    """Name the banks that media match, each with the distance; none is known, too."""
    if isinstance(matches, Unknown):
        return matches
    found: dict[str, JsonValue] = {}
    for match in matches if isinstance(matches, list) else ():
        if isinstance(match, dict):
            distance = match.get("distance", 0)
            # What was found by no hash is as far as the farthest that matches.
            found.setdefault(str(match["bank"]), RADIUS if distance is None else distance)
    return found


def born_ms(event: Event) -> int:
    """Read when an account was made from its account.created, in ms since 1970; 0: not told."""
    told = (event.data or {}).get("created_at")
    try:
        at_ms = unix_ms(told) if isinstance(told, str) else 0
    except ValueError:  # older logs have moments that are refused by now, such as year 1
        at_ms = 0
    return at_ms or event.occurred_at or 0


def text_fields(item: Mapping[str, JsonValue]) -> dict[str, str]:
    """Name the texts of an item as signals read them; hashtags are one text."""
    found = {name: item.get(name) for name in TEXT_FIELDS}
    return {
        name: " ".join(map(str, words)) if isinstance(words, list) else str(words)
        for name, words in found.items()
        if words
    }


def fact_value(told: JsonValue) -> FactValue | Unknown:
    """Read a fact's value as an item.scanned event carries it."""
    if isinstance(told, dict):
        why = told.get("unknown")
        return Unknown(str(why)) if why is not None else told.get("value")
    return told


def models_of(data: Mapping[str, JsonValue] | None) -> dict[str, str]:
    """Name the version of what made each fact of a scan."""
    scanned = (data or {}).get("facts")
    if not isinstance(scanned, dict):
        return {}
    return {
        name: str(told["version"])
        for name, told in scanned.items()
        if isinstance(told, dict) and "version" in told
    }


def report_class(reason: str) -> str:
    """Sort a report's reason into a class rules can name."""
    word = reason.strip().lower().replace(" ", "_").replace("-", "_")
    return word if word in REPORT_CLASSES else "other"


def _to_nobody(_event: Event, _data: Mapping[str, JsonValue], _facts: Facts) -> None:
    """Hand over to nobody: there is no lake."""


def _is_assessed(event: Event) -> bool:
    return event.kind == REPORT or _is_content(event)


def media_url_of(data: Mapping[str, JsonValue] | None) -> str:
    """Give the URL where the media of a post are to be fetched; empty if there is none."""
    item = (data or {}).get("item")
    return str(item.get("media_url", "")) if isinstance(item, dict) else ""


def awaits_scan(event: Event) -> bool:
    """Tell whether a post brings media that nobody has looked at yet; history is never scanned."""
    if event.data is None or event.kind == SCANNED:
        return False
    if event.data.get("media"):
        return True
    return bool(media_url_of(event.data)) and not is_history(event.id)


def _is_content(event: Event) -> bool:
    """Tell whether an event brings a version that can be judged now: media wait for their scan."""
    return event.kind in CONTENT_KINDS and not awaits_scan(event)


def _rule_data(event: Event) -> Mapping[str, JsonValue]:
    return {"kind": event.kind, **(event.data or {})}


def _occurrence(event: Event, data: Mapping[str, JsonValue], facts: Facts) -> Occurrence:
    return Occurrence(
        kind=event.kind,
        event_id=event.id,
        subject=event.subject,
        version=str(data.get("version", "")),
        data=data,
        facts=facts,
    )
