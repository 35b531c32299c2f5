"""Pictures of what depends on what: a rule set flows in, an SVG that a page takes in flows out."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

from markupsafe import Markup

from fieldfare.kernel import TooLarge
from fieldfare.rules import RuleSet
from fieldfare.rules.graph import GraphEdge, GraphNode
from fieldfare.rules.graph_picture import svg_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A graph: its nodes and edges, and as SVG; `svg` is "" where it would be a tangle."""

    nodes: tuple[GraphNode, ...]
    edges: tuple[GraphEdge, ...]
    svg: str

    @property
    def markup(self) -> Markup:
        """The SVG, for a page; every text in it was escaped when it was drawn."""
        return Markup(self.svg)  # noqa: S704  # our own drawing


def picture_around(rule_set: RuleSet, rule: str) -> Picture:
    """Draw what a rule rests on and what follows from it. Raises NotFound for no such rule."""
    graph = rule_set.graph().around(rule)
    try:
        svg = svg_of(graph, title=f"What {rule} rests on and what follows", link=_leads_from(rule))
    except TooLarge:
        svg = ""
    return Picture(nodes=graph.nodes, edges=graph.edges, svg=svg)


def _leads_from(rule: str) -> Callable[[GraphNode], str]:
    """Say where the nodes of a picture lead; the rule that is looked at leads nowhere."""

    def leads(node: GraphNode) -> str:
        match node.kind:
            case "rule":
                return "" if node.name == rule else f"/rules/rule/{quote(node.name)}"
            case "policy":
                return f"/policies/{quote(node.name)}"
            case _:
                return f"/rules/{quote(node.file)}#L{node.line}" if node.file else ""

    return leads
