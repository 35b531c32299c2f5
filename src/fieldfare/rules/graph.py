"""What depends on what in a rule set: from what the event holds to the policies that follow.

In: a checked Program. Out: a Graph of nodes and edges; an edge leads the way the data flows, from a
feature to the rule that reads it, from a rule to the effect it has. Conditions of `Require` are not
drawn: they would lead from a few features to everything.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from fieldfare.kernel import NotFound, did_you_mean
from fieldfare.rules.definitions import Definition, Program, When
from fieldfare.rules.nodes import (
    Const,
    CountOf,
    EffectOf,
    FactOf,
    Field,
    InNamedList,
    LabelOf,
    ListOf,
    Name,
    Node,
    RuleOf,
    Text,
    children,
)
from fieldfare.rules.problems import Place
from fieldfare.rules.written_nodes import template_of

NodeKind: TypeAlias = Literal[
    "field", "fact", "list", "label", "feature", "counter", "rule", "effect", "policy", "outcome"
]

NODE_KINDS: Final[tuple[NodeKind, ...]] = (
    "field",
    "fact",
    "list",
    "label",
    "feature",
    "counter",
    "rule",
    "effect",
    "policy",
    "outcome",
)
"""In the order of the flow. label: one that rules ask for; outcome: one they set, or a verdict."""

_OUTCOMES: Final[Mapping[tuple[str, str], str]] = {
    ("LabelAdd", "label"): "+",
    ("LabelRemove", "label"): "-",
    ("DeclareVerdict", "verdict"): "",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphNode:
    """A node. id: unique in its graph; detail: a second line for people; file, line: where it
    stands, "" and 0 for what stands nowhere in the rule set.
    """

    id: str
    kind: NodeKind
    name: str
    detail: str = ""
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, order=True)
class GraphEdge:
    """An edge along which data flows, by the ids of its nodes."""

    source: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """Nodes in the order of kind and name, edges in order; no edge leads back (rules have no
    cycles).
    """

    nodes: tuple[GraphNode, ...]
    edges: tuple[GraphEdge, ...]

    def around(self, rule: str) -> "Graph":
        """Give what a rule rests on and what follows from it. Raises NotFound for no such rule."""
        start = f"rule:{rule}"
        if all(node.id != start for node in self.nodes):
            names = [node.name for node in self.nodes if node.kind == "rule"]
            raise NotFound(f"There is no rule {rule!r}.", hint=did_you_mean(rule, names))
        before = {(edge.target, edge.source) for edge in self.edges}
        after = {(edge.source, edge.target) for edge in self.edges}
        kept = _reached(start, before) | _reached(start, after)
        return Graph(
            nodes=tuple(node for node in self.nodes if node.id in kept),
            edges=tuple(e for e in self.edges if {e.source, e.target} <= kept),
        )


def _reached(start: str, steps: Iterable[tuple[str, str]]) -> set[str]:
    next_of: dict[str, list[str]] = {}
    for here, there in steps:
        next_of.setdefault(here, []).append(there)
    found, waiting = {start}, [start]
    while waiting:
        new = [there for there in next_of.get(waiting.pop(), ()) if there not in found]
        found.update(new)
        waiting += new
    return found


def graph_of(program: Program) -> Graph:
    """Draw up the graph of a checked rule set."""
    made = _Drawing(program)
    for definition in program.definitions.values():
        made.define(definition)
    for file in program.files.values():
        for when in file.whens:
            made.follow(when)
    order = {kind: at for at, kind in enumerate(NODE_KINDS)}
    nodes = sorted(made.nodes.values(), key=lambda n: (order[n.kind], n.name, n.id))
    return Graph(nodes=tuple(nodes), edges=tuple(sorted(made.edges)))


class _Drawing:
    def __init__(self, program: Program) -> None:
        self._program = program
        self.nodes: dict[str, GraphNode] = {}
        self.edges: set[GraphEdge] = set()

    def define(self, definition: Definition) -> None:
        """Add a name; named effects and literals are drawn where they are used."""
        if not isinstance(definition.node, EffectOf | Const):
            kind, at = self._kind(definition), self._id(definition)
            where = definition.place
            self._add(at, kind, definition.name, self._detail(definition.node), where)
            self._read(definition.node, at)

    def follow(self, when: When) -> None:
        """Add the effects of a WhenRules, each once for its place and words."""
        for effect in when.effects:
            at = f"effect:{effect.place.file}:{effect.place.line}:{effect.place.column}"
            self._add(at, "effect", effect.name, "", effect.place)
            for rule in when.rules:
                self._edge(self._id(self._program.definitions[rule.key]), at)
            for name, value in effect.args:
                sign = _OUTCOMES.get((effect.name, name))
                if name == "policy" or sign is not None:
                    self._follows("policy" if sign is None else "outcome", value, at, sign or "")
                else:
                    self._read(value, at)

    def _follows(self, kind: NodeKind, value: Node, effect: str, sign: str) -> None:
        """Add what follows from an effect, or read it where it is known only with the event."""
        found = self._resolved(value)
        if isinstance(found, Const):
            name = f"{sign}{found.value}"
            self._edge(effect, self._add(f"{kind}:{name}", kind, name))
        else:
            self._read(value, effect)

    def _read(self, node: Node, reader: str) -> None:
        """Add an edge from everything a node reads."""
        for source in self._sources(node):
            self._edge(source, reader)

    def _sources(self, node: Node) -> Iterator[str]:
        match node:
            case Name():
                definition = self._program.definitions[node.key]
                if not isinstance(definition.node, Const):
                    yield self._id(definition)
                return
            case FactOf():
                yield self._add(f"fact:{node.name}", "fact", node.name, str(node.type))
            case CountOf():
                at = f"counter:{node.counter.name}"
                self._add(at, "counter", node.written, "", node.place)
                for child in children(node):
                    self._read(child, at)
                yield at
                return
            case InNamedList():
                yield self._add(f"list:{node.list}", "list", node.list)
            case LabelOf():
                yield self._add(f"label:{node.label}", "label", node.label)
            case _:
                pass
        for child in children(node):
            yield from self._sources(child)

    def _resolved(self, node: Node) -> Node:
        while isinstance(node, Name):
            node = self._program.definitions[node.key].node
        return node

    def _kind(self, definition: Definition) -> NodeKind:
        match definition.node:
            case RuleOf():
                return "rule"
            case Field():
                return "field"
            case _:
                return "feature"

    def _detail(self, node: Node) -> str:
        match node:
            case Field():
                steps = (f".{step}" if isinstance(step, str) else f"[{step}]" for step in node.path)
                return f"${''.join(steps)}: {node.type}"
            case RuleOf():
                return template_of(node.description, self._program)
            case ListOf() | Text():
                return ""
            case _:
                return str(node.type)

    def _id(self, definition: Definition) -> str:
        return f"{self._kind(definition)}:{definition.key}"

    def _add(
        self, at: str, kind: NodeKind, name: str, detail: str = "", place: Place | None = None
    ) -> str:
        file, line = (place.file, place.line) if place else ("", 0)
        node = GraphNode(id=at, kind=kind, name=name, detail=detail, file=file, line=line)
        self.nodes.setdefault(at, node)
        return at

    def _edge(self, source: str, target: str) -> None:
        self.edges.add(GraphEdge(source, target))
