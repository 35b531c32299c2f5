"""A graph as people look at it: an SVG picture, lines of text, or Graphviz's dot language.

The SVG rests on `currentColor` and classes (`kind-rule`, ...), so that a page that takes it in
decides on light and dark; a picture that stands alone brings both.
"""

import json
from collections.abc import Callable, Iterator
from html import escape
from typing import Final

from fieldfare.kernel import TooLarge
from fieldfare.rules.graph import Graph, GraphNode
from fieldfare.rules.graph_layout import Layout, laid_out

MAX_DRAWN: Final = 600
"""A picture of more nodes is a tangle nobody reads."""

_WIDTH, _HEIGHT, _ROW, _COLUMN, _MARGIN = 176, 34, 44, 252, 16
_NAME, _DETAIL = 25, 31
_STYLE: Final = (
    "<style>svg{color-scheme:light dark;color:light-dark(#1a1f27,#e7eaef);"
    "background:light-dark(#fff,#151920)}"
    ".kind-rule{color:light-dark(#0b6e65,#4fc3b4)}.kind-effect{color:light-dark(#b3261e,#f47b70)}"
    ".kind-policy,.kind-outcome{color:light-dark(#8a5300,#e9b04c)}.kind-counter{color:light-dark(#0a5c9e,#7cb7ff)}"
    "</style>"
)


def svg_of(
    graph: Graph,
    *,
    title: str = "What depends on what",
    link: Callable[[GraphNode], str] | None = None,
    standalone: bool = False,
) -> str:
    """Draw a graph. link: where a node leads, "" for nowhere; standalone: with its own colours.

    Raises TooLarge for more than 600 nodes.
    """
    if len(graph.nodes) > MAX_DRAWN:
        hint = "Draw what is around one rule, or take the graph as JSON or dot."
        raise TooLarge(f"{len(graph.nodes)} nodes are too many for a picture.", hint=hint)
    layout = laid_out(graph)
    width = max(1, len(layout.columns)) * _COLUMN - (_COLUMN - _WIDTH) + 2 * _MARGIN
    height = round(layout.rows * _ROW) - (_ROW - _HEIGHT) + 2 * _MARGIN if graph.nodes else 48
    role = "group" if link else "img"  # what holds links is no single picture to a reader
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="graph" role="{role}" width="{width}" '
        f'height="{height}" viewBox="0 0 {width} {height}" font-family="ui-monospace, monospace" '
        f'font-size="11"><title>{_text(title)}</title>'
    )
    parts = [
        head,
        _STYLE if standalone else "",
        '<g class="edges" fill="none" stroke="currentColor" stroke-opacity="0.35">',
        *_edges(layout),
        "</g>",
        *_nodes(layout, link),
        "</svg>",
    ]
    return "\n".join(part for part in parts if part)


def _edges(layout: Layout) -> Iterator[str]:
    for route in layout.routes:
        stops = [(_x(column), _y(row)) for column, row in route]
        x, y = stops[0]
        path = f"M{x + _WIDTH} {y}"
        before = (x + _WIDTH, y)
        for at, (x, y) in enumerate(stops[1:], 1):
            half = (before[0] + x) / 2
            path += f"C{half:g} {before[1]} {half:g} {y} {x} {y}"
            is_bend = at < len(stops) - 1
            if is_bend:
                path += f"H{x + _WIDTH}"
            before = (x + _WIDTH, y)
        yield f'<path d="{path}"/>'


def _nodes(layout: Layout, link: Callable[[GraphNode], str] | None) -> Iterator[str]:
    for at, column in enumerate(layout.columns):
        for node, row in column:
            target = link(node) if link else ""
            drawn = _node(node, _x(at), _y(row) - _HEIGHT / 2)
            yield f'<a href="{escape(target)}">{drawn}</a>' if target else drawn


def _node(node: GraphNode, x: float, y: float) -> str:
    where = f" ({node.file}:{node.line})" if node.file else ""
    said = f"{node.kind} {node.name}{where}{': ' if node.detail else ''}{node.detail}"
    detail = node.detail or node.kind
    radius = _HEIGHT / 2 if node.kind in {"field", "fact", "list", "label"} else 5
    return (
        f'<g class="node kind-{node.kind}"><title>{_text(said)}</title>'
        f'<rect x="{x}" y="{y:g}" width="{_WIDTH}" height="{_HEIGHT}" rx="{radius:g}" '
        'fill="currentColor" fill-opacity="0.07" stroke="currentColor" stroke-opacity="0.7"/>'
        f'<text x="{x + 10}" y="{y + 14:g}" fill="currentColor" font-weight="600">'
        f"{_text(_short(node.name, _NAME))}</text>"
        f'<text x="{x + 10}" y="{y + 27:g}" fill="currentColor" fill-opacity="0.75" '
        f'font-size="9">{_text(_short(detail, _DETAIL))}</text></g>'
    )


def _x(column: int) -> int:
    return _MARGIN + column * _COLUMN


def _y(row: float) -> float:
    return round(_MARGIN + _HEIGHT / 2 + row * _ROW, 1)


def _short(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _text(text: str) -> str:
    """Escape a text; what XML cannot hold is left out."""
    return escape("".join(c for c in text if c.isprintable() or c in "\n\t"))


def lines_of(graph: Graph) -> Iterator[str]:
    """Write a graph for a terminal: each node, and what it reads below it."""
    names = {node.id: f"{node.kind} {node.name}" for node in graph.nodes}
    for node in graph.nodes:
        where = f"  {node.file}:{node.line}" if node.file else ""
        detail = f"  {node.detail}" if node.detail else ""
        yield f"{names[node.id]}{detail}{where}"
        for edge in graph.edges:
            if edge.target == node.id:
                yield f"  <- {names[edge.source]}"


def dot_of(graph: Graph) -> str:
    """Write a graph in Graphviz's language."""
    shape = {"rule": "box", "effect": "cds", "policy": "note", "counter": "cylinder"}
    lines = ["digraph rules {", "  rankdir=LR;", '  node [fontname="monospace"];']
    for node in graph.nodes:
        label = json.dumps(f"{node.name}\n{node.kind}", ensure_ascii=False)
        drawn = shape.get(node.kind, "ellipse")
        lines.append(f"  {_quoted(node.id)} [label={label} shape={drawn}];")
    lines += [f"  {_quoted(edge.source)} -> {_quoted(edge.target)};" for edge in graph.edges]
    return "\n".join([*lines, "}"])


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
