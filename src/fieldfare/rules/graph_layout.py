"""Where the nodes of a graph stand in a picture: in columns, from left to right as the data flows.

After Sugiyama, Tagawa and Toda (1981): nodes are put into layers so that no edge leads back, long
edges are cut by a bend in each layer they pass, layers are sorted by the mean place of what they
are joined with, and places are evened out. Deterministic: ties are settled by the graph's order.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from fieldfare.rules.graph import Graph, GraphNode, NodeKind

SWEEPS: Final = 12
_RANKS: Final[Mapping[NodeKind, int]] = {"effect": 2, "policy": 3, "outcome": 3, "rule": 1}
_INPUTS: Final = frozenset({"field", "fact", "list", "label"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """columns: the nodes of each layer from top to bottom, with how far down each stands, in rows.

    routes: for each edge the layers it passes and how far down, its ends included.
    """

    columns: tuple[tuple[tuple[GraphNode, float], ...], ...]
    routes: tuple[tuple[tuple[int, float], ...], ...]
    rows: float


def laid_out(graph: Graph) -> Layout:
    """Find a place for every node and edge."""
    layer = _layers(graph)
    columns: list[list[str]] = [[] for _ in range(max(layer.values(), default=-1) + 1)]
    for node in graph.nodes:
        columns[layer[node.id]].append(node.id)
    routes = []
    links: list[tuple[str, str]] = []
    for at, edge in enumerate(graph.edges):
        stops = [edge.source]
        for between in range(layer[edge.source] + 1, layer[edge.target]):
            bend = f"\0{at}:{between}"
            columns[between].append(bend)
            stops.append(bend)
        stops.append(edge.target)
        routes.append(stops)
        links += pairwise(stops)
    before, after = _neighbours(links), _neighbours((b, a) for a, b in links)
    _sort(columns, before, after)
    rows = _places(columns, before, after)
    nodes = {node.id: node for node in graph.nodes}
    placed = ([(nodes[i], rows[i]) for i in column if i in nodes] for column in columns)
    first = {stop: layer.get(stop, 0) for stops in routes for stop in stops[:1]}
    return Layout(
        columns=tuple(map(tuple, placed)),
        routes=tuple(
            tuple((first[stops[0]] + at, rows[stop]) for at, stop in enumerate(stops))
            for stops in routes
        ),
        rows=max(rows.values(), default=-1) + 1,
    )


def _neighbours(links: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """List for each end of a link the starts it is joined with."""
    found: dict[str, list[str]] = {}
    for start, end in links:
        found.setdefault(end, []).append(start)
    return found


def _layers(graph: Graph) -> dict[str, int]:
    """Give each node a layer behind all it reads; inputs, features, rules, effects, policies keep
    apart where they can.
    """
    reads = _neighbours((edge.source, edge.target) for edge in graph.edges)
    order = _flowing(graph, reads)
    layer: dict[str, int] = {}
    least = [0, 0, 0, 0]
    for rank in range(4):
        for node in order:
            behind = max((layer[i] + 1 for i in reads.get(node.id, ()) if i in layer), default=0)
            if _RANKS.get(node.kind, 0) == rank:
                is_input = node.kind in _INPUTS
                layer[node.id] = max(behind, least[rank], 0 if is_input else 1)
            elif node.id in layer:
                layer[node.id] = max(layer[node.id], behind)
        top = max((layer[n.id] for n in order if _RANKS.get(n.kind, 0) <= rank), default=-1)
        least[rank + 1 :] = [top + 1] * (3 - rank)
    return layer


def _flowing(graph: Graph, reads: Mapping[str, Sequence[str]]) -> list[GraphNode]:
    """Sort nodes so that each stands behind all it reads."""
    nodes = {node.id: node for node in graph.nodes}
    done: dict[str, None] = {}
    waiting = list(reversed(nodes))
    while waiting:
        here = waiting[-1]
        open_ = [i for i in reads.get(here, ()) if i not in done]
        if open_ and here not in done:
            waiting += reversed(open_)
        else:
            done.setdefault(here, None)
            waiting.pop()
    return [nodes[i] for i in done]


def _sort(
    columns: list[list[str]], before: Mapping[str, list[str]], after: Mapping[str, list[str]]
) -> None:
    """Sort each column by the mean place of its neighbours, to and fro."""
    for sweep in range(SWEEPS):
        forth = sweep % 2 == 0
        span = range(1, len(columns)) if forth else range(len(columns) - 2, -1, -1)
        joined = before if forth else after
        for at in span:
            other = columns[at - 1 if forth else at + 1]
            place = {name: y for y, name in enumerate(other)}
            now = {name: y for y, name in enumerate(columns[at])}

            def wanted(
                name: str, place: Mapping[str, int] = place, now: Mapping[str, int] = now
            ) -> float:
                found = [place[i] for i in joined.get(name, ()) if i in place]  # noqa: B023 -- used within this turn
                return sum(found) / len(found) if found else now[name]

            columns[at].sort(key=wanted)


def _places(
    columns: Sequence[Sequence[str]],
    before: Mapping[str, list[str]],
    after: Mapping[str, list[str]],
) -> dict[str, float]:
    """Say how far down each stands: near its neighbours, in order, a row apart, bends less."""
    rows = {name: float(y) for column in columns for y, name in enumerate(column)}
    for sweep in range(SWEEPS):
        joined = before if sweep % 2 == 0 else after
        for column in columns:
            wanted = []
            for name in column:
                near = [rows[i] for i in joined.get(name, ())]
                wanted.append(sum(near) / len(near) if near else rows[name])
            _settle(column, wanted, rows)
    least = min(rows.values(), default=0.0)
    return {name: row - least for name, row in rows.items()}


def _settle(column: Sequence[str], wanted: Sequence[float], rows: dict[str, float]) -> None:
    """Put a column where it wants to be, pushed apart: the mean of doing it down and up."""
    down, up = list(wanted), list(wanted)
    for at in range(1, len(column)):
        down[at] = max(down[at], down[at - 1] + _gap(column[at - 1], column[at]))
    for at in range(len(column) - 2, -1, -1):
        up[at] = min(up[at], up[at + 1] - _gap(column[at], column[at + 1]))
    for at, name in enumerate(column):
        rows[name] = (down[at] + up[at]) / 2


def _gap(one: str, other: str) -> float:
    is_bend = one.startswith("\0"), other.startswith("\0")
    return 0.4 if all(is_bend) else 0.7 if any(is_bend) else 1.0
