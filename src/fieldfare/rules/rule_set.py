"""A rule set, checked and compiled: from source texts and a vocabulary to two pure functions."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from fieldfare.kernel import NotFound, Unknown, digest
from fieldfare.records import FactValue
from fieldfare.rules.applying import Effects
from fieldfare.rules.assembling import Assembler
from fieldfare.rules.counter_names import gates_of
from fieldfare.rules.counters import Counter, CounterUpdate
from fieldfare.rules.definitions import Definition, Program
from fieldfare.rules.explaining import Explainer, Explanation
from fieldfare.rules.graph import Graph, graph_of
from fieldfare.rules.label_book import EntityLabels
from fieldfare.rules.label_effects import DECLARE, ENTITY_TYPE
from fieldfare.rules.labels import Entity
from fieldfare.rules.manifest import Semantics
from fieldfare.rules.nodes import Const, EffectOf, Name, Node, RuleOf
from fieldfare.rules.outcomes import (
    NOTHING,
    Occurrence,
    Outcome,
    RuleInput,
    outcome_of,
    with_thrown,
)
from fieldfare.rules.plans import Kind
from fieldfare.rules.program import check, too_deep
from fieldfare.rules.tallies import Figure
from fieldfare.rules.vocabulary import Vocabulary
from fieldfare.rules.written_nodes import template_of, written_node


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleInfo:
    """A rule for people: where it stands, what it says, what follows, for which event kinds."""

    name: str
    description: str
    file: str
    line: int
    policies: tuple[str, ...]
    effects: tuple[str, ...]
    event_kinds: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What a rule set reads: facts, lists and counters the engine has to have at hand; banks it
    names.
    """

    facts: frozenset[str]
    lists: frozenset[str]
    banks: frozenset[str]
    counters: tuple[Counter, ...]


class RuleSet:
    """A compiled rule set. Immutable; both functions are pure, so replay equals live.

    declares: the words DeclareVerdict may say, None where one is made of the event.
    """

    def __init__(
        self, sources: Mapping[str, str], program: Program, vocabulary: Vocabulary
    ) -> None:
        self.sources = MappingProxyType(dict(sources))
        self.hash = digest({name: text.replace("\r\n", "\n") for name, text in sources.items()})
        self.manifest = program.manifest
        self.warnings = program.warnings
        self._effects = Effects(vocabulary)
        program = replace(program, gates=gates_of(program, vocabulary.event_kinds))
        self._explainer = Explainer(program, self.sources)
        self._program = program
        kinds = (Assembler(program, kind).kind() for kind in sorted(vocabulary.event_kinds))
        self._kinds = {kind.name: kind for kind in kinds if kind.rules or kind.counters}
        self.event_kinds = frozenset(self._kinds)
        self.asks_labels = any(kind.asks for kind in self._kinds.values())
        self.rules = _rule_infos(program, self._kinds)
        self.labels = program.manifest.labels
        self.entity_types = frozenset(
            definition.node.type.entity for definition in program.definitions.values()
        ) - {""}
        self.declares = _declared_words(program)
        self.needs = _needs(self._kinds, program.banks)

    @property
    def semantics(self) -> Semantics:
        """How a missing value behaves in these rules."""
        return self.manifest.semantics

    def counter_updates(
        self,
        kind: str,
        event_id: int,
        data: Mapping[str, Any],
        facts: Mapping[str, FactValue | Unknown],
    ) -> tuple[tuple[CounterUpdate, ...], Sequence[str]]:
        """Tell what an event does to each counter of its kind, in the order of the counts.

        Beside it the errors of what threw; a counter whose key or value threw counts nothing.
        """
        found = self._kinds.get(kind)
        return found.update(event_id, data, facts) if found else ((), ())

    def counters(self, kind: str) -> tuple[Counter, ...]:
        """List the counters of an event kind, in the order of the counts."""
        found = self._kinds.get(kind)
        return found.counters if found else ()

    def label_asks(
        self,
        kind: str,
        event_id: int,
        data: Mapping[str, Any],
        facts: Mapping[str, FactValue | Unknown],
    ) -> tuple[tuple[Entity | None, ...], Sequence[str]]:
        """Name the entities whose labels the rules ask for; None where one is Unknown.

        Beside them the errors of what threw.
        """
        found = self._kinds.get(kind)
        return found.asks(event_id, data, facts) if found and found.asks else ((), ())

    def facts(self, kind: str) -> frozenset[str]:
        """Name the facts that rules and counters of an event kind read."""
        found = self._kinds.get(kind)
        return found.facts if found else frozenset()

    def work_ahead(
        self, events: Iterable[tuple[str, int, Mapping[str, Any], Mapping[str, Any]]]
    ) -> None:
        """Answer what a batch of events will ask of functions with a column form.

        events: kind, id, data, facts of each. `judge` gives the same without; it is for replays.
        """
        kinds = {name: kind.ahead for name, kind in self._kinds.items() if kind.ahead}
        if not kinds:
            return
        for name, event_id, data, facts in events:
            if ahead := kinds.get(name):
                ahead.look(event_id, data, facts)
        for ahead in kinds.values():
            ahead.work()

    def judge(
        self,
        event: Occurrence,
        counts: Sequence[Figure],
        lists: Mapping[str, frozenset[str]],
        labels: Sequence[EntityLabels | None],
        *,
        explained: bool = True,
        thrown: Sequence[str] = (),
    ) -> Outcome:
        """Evaluate the rules on one event. Never raises for what an event holds.

        A rule that throws is Unknown, does not fire, and is named in `Outcome.errors`. counts,
        lists, labels, thrown: as in RuleInput. explained: False leaves out of the reasons the
        values that rules saw.
        """
        kind = self._kinds.get(event.kind)
        if kind is None:
            return NOTHING
        found = kind.evaluate(event.event_id, event.data, event.facts, counts, lists, labels)
        if thrown:
            found = with_thrown(found, thrown)
        if found is None:
            return NOTHING
        return outcome_of(kind, found, event, self._effects, explained=explained)

    def explain(self, event: RuleInput) -> Explanation:
        """Say of every rule whether it fired, condition by condition, with the values it saw.

        Many times slower than `judge`, which it agrees with; never on the path of a decision.
        """
        names = [rule.name for rule in self.rules]
        kind = self._kinds.get(event.kind)
        if kind is None:
            return self._explainer.nothing(event.kind, names)
        counters = [counter.name for counter in kind.counters]
        asked, _ = self.label_asks(event.kind, event.event_id, event.data, event.facts)
        labels = dict(zip(asked, event.labels, strict=True))
        outcome = self.judge(event, event.counts, event.lists, event.labels, thrown=event.thrown)
        return self._explainer.explain(
            event, outcome, counters=counters, rules=names, labels=labels
        )

    def graph(self) -> Graph:
        """Draw up what depends on what; `rules.graph_picture` draws it."""
        return graph_of(self._program)

    def python_of(self, kind: str) -> str:
        """Show the Python an event kind was compiled to. Raises NotFound if nothing was."""
        if kind not in self._kinds:
            raise NotFound(f"No rule runs on {kind!r}.")
        return self._kinds[kind].python


def load_rule_set(
    sources: Mapping[str, str], *, vocabulary: Vocabulary, semantics: Semantics | None = None
) -> RuleSet:
    """Check and compile source texts, by file name; the entry is `main.sml`.

    semantics: what holds where the manifest, `ruleset.yaml`, says nothing of it; else `safe`.
    Raises RuleSetDoesNotCompile with every problem found, BadInput without an entry.
    """
    return compiled(sources, check(sources, vocabulary, semantics=semantics), vocabulary)


def compiled(sources: Mapping[str, str], program: Program, vocabulary: Vocabulary) -> RuleSet:
    """Compile a program that was checked. Raises RuleSetDoesNotCompile for one that is too deep."""
    try:
        return RuleSet(sources, program, vocabulary)
    except RecursionError as e:
        raise too_deep() from e


def _needs(kinds: Mapping[str, Kind], banks: frozenset[str]) -> Needs:
    counters = {c.name: c for kind in kinds.values() for c in kind.counters}
    return Needs(
        facts=frozenset(name for kind in kinds.values() for name in kind.facts),
        lists=frozenset(name for kind in kinds.values() for name in kind.lists),
        banks=banks,
        counters=tuple(counters[name] for name in sorted(counters)),
    )


def _declared_words(program: Program) -> frozenset[str] | None:
    """Give every word DeclareVerdict may say; None where one is made of the event."""
    effects = [e for file in program.files.values() for when in file.whens for e in when.effects]
    words = [dict(effect.args)["verdict"] for effect in effects if effect.name == DECLARE]
    told = [_meant(word, program) for word in words]
    if not all(isinstance(word, Const) for word in told):
        return None
    return frozenset(str(word.value) for word in told if isinstance(word, Const))


def _meant(node: Node, program: Program) -> Node:
    while isinstance(node, Name):
        node = program.definitions[node.key].node
    return node


def _rule_infos(program: Program, kinds: Mapping[str, Kind]) -> tuple[RuleInfo, ...]:
    effects: defaultdict[str, list[EffectOf]] = defaultdict(list)
    for file in program.files.values():
        for when in file.whens:
            for key in {rule.key: None for rule in when.rules}:
                effects[key] += when.effects
    return tuple(
        _rule_info(definition, definition.node, effects[key], program, kinds)
        for key, definition in program.definitions.items()
        if isinstance(definition.node, RuleOf)
    )


def _rule_info(
    definition: Definition,
    rule: RuleOf,
    effects: list[EffectOf],
    program: Program,
    kinds: Mapping[str, Kind],
) -> RuleInfo:
    names = [dict(effect.args).get("policy") for effect in effects]
    policies = [written_node(name, program) for name in names if name is not None]
    return RuleInfo(
        name=definition.name,
        description=template_of(rule.description, program),
        file=definition.place.file,
        line=definition.place.line,
        policies=tuple(dict.fromkeys(policies)),
        effects=tuple(_effect_text(effect, program) for effect in effects),
        event_kinds=frozenset(
            kind.name
            for kind in kinds.values()
            if any(plan.key == definition.key for plan in kind.rules)
        ),
    )


def _effect_text(effect: EffectOf, program: Program) -> str:
    args = (
        f"{name}={written_node(value, program)}"
        for name, value in effect.args
        if name != ENTITY_TYPE
    )
    return f"{effect.name}({', '.join(args)})"
