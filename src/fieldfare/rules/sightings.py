"""What a rule looks at: each value it compares, by the name people know it by."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from fieldfare.rules.folding import Folder
from fieldfare.rules.nodes import (
    AllOf,
    AnyOf,
    Arithmetic,
    Call,
    Compare,
    Const,
    CountOf,
    Default,
    ExperimentOf,
    FactOf,
    Field,
    InNamedList,
    LabelOf,
    Matches,
    Name,
    Node,
    Not,
    Present,
    RuleOf,
)
from fieldfare.rules.secrecy import holds_secret

MAX_SIGHTINGS: Final = 32
_MIRRORED: Final = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_PAIRS: Final = (
    ("==", "!="),
    ("<", ">="),
    (">", "<="),
    ("in", "not in"),
    ("contains", "does not contain"),
    ("matches", "does not match"),
    ("in list", "not in list"),
    ("says a word of", "says no word of"),
    ("is there", "is missing"),
    ("", "does not hold"),
)
_LIST_OPS: Final = ("in list", "says a word of")
_OPPOSITE: Final = dict(_PAIRS) | {after: before for before, after in _PAIRS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One value a rule sees: what it is called, the comparison, and what it is compared with.

    The comparison is the one that makes the condition hold: under a `not` it is the opposite.
    """

    name: str
    of: Node
    op: str = ""
    threshold: Node | str | None = None


def sightings(node: Node, folder: Folder) -> tuple[Sighting, ...]:
    """List what a condition looks at, through the names it uses; at most 32, each once."""
    found: dict[tuple[str, str, str], Sighting] = {}
    for sighting in _walk(node, folder, set()):
        sides = (sighting.of, sighting.threshold)
        if any(isinstance(side, Node) and holds_secret(side, folder) for side in sides):
            continue  # neither the value nor what it equals may be told
        found.setdefault((sighting.name, sighting.op, repr(sighting.threshold)), sighting)
        if len(found) == MAX_SIGHTINGS:
            break
    return tuple(found.values())


def _walk(  # noqa: C901, PLR0912 -- one case a node
    node: Node, folder: Folder, seen: set[tuple[str, bool]], *, opposite: bool = False
) -> Iterator[Sighting]:
    """Walk through a condition. seen: names that were gone through, and whether under a `not`."""
    match node:
        case AllOf() | AnyOf():
            for part in node.parts:
                yield from _walk(part, folder, seen, opposite=opposite)
        case Not():
            for sighting in _walk(node.of, folder, seen, opposite=not opposite):
                yield replace(sighting, op=_OPPOSITE[sighting.op])
        case RuleOf():
            yield from _walk(node.when, folder, seen, opposite=opposite)
        case Name():
            found = folder.definition(node.key)
            if isinstance(found, Field | FactOf | Call | Default | LabelOf):
                yield Sighting(name=label(node, folder), of=node)
            elif (node.key, opposite) not in seen:
                seen.add((node.key, opposite))
                yield from _walk(found, folder, seen, opposite=opposite)
        case Compare(left=left) if isinstance(_behind(left, folder), ExperimentOf):
            yield Sighting(name=label(left, folder), of=left)  # the exposure, whichever bucket
        case Compare():
            yield _comparison(node, folder)
        case Present():
            op = "is missing" if node.negate else "is there"
            yield Sighting(name=label(node.of, folder), of=node.of, op=op)
        case Matches():
            name = label(node.target, folder)
            yield Sighting(name=name, of=node.target, op="matches", threshold=node.pattern.text)
        case InNamedList():
            name = label(node.value, folder)
            yield Sighting(name=name, of=node.value, op=_LIST_OPS[node.words], threshold=node.list)
        case FactOf() | Call() | Default() | LabelOf():
            yield Sighting(name=label(node, folder), of=node)
        case _:
            return


def _behind(node: Node, folder: Folder) -> Node:
    return folder.definition(node.key) if isinstance(node, Name) else node


def _comparison(node: Compare, folder: Folder) -> Sighting:
    left, right, op = node.left, node.right, str(node.op)
    if isinstance(left, Const):
        left, right = right, left
        op = {"in": "contains", "not in": "does not contain"}.get(op, _MIRRORED.get(op, op))
    return Sighting(name=label(left, folder), of=left, op=op, threshold=right)


def label(node: Node, folder: Folder) -> str:  # noqa: PLR0911 -- one case a node
    """Name a value: a fact by the fact's name, a feature by its own, a call by how it reads."""
    match node:
        case Name():
            found = folder.definition(node.key)
            own = folder.program.definitions[node.key].name
            return found.name if isinstance(found, FactOf) else own
        case FactOf():
            return node.name
        case CountOf():
            return node.written
        case ExperimentOf():
            return node.name
        case LabelOf():
            has = "has" if node.added else "has not"
            return f"{label(node.entity, folder)} {has} the label {node.label}"
        case Call():
            inside = (label(arg, folder) for arg in node.args if not isinstance(arg, Const))
            return f"{node.function}({', '.join(inside)})"
        case Arithmetic():
            return f"{label(node.left, folder)} {node.op} {label(node.right, folder)}"
        case Default():
            return label(node.of, folder)
        case Const():
            return repr(node.value)
        case _:
            return type(node).__name__.lower()
