"""From outcomes to findings: what of a slice is worth keeping. Runs in the worker processes."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from fieldfare.decisions import resolve
from fieldfare.decisions.joining import scope_of
from fieldfare.engine.backtest.findings import DAY_MS, FactTally, Finding, SliceResult
from fieldfare.engine.backtest.plan import OpensLake, Plan, Slice
from fieldfare.engine.backtest.replaying import replay
from fieldfare.engine.broken_rules import unjudged
from fieldfare.engine.grounds import CONTENT_KINDS, REPORT
from fieldfare.engine.lake import LakeEvent
from fieldfare.engine.pool import Beat
from fieldfare.kernel import EPOCH_MS, Unknown, is_history
from fieldfare.kernel.ids import TIME_SHIFT
from fieldfare.records import ACCOUNT, Judgement, Verdict
from fieldfare.rules import Outcome

MAX_ERRORS: Final = 200
LIVE: Final = "live"
IMPORTED: Final = "imported"
_MISSING: Final = object()


def find_in_slice(task: tuple[Plan, Slice, OpensLake], beat: Beat) -> SliceResult:
    """Replay a slice and keep what the candidate says; a work for a Pool."""
    plan, piece, open_lake = task
    finder = Finder(plan)
    for batch, outcomes in replay(plan, piece, open_lake(), beat):
        finder.take(batch, outcomes)
    return finder.result()


class Finder:
    """Gathers the result of one slice, batch by batch."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._judging = frozenset(plan.pack.judging)
        rules = plan.rules
        facts = {name: FactTally() for name in sorted(rules.needs.facts)}
        self._reads: Mapping[str, Sequence[tuple[str, FactTally]]] = defaultdict(
            tuple,
            {
                kind: tuple((name, facts[name]) for name in sorted(rules.facts(kind)))
                for kind in rules.event_kinds
            },
        )
        self._result = SliceResult(
            judged=Counter(),
            content=Counter(),
            days=Counter(),
            errors=Counter(),
            facts=facts,
            findings=[],
        )

    def result(self) -> SliceResult:
        """Give what was gathered; asking changes nothing."""
        judged = self._result.judged
        asked = Counter[str]()
        for kind, reads in self._reads.items():
            for name, _ in reads:
                asked[name] += judged[kind]
        facts = {
            name: msgspec.structs.replace(tally, known=asked[name] - tally.unknown - tally.missing)
            for name, tally in self._result.facts.items()
        }
        return msgspec.structs.replace(self._result, facts=facts)

    def take(self, batch: Sequence[LakeEvent], outcomes: Sequence[Outcome | None]) -> None:
        """Take in events with their outcomes."""
        result = self._result
        judged = result.judged
        for event, outcome in zip(batch, outcomes, strict=True):
            if outcome is None:
                continue
            judged[event.kind] += 1
            self._tally(event)
            unsure = self._look(event.facts)
            if event.kind in CONTENT_KINDS:
                result.content[IMPORTED if is_history(event.id) else LIVE] += 1
            if unsure or outcome.fired or outcome.errors or outcome.verdicts:
                self._keep(event, outcome)

    def _look(self, facts: Mapping[str, object]) -> bool:
        """Tell whether a fact that policies are judged by is Unknown."""
        for name, value in facts.items():
            if type(value) is Unknown and name in self._judging:
                return True
        return False

    def _tally(self, event: LakeEvent) -> None:
        """Note of each fact the rules of this kind read if it was not there; most are."""
        facts = event.facts
        for name, tally in self._reads[event.kind]:
            value = facts.get(name, _MISSING)
            if value is _MISSING:
                tally.missing += 1
            elif type(value) is Unknown:
                tally.unknown += 1

    def _keep(self, event: LakeEvent, outcome: Outcome) -> None:
        result = self._result
        day = ((event.id >> TIME_SHIFT) + EPOCH_MS) // DAY_MS
        for rule in outcome.fired:
            result.days[rule, day] += 1
        for error in outcome.errors:
            if error in result.errors or len(result.errors) < MAX_ERRORS:
                result.errors[error] += 1
        own = [verdict for verdict in outcome.verdicts if verdict.subject == event.subject]
        with_facts = event.kind != REPORT
        if outcome.errors:
            own += self._unjudged(event, outcome, with_facts=with_facts)
        judgement = self._judged(event, own, with_facts=with_facts)
        lasting = [verdict for verdict in own if verdict.after_person]
        result.findings.append(
            Finding(
                event_id=event.id,
                kind=event.kind,
                subject=(event.subject.kind, event.subject.host_id),
                version=event.version,
                market=_text(event, "market"),
                language=_text(event, "language"),
                fired=outcome.fired,
                action=judgement.action,
                policy=judgement.policy,
                restrictions=judgement.restrictions,
                queues=tuple(dict.fromkeys(wish.queue for wish in judgement.review)),
                lasting=self._judged(event, lasting).action if lasting else "",
                accounts=self._accounts(outcome),
            )
        )

    def _judged(
        self, event: LakeEvent, verdicts: Sequence[Verdict], *, with_facts: bool = False
    ) -> Judgement:
        """Resolve as live does; a report's own facts are not those of the item."""
        return resolve(
            verdicts,
            subject=event.subject,
            pack=self._plan.pack,
            kinds=self._plan.pack.kinds,
            facts=event.facts if with_facts else {},
            version=event.version,
        )

    def _unjudged(
        self, event: LakeEvent, outcome: Outcome, *, with_facts: bool
    ) -> tuple[Verdict, ...]:
        """Give what live adds where a rule threw."""
        return unjudged(
            event.id,
            event.subject,
            event.version,
            outcome,
            pack=self._plan.pack,
            facts=event.facts if with_facts else {},
        )

    def _accounts(self, outcome: Outcome) -> tuple[tuple[str, str], ...]:
        kinds = self._plan.pack.kinds
        return tuple(
            (
                verdict.subject.host_id,
                max((r.kind for r in verdict.restrictions), key=lambda kind: kinds[kind].order),
            )
            for verdict in outcome.verdicts
            if scope_of(verdict.subject) == ACCOUNT and verdict.restrictions
        )


def _text(event: LakeEvent, name: str) -> str:
    """Read the market or language of an event's item, "" if it tells none."""
    item = event.data.get("item")
    places: tuple[Mapping[str, object], ...] = (
        item if isinstance(item, dict) else {},
        event.data,
        {"language": event.facts.get("text.language")},
    )
    for place in places:
        value = place.get(name)
        if isinstance(value, str) and value:
            return value
    return ""
