"""The picture of a graph is well-formed, flows to the right and keeps its nodes apart."""

from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldfare.kernel import TooLarge
from fieldfare.rules.graph import NODE_KINDS, Graph, GraphEdge, GraphNode
from fieldfare.rules.graph_layout import laid_out
from fieldfare.rules.graph_picture import MAX_DRAWN, dot_of, lines_of, svg_of
from fieldfare.testing.rule_sets import a_rule_set

SVG = "{http://www.w3.org/2000/svg}"


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Draw a graph without circles: edges lead from a lower number to a higher one."""
    count = draw(st.integers(0, 14))
    kinds = [draw(st.sampled_from(NODE_KINDS)) for _ in range(count)]
    nodes = tuple(
        GraphNode(id=f"n{at}", kind=kind, name=draw(st.text(max_size=40)), detail=f"{at} & <b>")
        for at, kind in enumerate(kinds)
    )
    pairs = [(a, b) for b in range(count) for a in range(b)]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=25)) if pairs else []
    return Graph(nodes=nodes, edges=tuple(GraphEdge(f"n{a}", f"n{b}") for a, b in sorted(chosen)))


@settings(max_examples=60, deadline=None)
@given(graphs())
def test_every_edge_leads_to_the_right_and_no_nodes_overlap(graph: Graph) -> None:
    layout = laid_out(graph)

    column = {node.id: at for at, nodes in enumerate(layout.columns) for node, _ in nodes}
    row = {node.id: y for nodes in layout.columns for node, y in nodes}
    assert set(column) == {node.id for node in graph.nodes}
    for edge, route in zip(graph.edges, layout.routes, strict=True):
        assert route[0] == (column[edge.source], row[edge.source])
        assert route[-1] == (column[edge.target], row[edge.target])
        assert [at for at, _ in route] == list(range(column[edge.source], column[edge.target] + 1))
        assert column[edge.source] < column[edge.target]
    for nodes in layout.columns:
        rows = [y for _, y in nodes]
        assert all(low + 0.99 <= high for low, high in pairwise(rows))
        assert all(0 <= y <= layout.rows for y in rows)


@settings(max_examples=60, deadline=None)
@given(graphs())
def test_a_picture_is_well_formed_whatever_names_hold(graph: Graph) -> None:
    root = ET.fromstring(svg_of(graph, title="a <b> & \x00", standalone=True))  # noqa: S314 -- our own picture

    assert len(root.findall(f"{SVG}g/{SVG}rect")) == len(graph.nodes)
    assert len(root.findall(f"{SVG}g/{SVG}path")) == len(graph.edges)
    assert svg_of(graph) == svg_of(graph)


def test_nodes_lead_where_they_are_told_to() -> None:
    graph = a_rule_set("R = Rule(when_all=[True], description='')").graph()

    drawn = svg_of(graph, link=lambda node: f'/rules/{node.name}?a="1"&b')

    assert 'href="/rules/R?a=&quot;1&quot;&amp;b"' in drawn
    assert "style" not in drawn


def test_a_picture_of_too_much_is_refused() -> None:
    nodes = tuple(GraphNode(id=str(at), kind="rule", name="R") for at in range(MAX_DRAWN + 1))

    with pytest.raises(TooLarge, match="too many"):
        svg_of(Graph(nodes=nodes, edges=()))


def test_a_graph_is_written_as_lines_and_as_dot() -> None:
    graph = a_rule_set(
        "T: str = JsonData(path='$.t')\nR = Rule(when_all=[T == 'a'], description='says \"a\"')"
    ).graph()

    assert list(lines_of(graph)) == [
        "field T  $.t: str  main.sml:1",
        'rule R  says "a"  main.sml:2',
        "  <- field T",
    ]
    assert '"field:T" -> "rule:R";' in dot_of(graph)
