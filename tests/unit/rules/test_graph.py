"""The graph of a rule set says what depends on what, from the event's fields to the policies."""

import pytest

from fieldfare.kernel import NotFound
from fieldfare.rules import GraphEdge, load_rule_set
from fieldfare.rules.graph import Graph
from fieldfare.testing.rule_sets import a_rule_set, a_vocabulary

MAIN = (
    "Author: Entity[str] = EntityJson(type='Account', path='$.item.author')\n"
    "Caption: str = JsonData(path='$.item.tags[0]')\n"
    "AtMost: ExtractLiteral[int] = 5\n"
    "_Posts = Count(key=[Author], window='10m', where=Caption != 'thistle')\n"
    "Score = Fact('visual.nsfw.max')\n"
    "Hurry = Rule(when_all=[_Posts > AtMost], description=f'{Author} posts {_Posts}')\n"
    "Both = Rule(when_all=[Hurry, Score > 0.5, InList(list='bad_words', value=Caption)],"
    " description='both')\n"
    "Alone = Rule(when_all=[Score > 0.9], description='alone')\n"
    "Spam: ExtractLiteral[str] = 'IN.SPAM'\n"
    "WhenRules(rules_any=[Both],"
    " then=[Hold(policy=Spam), Review(policy='AD.NUDE', reason=Caption)])\n"
)


def the_graph() -> Graph:
    return a_rule_set(MAIN).graph()


def edges_of(graph: Graph) -> set[tuple[str, str]]:
    names = {node.id: node.name for node in graph.nodes}
    return {(names[edge.source], names[edge.target]) for edge in graph.edges}


def test_every_part_of_a_rule_set_has_a_node_of_its_kind() -> None:
    found = {(node.kind, node.name) for node in the_graph().nodes}

    assert found == {
        ("field", "Author"),
        ("field", "Caption"),
        ("fact", "visual.nsfw.max"),
        ("list", "bad_words"),
        ("feature", "_Posts"),
        ("feature", "Score"),
        ("counter", "Count(key=[Author], window='10m', where=Caption != 'thistle')"),
        ("rule", "Alone"),
        ("rule", "Both"),
        ("rule", "Hurry"),
        ("effect", "Hold"),
        ("effect", "Review"),
        ("policy", "AD.NUDE"),
        ("policy", "IN.SPAM"),
    }


def test_edges_lead_from_what_is_read_to_what_follows() -> None:
    edges = edges_of(the_graph())

    counter = "Count(key=[Author], window='10m', where=Caption != 'thistle')"
    assert {
        ("Author", counter),
        ("Caption", counter),
        (counter, "_Posts"),
        ("_Posts", "Hurry"),
        ("Author", "Hurry"),
        ("Hurry", "Both"),
        ("visual.nsfw.max", "Score"),
        ("Score", "Both"),
        ("bad_words", "Both"),
        ("Caption", "Both"),
        ("Both", "Hold"),
        ("Hold", "IN.SPAM"),
        ("Caption", "Review"),
        ("Review", "AD.NUDE"),
    } <= edges


def test_a_node_says_where_it_stands_and_what_it_is() -> None:
    nodes = {node.name: node for node in the_graph().nodes}

    assert (nodes["Both"].file, nodes["Both"].line, nodes["Both"].detail) == ("main.sml", 7, "both")
    assert nodes["Hurry"].detail == "{Author} posts {_Posts}"
    assert nodes["Caption"].detail == "$.item.tags[0]: str"
    assert nodes["IN.SPAM"].file == ""


def test_around_a_rule_is_what_it_rests_on_and_what_follows() -> None:
    graph = the_graph().around("Hurry")

    names = {node.name for node in graph.nodes}
    assert {"Author", "Caption", "Hurry", "Both", "Hold", "IN.SPAM", "AD.NUDE"} <= names
    assert not {"Alone", "Score", "bad_words"} & names
    assert all({edge.source, edge.target} <= {n.id for n in graph.nodes} for edge in graph.edges)


def test_there_is_nothing_around_a_rule_that_is_not_there() -> None:
    with pytest.raises(NotFound, match="Hurri") as raised:
        the_graph().around("Hurri")

    assert "Hurry" in raised.value.hint


def test_edges_are_told_once_and_in_order() -> None:
    edges = the_graph().edges

    assert list(edges) == sorted(set(edges))
    assert GraphEdge("rule:Hurry", "rule:Both") in edges


def test_labels_and_verdicts_have_nodes_on_their_side_of_the_flow() -> None:
    graph = load_rule_set(
        {
            "main.sml": "Author: Entity[str] = EntityJson(type='Account', path='$.a')\n"
            "R = Rule(when_all=[HasLabel(entity=Author, label='trusted')], description='')\n"
            "WhenRules(rules_any=[R], then=[LabelRemove(entity=Author, label='trusted'),"
            " LabelAdd(entity=Author, label='odd', expires_after=TimeDelta(days=1)),"
            " DeclareVerdict(verdict='reject')])\n",
            "config/labels.yaml": "labels:\n  trusted: {valid_for: [Account]}\n"
            "  odd: {valid_for: [Account]}\n",
        },
        vocabulary=a_vocabulary(),
    ).graph()

    assert {(n.kind, n.name) for n in graph.nodes if n.kind in {"label", "outcome"}} == {
        ("label", "trusted"),
        ("outcome", "-trusted"),
        ("outcome", "+odd"),
        ("outcome", "reject"),
    }
    joins = edges_of(graph)
    assert {("trusted", "R"), ("LabelRemove", "-trusted"), ("Author", "LabelAdd")} <= joins


def test_a_description_given_by_name_is_shown_as_what_it_stands_for() -> None:
    rules = a_rule_set(
        "Author: str = JsonData(path='$.author')\n"
        "Told = f'{Author} is here'\n"
        "R = Rule(when_all=[Author != ''], description=Told)\n"
    )

    (node,) = [node for node in rules.graph().nodes if node.kind == "rule"]

    assert node.detail == "{Author} is here"
    assert rules.rules[0].description == "{Author} is here"
