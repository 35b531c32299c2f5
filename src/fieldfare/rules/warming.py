"""Warming: counting past events for counters that have not counted them yet.

In flow the events of the log, oldest first; out flows a store whose counters stand where they would
stand had they counted all along. It is filled apart from what is running and then taken over whole.
"""

from collections.abc import Iterable, Sequence

from fieldfare.rules.counters import CounterStore
from fieldfare.rules.outcomes import Occurrence
from fieldfare.rules.rule_set import RuleSet
from fieldfare.rules.running import Running


class Warming:
    """Counts some of the counters of rule sets, by name.

    counters: what they hold so far, up to the event `applied_to`.
    """

    def __init__(
        self,
        rule_sets: Sequence[RuleSet],
        names: Iterable[str],
        counters: CounterStore,
        *,
        applied_to: int | None = None,
    ) -> None:
        self.counters = counters
        self.applied_to = applied_to
        self._rule_sets = rule_sets
        self.names = frozenset(names)

    def starts(self, position: int) -> dict[str, int]:
        """Name the kinds it counts, each with the id after which events still count at `position`.

        What comes after `position` asks for nothing older.
        """
        found: dict[str, int] = {}
        for rules in self._rule_sets:
            for kind in rules.event_kinds:
                for counter in rules.counters(kind):
                    if counter.name in self.names:
                        start = max(0, counter.start(position), self.applied_to or 0)
                        found[kind] = min(found.get(kind, start), start)
        return found

    def count(self, event: Occurrence) -> None:
        """Count an event, unless it was counted already."""
        if self.applied_to is not None and event.event_id <= self.applied_to:
            return
        counted: set[str] = set()
        for rules in self._rule_sets:
            # What throws was told when the event was judged.
            updates, _ = rules.counter_updates(event.kind, event.event_id, event.data, event.facts)
            for update in updates:
                name = update.counter.name
                if name in self.names and name not in counted:
                    counted.add(name)
                    self.counters.bump(update, event.event_id)


def warming_of(running: Running) -> Warming:
    """Begin to count what is cold in what is running; `take_over` ends it."""
    store = CounterStore(max_keys=running.counters.max_keys)
    return Warming(running.active, running.cold, store)


def take_over(running: Running, warmed: Warming) -> None:
    """Go on from where warming came to: what is running has counted nothing after that."""
    running.counters.absorb(warmed.counters)
    running.cold -= warmed.names
