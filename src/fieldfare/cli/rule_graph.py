"""`fieldfare rules graph`: what depends on what in a folder of rules."""

from dataclasses import asdict
from pathlib import Path
from typing import Literal

from fieldfare.cli.printing import print_json, print_line
from fieldfare.cli.rule_checking import compiled
from fieldfare.cli.rule_footing import Footing


def print_graph(
    folder: Path, by: Footing, *, rule: str | None, form: Literal["text", "dot", "json", "svg"]
) -> None:
    """Print the graph of a folder of rules, or what is around one rule."""
    from fieldfare.rules.graph_picture import dot_of, lines_of, svg_of

    graph = compiled(folder, by).graph()
    if rule is not None:
        graph = graph.around(rule)
    match form:
        case "json":
            print_json(asdict(graph))
        case "dot":
            print_line(dot_of(graph))
        case "svg":
            title = f"{folder.name}: {rule}" if rule else folder.name
            print_line(svg_of(graph, title=title, standalone=True))
        case "text":
            for line in lines_of(graph):
                print_line(line)
