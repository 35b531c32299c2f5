"""What rules remember from event to event: the state over a stream in the order of its ids.

In flow occurrences, oldest first, each once or again right after itself; out flow the outcomes of
one or several rule sets. Live and replay both go through here, so that they agree by construction.
Every counter of every rule set that takes part counts each event exactly once, whoever asks.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from fieldfare.rules.counters import CounterStore
from fieldfare.rules.explaining import Explanation
from fieldfare.rules.label_book import EntityLabels, LabelBook
from fieldfare.rules.labels import LABEL_CHANGED, changes_in
from fieldfare.rules.outcomes import Occurrence, Outcome, RuleInput
from fieldfare.rules.rule_set import RuleSet
from fieldfare.rules.tallies import Figure

Counts = Sequence[Figure]
Labelled = tuple[Sequence[EntityLabels | None], Sequence[str]]
_NOTHING_THREW: Final[dict[str, Sequence[str]]] = {}
_NEITHER: Final[Labelled] = ((), ())


class Running:
    """The state of one organisation's rule sets. Deterministic; events come in id order.

    active: the rule sets that take part. cold: names of the counters that were taken up and know
    nothing of what came before (`warming` makes up for it).
    """

    def __init__(
        self,
        rule_sets: Iterable[RuleSet] = (),
        *,
        counters: CounterStore | None = None,
        labels: LabelBook | None = None,
    ) -> None:
        self.counters = CounterStore() if counters is None else counters
        self.labels = LabelBook() if labels is None else labels
        self.active: tuple[RuleSet, ...] = ()
        self.cold: frozenset[str] = frozenset()
        self._at = -1
        self._counts: dict[str, Counts] = {}
        self._thrown: dict[str, Sequence[str]] = {}
        self.adopt(rule_sets)

    def adopt(self, rule_sets: Iterable[RuleSet]) -> None:
        """Count for these rule sets from now on; counters they share with earlier ones go on.

        What none of them asks for is let go: should it come back, it has to count what it missed.
        """
        self.active = tuple({rules.hash: rules for rules in rule_sets}.values())
        self._at = -1
        needed = {each.name: each for rules in self.active for each in rules.needs.counters}
        self.counters.keep(needed)
        self.cold = self.cold & needed.keys() | frozenset(self.counters.adopt(needed.values()))

    def horizons(self) -> dict[str, int]:
        """Name the event kinds that are counted, and for how long back (ms) each counts."""
        longest: dict[str, int] = {}
        for rules in self.active:
            for kind in rules.event_kinds:
                for counter in rules.counters(kind):
                    longest[kind] = max(longest.get(kind, 0), counter.window_ms)
        return longest

    def count(self, event: Occurrence) -> None:
        """Take an event in without judging it; one that was just taken in changes nothing."""
        if event.event_id == self._at:
            return
        if event.kind == LABEL_CHANGED:
            self.labels.apply(changes_in(event.data), event_id=event.event_id)
        self._at = -1  # should counting fail half-way, the event is not taken for counted
        if len(self.active) == 1:
            (rules,) = self.active
            updates, thrown = rules.counter_updates(
                event.kind, event.event_id, event.data, event.facts
            )
            self._counts = {rules.hash: self.counters.bump_all(updates, event.event_id)}
            self._thrown = {rules.hash: thrown} if thrown else _NOTHING_THREW
        else:
            self._count_together(event)
        self._at = event.event_id

    def judge(
        self,
        rules: RuleSet,
        event: Occurrence,
        lists: Mapping[str, frozenset[str]],
        *,
        explained: bool = True,
    ) -> Outcome:
        """Evaluate one of the rule sets on an event, counting the event first.

        The rules see the labels that events with lower ids left; what they ask for themselves
        holds once its own event comes by. Changes that would leave nothing different are left out.
        explained: False leaves out of the reasons the values that rules saw.
        Raises KeyError for a rule set that does not take part.
        """
        self.count(event)
        labels, thrown = _NEITHER
        if rules.asks_labels or self._thrown:
            labels, thrown = self._labels(rules, event)
        outcome = rules.judge(
            event, self._counts[rules.hash], lists, labels, explained=explained, thrown=thrown
        )
        if not outcome.labels:
            return outcome
        needed = self.labels.needed(outcome.labels, as_of=event.event_id)
        return msgspec.structs.replace(outcome, labels=needed)

    def explain(
        self, rules: RuleSet, event: Occurrence, lists: Mapping[str, frozenset[str]]
    ) -> Explanation:
        """Evaluate as `judge` does, and say of every rule why."""
        self.count(event)
        return rules.explain(self._input(rules, event, lists))

    def _input(
        self, rules: RuleSet, event: Occurrence, lists: Mapping[str, frozenset[str]]
    ) -> RuleInput:
        labels, thrown = self._labels(rules, event)
        return RuleInput(
            kind=event.kind,
            event_id=event.event_id,
            subject=event.subject,
            version=event.version,
            data=event.data,
            facts=event.facts,
            counts=self._counts[rules.hash],
            lists=lists,
            labels=labels,
            thrown=thrown,
        )

    def _labels(self, rules: RuleSet, event: Occurrence) -> Labelled:
        """Look up the labels rules ask for; beside them all errors until here, counting's too."""
        thrown = self._thrown.get(rules.hash, ())
        get = self.labels.get
        asked, more = rules.label_asks(event.kind, event.event_id, event.data, event.facts)
        labels = [each and get(each, as_of=event.event_id) for each in asked]
        return labels, [*thrown, *more] if more else thrown

    def _count_together(self, event: Occurrence) -> None:
        """Count what several rule sets ask for; a counter they share is asked for once.

        Each has errors of its own: what throws in a counter they share is an error of both.
        """
        known: dict[str, Figure] = {}
        counts: dict[str, Counts] = {}
        threw: dict[str, Sequence[str]] = {}
        for rules in self.active:
            updates, thrown = rules.counter_updates(
                event.kind, event.event_id, event.data, event.facts
            )
            if thrown:
                threw[rules.hash] = thrown
            new = [update for update in updates if update.counter.name not in known]
            found = self.counters.bump_all(new, event.event_id)
            known.update(zip((u.counter.name for u in new), found, strict=True))
            counts[rules.hash] = [known[update.counter.name] for update in updates]
        self._counts, self._thrown = counts, threw
