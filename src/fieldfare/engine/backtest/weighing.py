"""Weighing: findings and the aftermath, merged in the order of the log, into a result.

In flow what the slices found and what was recorded of the same items; out flows a BacktestResult.
The unit is the item version: its old action is the last one rules (or a person) were on record
with, its new one the gravest the candidate asks for on any event of that version.
"""

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Final

from fieldfare.decisions.scope import effective
from fieldfare.engine.backtest.aftermath import ALLOW, Decided, Renewed, Said, Seen, Trace
from fieldfare.engine.backtest.finding import IMPORTED, LIVE
from fieldfare.engine.backtest.findings import Finding, Item, SliceResult
from fieldfare.engine.backtest.plan import Plan
from fieldfare.engine.grounds import CONTENT_KINDS
from fieldfare.kernel import EventId, at_of, is_history
from fieldfare.records import ACCOUNT, Restriction

NONE: Final = "none"
"""The old action of what was never decided, such as imported history."""


_NO_EVENT: Final = EventId(0)


@dataclass(slots=True)
class Weighed:
    """One item version or account the candidate or the record has something to say about.

    first: the candidate's first finding, None if it is silent. recorded: its first decision on
    record, 0 if there is none. old: what rules last decided on
    record. said: what a person decided, "" if nobody did; spoken: before the first finding.
    good: what people found (True: nothing against it, False: something), None if nobody looked.
    """

    subject: Item
    version: str
    first: Finding | None = None
    recorded: EventId = _NO_EVENT
    has_content: bool = False
    new: str = ALLOW
    lasting: str = ""
    old: str = NONE
    said: str = ""
    spoken: bool = False
    good: bool | None = None
    fired: dict[str, None] = field(default_factory=dict)
    restrictions: tuple[Restriction, ...] = ()
    queues: dict[str, EventId] = field(default_factory=dict)
    old_queues: dict[str, EventId] = field(default_factory=dict)

    def change(self, order: "Order") -> tuple[str, str] | None:
        """Give the old and the new action; None where rules have no say on either side."""
        if self.spoken:
            return self.said, order.graver(self.said, self.lasting or ALLOW)
        if self.first is None and self.old == NONE:
            return None
        return self.old, self.new


class Order:
    """Which action is the graver one, as the pack orders them."""

    def __init__(self, plan: Plan) -> None:
        self._order = {kind.name: kind.order for kind in plan.pack.kinds}

    def of(self, action: str) -> int:
        return self._order.get(action, 0)

    def graver(self, one: str, other: str) -> str:
        return one if self.of(one) >= self.of(other) else other


class Scales:
    """Merges findings and traces; each comes once, in id order."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.order = Order(plan)
        self.versions: dict[tuple[Item, str], Weighed] = {}
        self.accounts: dict[Item, Weighed] = {}
        self.views: Counter[str] = Counter()
        self.views_by_rule: Counter[str] = Counter()
        self._standing: dict[Item, Weighed] = {}
        self._last_said: dict[Item, tuple[str, bool | None]] = {}

    def weigh(self, findings: Sequence[Finding], traces: Iterable[Trace]) -> None:
        """Take in everything, in id order."""
        merged: Iterator[Finding | Trace] = heapq.merge(
            findings, traces, key=attrgetter("event_id")
        )
        for one in merged:
            match one:
                case Finding():
                    self._found(one)
                case Decided():
                    self._decided(one)
                case Said():
                    self._said(one)
                case Renewed():
                    self._renewed(one)
                case Seen():
                    self._seen(one)

    def _of(self, subject: Item, version: str) -> Weighed:
        if subject[0] == ACCOUNT:
            return self.accounts.setdefault(subject, Weighed(subject, ""))
        return self.versions.setdefault((subject, version), Weighed(subject, version))

    def _found(self, finding: Finding) -> None:
        one = self._of(finding.subject, finding.version)
        one.has_content = one.has_content or finding.kind in CONTENT_KINDS
        if one.first is None:
            one.first = finding
            one.spoken = bool(one.said)
        graver = self.order.of(finding.action) > self.order.of(one.new)
        one.new = self.order.graver(one.new, finding.action)
        if graver:
            one.restrictions = finding.restrictions
        if finding.lasting:
            one.lasting = self.order.graver(one.lasting, finding.lasting)
        one.fired.update(dict.fromkeys(finding.fired))
        for queue in finding.queues:
            one.queues.setdefault(queue, finding.event_id)
        self._standing[finding.subject] = one
        for host_id, action in finding.accounts:
            account = self._of((ACCOUNT, host_id), "")
            account.first = account.first or finding
            account.new = self.order.graver(account.new, action)
            account.fired.update(dict.fromkeys(finding.fired))

    def _decided(self, trace: Decided) -> None:
        one = self._of(trace.subject, trace.version)
        in_span = trace.event_id <= self._plan.up_to
        if not in_span and (one.first is None or one.old != NONE):
            return  # about what came after the span, or a second thought
        one.recorded = one.recorded or trace.event_id
        if not trace.by_rule:
            one.said = trace.action
        elif not one.said:
            one.old = trace.action
        if trace.event_id > self._plan.after:
            for queue in trace.queues:
                one.old_queues.setdefault(queue, trace.event_id)

    def _said(self, trace: Said) -> None:
        if trace.is_good is None:
            version, before = self._last_said.get(trace.subject, ("", None))
            if one := self.versions.get((trace.subject, version)):
                one.good = before
                one.said = ""
            return
        one = self._of(trace.subject, trace.version)
        self._last_said[trace.subject] = (trace.version, one.good)
        one.good = trace.is_good

    def _renewed(self, trace: Renewed) -> None:
        standing = self._standing.get(trace.subject)
        if standing is not None and standing.version != trace.version:
            del self._standing[trace.subject]

    def _seen(self, trace: Seen) -> None:
        one = self._standing.get(trace.subject)
        if one is None or one.spoken or not one.restrictions:
            return
        answer = effective(
            one.restrictions,
            surface=trace.surface,
            market=trace.market,
            age_band=trace.age_band,
            at_ms=at_of(trace.event_id),
            kinds=self._plan.pack.kinds,
        )
        if answer.show == "no":
            self.views[answer.reason] += trace.views
            for rule in one.fired:
                self.views_by_rule[rule] += trace.views


def by_rule(weighed: Iterable[Weighed]) -> dict[str, list[Weighed]]:
    """Group item versions by the rules that fired on them."""
    found: dict[str, list[Weighed]] = defaultdict(list)
    for one in weighed:
        for rule in one.fired:
            found[rule].append(one)
    return found


def quietly(result: SliceResult, weighed: Iterable[Weighed]) -> Counter[str]:
    """Count the versions that nobody has anything to say about, by their old action."""
    quiet = Counter({ALLOW: result.content[LIVE], NONE: result.content[IMPORTED]})
    for one in weighed:
        if one.first is None:
            quiet[ALLOW] -= one.old != NONE
        elif one.has_content:
            quiet[NONE if is_history(one.first.event_id) else ALLOW] -= 1
    return +quiet
