"""Values of a checked rule set written for people, before any event is there to fill them in.

In: a node and the program it is of. Out: text in which what only an event can tell stands by its
name, in braces: `The same comment by {_Accounts} accounts`.
"""

from fieldfare.rules.definitions import Program
from fieldfare.rules.nodes import Const, FactOf, ListOf, Name, Node, Text


def written_node(node: Node, program: Program) -> str:
    """Write an argument: a literal as itself, a name as {name}, what has no name as {...}."""
    match node:
        case Const():
            return str(node.value)
        case ListOf():
            return f"[{', '.join(written_node(item, program) for item in node.items)}]"
        case Name():
            return f"{{{program.definitions[node.key].name}}}"
        case FactOf():
            return f"{{{node.name}}}"
        case Text():
            return template_of(node, program)
        case _:
            return "{...}"


def template_of(node: Node, program: Program) -> str:
    """Write a text as its template; a name that stands for a text is followed to it."""
    meant = node
    while isinstance(meant, Name):
        meant = program.definitions[meant.key].node
    if isinstance(meant, Text):
        parts = (p if isinstance(p, str) else written_node(p, program) for p in meant.parts)
        return "".join(parts)
    return written_node(meant if isinstance(meant, Const) else node, program)
