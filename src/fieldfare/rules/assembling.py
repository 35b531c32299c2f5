"""Puts together the two functions of one event kind: what counts, and what fires.

The function that evaluates gives None where nothing fired and nothing threw, else (errors, hits,
deeds): a hit is a rule that fired with the values it saw, a deed a WhenRules with the arguments of
its effects; each names its plan by its place. The words made of them (`outcomes`) and whatever only
they need come after the early return, so that an event where nothing fires pays nothing for them.
"""

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from fieldfare.kernel import digest
from fieldfare.rules.ahead import ahead_of
from fieldfare.rules.asking import ASK_PARAMS, asks_of
from fieldfare.rules.code_writer import CodeWriter
from fieldfare.rules.counters import Counter, CounterUpdate
from fieldfare.rules.definitions import Program, When
from fieldfare.rules.folding import Folder, can_fire
from fieldfare.rules.kept_away import KeptAway
from fieldfare.rules.label_effects import SIDE_EFFECTS
from fieldfare.rules.lowering import Lowering, place_of
from fieldfare.rules.manifest import Semantics
from fieldfare.rules.nodes import (
    AllOf,
    AnyOf,
    Const,
    CountOf,
    EffectOf,
    ListOf,
    Name,
    Node,
    RuleOf,
    Text,
    children,
)
from fieldfare.rules.operands import Operand
from fieldfare.rules.osprey_lowering import OspreyLowering
from fieldfare.rules.plans import Captured, EffectPlan, Kind, RulePlan, SeenPlan, WhenPlan
from fieldfare.rules.repeating import repeated
from fieldfare.rules.safe_lowering import SafeLowering
from fieldfare.rules.secrecy import holds_secret
from fieldfare.rules.sightings import sightings
from fieldfare.rules.sml_types import BOOL, RULE, TIMEDELTA, plain
from fieldfare.rules.tallies import MAX_PART, short
from fieldfare.rules.times import written_delta

PARAMS: Final = "event_id, data, facts, counts, lists, labels"
_HIDDEN: Final = "(secret)"
UPDATE_PARAMS: Final = "event_id, data, facts"


class Capture:
    """The values a plan keeps for afterwards, each once."""

    def __init__(self, lowering: Lowering) -> None:
        self._lowering = lowering
        self.codes: list[str] = []

    def of(self, node: Node) -> object:
        """Give the plain value of a constant, or where the node's value is captured."""
        if isinstance(node, Const):
            return node.value
        if isinstance(node, Name):
            found = self._lowering.folder.definition(node.key)
            node = found if isinstance(found, ListOf) else node
        if isinstance(node, ListOf) and all(isinstance(item, Const) for item in node.items):
            return tuple(item.value for item in node.items if isinstance(item, Const))
        return self._captured(self._lowering.value(node))

    def shown(self, node: Node) -> object:
        """Likewise, a length of time as people read it, and nothing of a secret."""
        if holds_secret(node, self._lowering.folder):
            return _HIDDEN
        if plain(node.type) != TIMEDELTA:
            return self.of(node)
        if isinstance(node, Const) and isinstance(node.value, int):
            return written_delta(node.value)
        write = self._lowering.writer.bind(written_delta)
        of = self._lowering.operand(node)
        return self._captured(Operand(of.guards, f"{write}({of.code})").value())

    def _captured(self, code: str) -> Captured:
        if code not in self.codes:
            self.codes.append(code)
        return Captured(self.codes.index(code))

    def code(self) -> str:
        return f"({''.join(f'{code}, ' for code in self.codes)})"


class Assembler:
    """Compiles one event kind of a checked program; used once."""

    def __init__(self, program: Program, kind: str) -> None:
        self._program = program
        self._kind = kind
        self._folder = Folder(program, kind)
        self._included = self._folder.included()
        self._writer = CodeWriter()
        self._lowering_of = _LOWERINGS[program.manifest.semantics]
        self._lowering = self._lowering_of(self._folder, self._writer)

    def kind(self) -> Kind:
        """Compile both functions; rules that cannot fire for this kind are left out."""
        writer = self._writer
        writer.line("errors = []")
        referred = self._referred()
        self._lowering.repeated = repeated(self._conditions())
        fires = {key: self._fires(key, is_referred=key in referred) for key in self._alive()}
        self._return_early(fires)
        writer.line("hits = []")
        writer.line("deeds = []")
        rules = tuple(self._rule(key, at, fires[key]) for at, key in enumerate(fires))
        whens = tuple(self._when(when, at, fires) for at, when in enumerate(self._whens(fires)))
        writer.line(f"return {self._result(fires)}")
        counts = self._counts()
        update_writer, reads = self._update(counts)
        ask_writer, asking = asks_of(self._lowering)
        for lowering in (self._lowering, reads, asking):
            lowering.prefilters.finish()
        evaluate = writer.generated(PARAMS, self._kind)
        update = update_writer.generated(UPDATE_PARAMS, f"{self._kind} counters")
        asks = ask_writer.generated(ASK_PARAMS, f"{self._kind} labels")
        return Kind(
            name=self._kind,
            rules=rules,
            whens=whens,
            counters=tuple(self._counter(count) for count in counts),
            evaluate=evaluate.compiled,
            kept_away=KeptAway(evaluate, {"counts": update, "labels": asks}),
            update=update.compiled,
            asks=asks.compiled if self._lowering.asked else None,
            ahead=ahead_of(self._lowering, self._kind),
            facts=frozenset(self._lowering.facts_read | reads.facts_read | asking.facts_read),
            lists=frozenset(self._lowering.lists_read | reads.lists_read),
            python=f"{evaluate.python}\n\n{update.python}",
        )

    # -- what the function gives; tracing gives more

    def _return_early(self, fires: dict[str, str]) -> None:
        any_fires = " or ".join(fires.values()) or "False"
        self._writer.line(f"if not ({any_fires}):")
        self._writer.line("    return (errors, (), ()) if errors else None")

    def _result(self, fires: dict[str, str]) -> str:  # noqa: ARG002 -- tracing looks at them
        return "(errors, hits, deeds)"

    # -- rules

    def _alive(self) -> Iterator[str]:
        for key, definition in self._program.definitions.items():
            takes_part = definition.type == RULE and definition.place.file in self._included
            if takes_part and can_fire(self._folder.definition(key)):
                yield key

    def _conditions(self) -> Iterator[Node]:
        for key in self._alive():
            node = self._folder.definition(key)
            if isinstance(node, RuleOf):
                yield node.when

    def _referred(self) -> frozenset[str]:
        """Find the rules other expressions ask about: they need all three truth values."""
        waiting: list[Node] = [found.node for found in self._program.definitions.values()]
        for file in self._program.files.values():
            waiting += [r.condition for r in file.requires if r.condition is not None]
        found: set[str] = set()
        while waiting:
            node = waiting.pop()
            if isinstance(node, Name) and node.type == RULE:
                found.add(node.key)
            waiting += children(node)
        return frozenset(found)

    def _fires(self, key: str, *, is_referred: bool) -> str:
        """Emit a rule and give the condition under which it counts as fired."""
        node = self._folder.definition(key)
        if isinstance(node, Const):
            variable = "True"
        elif is_referred or not isinstance(node, RuleOf):
            variable = self._lowering.variable(key)
        else:
            code = self._lowering.fires(node)
            variable = self._writer.emit(code, f"rule {self._program.definitions[key].name}")
            self._lowering.set_variable(key, variable)
        gate = self._gate(self._program.definitions[key].place.file, self._lowering)
        return f"({variable} and {gate})" if gate else variable

    def _gate(self, file: str, lowering: Lowering) -> str:
        """Give the condition under which a file takes part; nothing if it always does."""
        included = self._included[file]
        if included.always:
            return ""
        gates = included.gates()
        place = gates[0][0].place
        ways = tuple(AllOf(BOOL, place, gate) for gate in gates)
        return lowering.variable_of(AnyOf(BOOL, place, ways))

    def _rule(self, key: str, at: int, fires: str) -> RulePlan:
        capture = Capture(self._lowering)
        written = self._program.definitions[key].node
        description = (
            self._folder.fold(written.description) if isinstance(written, RuleOf) else None
        )
        words: list[object] = []
        if isinstance(description, Text):
            for part in description.parts:
                words += [part if isinstance(part, str) else capture.shown(part)]
        elif description is not None:
            words.append(capture.shown(description))
        seen = self._seen(self._folder.definition(key), capture)
        plan = RulePlan(key=key, words=tuple(words), seen=seen)
        self._append("hits", at, fires, capture, f"the values rule {key} saw")
        return plan

    def _seen(self, node: Node, capture: Capture) -> tuple[SeenPlan, ...]:
        plans = []
        for sighting in sightings(node, self._folder):
            limit = sighting.threshold
            plans.append(
                SeenPlan(
                    sighting=sighting,
                    value=capture.shown(sighting.of),
                    threshold=capture.shown(limit) if isinstance(limit, Node) else limit,
                )
            )
        return tuple(plans)

    # -- effects

    def _whens(self, fires: dict[str, str]) -> list[When]:
        return [
            when
            for file in self._included
            for when in self._program.files[file].whens
            if any(rule.key in fires for rule in when.rules)
        ]

    def _when(self, when: When, at: int, fires: dict[str, str]) -> WhenPlan:
        capture = Capture(self._lowering)
        keys = list(fires)
        rules = [rule.key for rule in when.rules if rule.key in fires]
        effects = [self._effect(effect, capture) for effect in when.effects]
        condition = " or ".join(fires[key] for key in rules)
        if gate := self._gate(when.place.file, self._lowering):
            condition = f"({condition}) and {gate}"
        self._append("deeds", at, condition, capture, "the arguments of an effect")
        return WhenPlan(
            rules=tuple(keys.index(key) for key in rules),
            effects=tuple(plan for plan in effects if plan.name not in SIDE_EFFECTS),
            side=tuple(plan for plan in effects if plan.name in SIDE_EFFECTS),
        )

    def _effect(self, effect: EffectOf, capture: Capture) -> EffectPlan:
        args = {}
        for name, value in effect.args:
            folded = self._folder.fold(value)
            is_hidden = isinstance(folded, Text) and holds_secret(folded, self._folder)
            args[name] = _HIDDEN if is_hidden else capture.of(folded)
        return EffectPlan(name=effect.name, args=args)

    def _append(self, to: str, at: int, condition: str, capture: Capture, label: str) -> None:
        self._writer.line(f"if {condition}:")
        self._writer.guarded(
            [f"{to}.append(({at}, {capture.code()}))"],
            label,
            [f"{to}.append(({at}, None))"],
            depth=1,
        )

    # -- counters

    def _counts(self) -> list[CountOf]:
        """List the counters of this kind: those read, in the order of reading, then the others.

        A counter counts every event of the kinds its file takes part in, whether or not the rule
        that reads it can fire.
        """
        found = dict(self._lowering.counts)
        for node in self._nodes():
            for count in _counts_in(node):
                folded = self._folder.fold(count)
                if isinstance(folded, CountOf) and not _never(folded.where):
                    found.setdefault(folded.counter.name, folded)
        return list(found.values())

    def _nodes(self) -> Iterator[Node]:
        """Give everything the files that take part hold."""
        for definition in self._program.definitions.values():
            if definition.place.file in self._included:
                yield definition.node
        for name in self._included:
            file = self._program.files[name]
            yield from (required.condition for required in file.requires if required.condition)
            yield from (effect for when in file.whens for effect in when.effects)

    def _counter(self, count: CountOf) -> Counter:
        """Give the counter under a name that says, too, when its file is taken in."""
        gate = self._program.gates.get(count.place.file)
        if gate is None:
            return count.counter
        return msgspec.structs.replace(count.counter, name=digest([count.counter.name, gate])[:32])

    def _update(self, counts: list[CountOf]) -> tuple[CodeWriter, Lowering]:
        writer = CodeWriter()
        lowering = self._lowering_of(self._folder, writer)
        make = writer.bind(CounterUpdate)
        writer.line("errors = []")
        variables = []
        for count in counts:
            counter = writer.bind(self._counter(count))
            operands = [lowering.needed(part) for part in count.key]
            parts = zip(count.key, operands, strict=True)
            key = "".join(f"{_kept(part, of.code, writer)}, " for part, of in parts)
            guards = list(dict.fromkeys(g for operand in operands for g in operand.guards))
            keyed = f"({key}) if {' and '.join(guards)} else None" if guards else f"({key})"
            conditions = [lowering.true(count.where)] if count.where else []
            if gate := self._gate(count.place.file, lowering):
                conditions.append(gate)
            adds = " and ".join(conditions) or "True"
            value = _kept(count.of, lowering.value(count.of), writer) if count.of else "None"
            variable = writer.name()
            writer.guarded(
                [f"{variable} = {make}({counter}, {keyed}, ({adds}) is True, {value})"],
                place_of(count),
                [f"{variable} = {make}({counter}, None, False, None)"],
            )
            variables.append(variable)
        writer.line(f"return ({''.join(f'{variable}, ' for variable in variables)}), errors")
        return writer, lowering


_LOWERINGS: Final[Mapping[Semantics, type[Lowering]]] = {
    "safe": SafeLowering,
    "osprey": OspreyLowering,
}


def _counts_in(node: Node) -> Iterator[CountOf]:
    if isinstance(node, CountOf):
        yield node
    for child in children(node):
        yield from _counts_in(child)


def _kept(part: Node, code: str, writer: CodeWriter) -> str:
    """Write what is kept of a value; `short` is asked only where there is something to shorten."""
    base = plain(part.type).base
    if base in {"int", "float", "bool"}:
        return code
    call = f"{writer.bind(short)}({code})"
    if base != "str" or not code.isidentifier():
        return call
    return f"({code} if {code} is None or len({code}) <= {MAX_PART} else {call})"


def _never(where: Node | None) -> bool:
    return isinstance(where, Const) and where.value is not True
