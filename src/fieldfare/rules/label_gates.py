"""Counters behind a label: refused, since a count is rebuilt from events alone.

In: a checked program. Out: a problem at each `Require` whose condition asks for a label and which
leads to a file with a counter.
"""

from collections.abc import Iterable, Iterator

from fieldfare.rules.definitions import Program, Requirement, reachable
from fieldfare.rules.nodes import Const, CountOf, LabelOf, Name, Node, children
from fieldfare.rules.problems import ProblemList


def refuse_counters_behind_labels(program: Program, problems: ProblemList) -> None:
    """Note every Require on a label that lets a counter in."""
    counting = {file for file in program.files if _holds(_nodes(program, file), CountOf, program)}
    for file in program.files.values():
        for required in file.requires:
            condition = required.condition
            if condition is None or not _holds([condition], LabelOf, program):
                continue
            for target in _targets(required, program):
                if counting & set(reachable(target, lambda name: _next(program, name))):
                    problems.add(
                        condition.place,
                        f"{target} counts, and a counter cannot depend on a label",
                        "Take the file in always, and ask for the label in its rules.",
                    )


def _targets(required: Requirement, program: Program) -> Iterable[str]:
    """Name the files a Require may take in: any, where it is a template."""
    rule = required.rule
    if isinstance(rule, Name):
        rule = program.definitions[rule.key].node
    return [str(rule.value)] if isinstance(rule, Const) else program.files


def _next(program: Program, name: str) -> Iterable[str]:
    contents = program.files[name]
    yield from contents.imports
    for required in contents.requires:
        yield from _targets(required, program)


def _nodes(program: Program, file: str) -> Iterator[Node]:
    for definition in program.definitions.values():
        if definition.place.file == file:
            yield definition.node
    for when in program.files[file].whens:
        yield from when.effects


def _holds(nodes: Iterable[Node], kind: type[Node], program: Program) -> bool:
    waiting, seen = list(nodes), set[str]()
    while waiting:
        node = waiting.pop()
        if isinstance(node, kind):
            return True
        if isinstance(node, Name) and node.key not in seen and node.key in program.definitions:
            seen.add(node.key)
            waiting.append(program.definitions[node.key].node)
        waiting += children(node)
    return False
